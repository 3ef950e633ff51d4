// The page: what the user does becomes calls on a connection, what the connection fires becomes rows of the log.

import { Echoes } from './echoes.js';
import { acceptDrops } from './drop.js';
import { formatBytes, formatCount, previewBytes, previewText, sizeOf, utf8Length } from './format.js';
import { IMPLEMENTATIONS } from './implementations.js';
import { Log } from './log.js';

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];
const OPEN = 1;
const CLOSED = 3;
const LONGEST_REASON = 123;
const REFRESH_MILLISECONDS = 100;

const page = new Proxy({}, { get: (_, id) => document.getElementById(id) });
const log = new Log({
  scroller: page.scroller,
  list: page.log,
  empty: page.empty,
  latest: page.latest,
  dropped: page.dropped,
});
const echoes = new Echoes();
const counts = { sent: { messages: 0, bytes: 0 }, received: { messages: 0, bytes: 0 } };

/** The socket the page shows, until the next one takes its place. */
let connection;
/** Between the click and the socket: the WebAssembly module may have to be loaded first. */
let isStarting = false;

page.url.value ||= `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/echo`;
page.connection.addEventListener('submit', onSubmit(() => (isLive() ? disconnect() : connect())));
page['text-form'].addEventListener('submit', onSubmit(() => send(page.text.value)));
page['file-form'].addEventListener('submit', onSubmit(() => sendFile(page.file.files[0])));
page['close-form'].addEventListener('submit', onSubmit(closeWithArguments));
page.text.addEventListener('keydown', sendOnEnter);
page.reason.addEventListener('input', showReasonSize);
page.clear.addEventListener('click', clear);
for (const input of document.getElementsByName('binary-type')) {
  input.addEventListener('change', () => connection?.setBinaryType(input.value));
}
acceptDrops(page.drop, page.file, sendFile);
setInterval(showAttributes, REFRESH_MILLISECONDS);
show();

function isLive() {
  return connection !== undefined && connection.readyState !== CLOSED;
}

async function connect() {
  if (isStarting) return;
  isStarting = true;
  complain('connection');
  const { name, connect: start } = IMPLEMENTATIONS[chosen('implementation')];
  const listed = page.protocols.value.trim();
  const protocols = listed === '' ? [] : listed.split(',').map((protocol) => protocol.trim());
  try {
    const next = await start(page.url.value, protocols, listener());
    connection?.free();
    connection = next;
    connection.setBinaryType(chosen('binary-type'));
    echoes.forget();
    log.restartClock();
    log.add({ kind: 'connect', title: 'connect', preview: `${name} to ${connection.url}` });
  } catch (error) {
    complain('connection', error);
  } finally {
    isStarting = false;
    show();
  }
}

/** What a connection reports. */
function listener() {
  return {
    open() {
      const { protocol, extensions } = connection;
      const details = [protocol && `protocol ${protocol}`, extensions && `extensions ${extensions}`].filter(Boolean);
      log.add({ kind: 'open', title: 'open', preview: details.join(', ') });
      show();
    },
    message(data) {
      const { entry } = logMessage('received', data);
      echoes.match(data).then((hash) => hash && entry.equal(hash));
    },
    error() {
      log.add({ kind: 'error', title: 'error', preview: 'The connection failed. No page may know why.' });
      show();
    },
    close(code, reason, wasClean) {
      const details = [`code ${code}`, reason && `reason “${reason}”`, wasClean ? 'clean' : 'not clean'];
      log.add({ kind: 'close', title: 'close', preview: details.filter(Boolean).join(', ') });
      show();
    },
  };
}

function disconnect() {
  // The button stays where it is during the closing handshake, and does nothing.
  if (connection.readyState > OPEN) return;
  log.add({ kind: 'closing', title: 'close()' });
  connection.close();
  show();
}

function closeWithArguments() {
  const code = page.code.value.trim();
  if (!/^\d{0,5}$/.test(code) || Number(code) > 65535) {
    complain('close', { name: 'Not a code', message: 'A code is a whole number from 0 to 65535.' });
    return;
  }
  const reason = page.reason.value;
  const given = [code === '' ? undefined : Number(code), reason === '' ? undefined : reason];
  attempt('close', () => {
    connection.close(...given);
    const shown = given.map((value) => (value === undefined ? 'undefined' : JSON.stringify(value))).join(', ');
    log.add({ kind: 'closing', title: 'close()', preview: code === '' && reason === '' ? '' : `close(${shown})` });
  });
}

function send(data) {
  attempt('send', () => {
    if (typeof data === 'string') connection.sendText(data);
    else if (data instanceof Blob) connection.sendBlob(data);
    else connection.sendBytes(data);
    const { readyState } = connection;
    const { entry, previewed } = logMessage('sent', data);
    if (readyState === OPEN) echoes.remember(data);
    else previewed.then(() => entry.preview(`Thrown away: the socket is ${STATES[readyState]}.`));
  });
}

async function sendFile(file) {
  if (!file) {
    complain('send', { name: 'No file', message: 'Choose a file first.' });
    return;
  }
  if (chosen('file-as') === 'blob') {
    send(file);
    return;
  }
  const asked = connection;
  try {
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (connection !== asked) throw new DOMException('There is another connection now: send the file again.', 'Not sent');
    send(bytes);
  } catch (error) {
    complain('send', error);
  }
}

/** Counts a message and gives it a row, whose preview follows if its bytes have to be read first. */
function logMessage(direction, data) {
  const size = sizeOf(data);
  counts[direction].messages += 1;
  counts[direction].bytes += size;
  showCounts();
  if (typeof data === 'string') {
    const entry = log.add({ kind: direction, direction, title: 'text', size, preview: previewText(data) });
    return { entry, previewed: Promise.resolve() };
  }
  const title = data instanceof Blob ? 'Blob' : 'bytes';
  const entry = log.add({ kind: direction, direction, title, size });
  const previewed = previewBytes(data).then(entry.preview, () => entry.preview('It cannot be read.'));
  return { entry, previewed };
}

/** Does what the standard may refuse, and shows its refusal. */
function attempt(where, action) {
  complain(where);
  if (!connection) {
    complain(where, { name: 'Not connected', message: 'Connect first.' });
    return;
  }
  try {
    action();
  } catch (error) {
    complain(where, error);
  }
  show();
}

/** Shows what is wrong beside the fields it is about; without an error, that nothing is. */
function complain(where, error) {
  const place = page[`${where}-error`];
  place.textContent = error ? `${error.name}: ${error.message}` : '';
  for (const input of document.querySelectorAll(`[aria-describedby~="${place.id}"]`)) {
    if (error) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }
}

function show() {
  const state = connection ? STATES[connection.readyState] : undefined;
  if (page.state.dataset.state !== (state ?? 'none')) {
    page.state.textContent = state ?? 'not connected';
    page.state.dataset.state = state ?? 'none';
  }
  page.settings.disabled = isLive();
  page.toggle.textContent = isLive() ? 'Disconnect' : 'Connect';
  page.toggle.classList.toggle('primary', !isLive());
  if (state === 'CLOSING') page.toggle.setAttribute('aria-disabled', 'true');
  else page.toggle.removeAttribute('aria-disabled');
  for (const button of [page['send-text'], page['send-file'], page.close]) button.disabled = connection === undefined;
  showAttributes();
}

function showAttributes() {
  if (!connection) return;
  const { bufferedAmount } = connection;
  const texts = {
    protocol: connection.protocol || '–',
    extensions: connection.extensions || '–',
    buffered: formatBytes(bufferedAmount),
  };
  // What is the same stays, and with it what the user has selected there.
  for (const [name, text] of Object.entries(texts)) {
    if (page[name].textContent !== text) page[name].textContent = text;
  }
  page.buffered.dataset.bytes = bufferedAmount;
  // A socket becomes CLOSING without an event.
  if (page.state.dataset.state !== STATES[connection.readyState]) show();
}

function showCounts() {
  for (const direction of ['sent', 'received']) {
    page[`${direction}-count`].textContent = formatCount(counts[direction].messages);
    page[`${direction}-bytes`].textContent = formatBytes(counts[direction].bytes);
  }
}

function showReasonSize() {
  const size = utf8Length(page.reason.value);
  page['reason-size'].textContent = `${size} of ${LONGEST_REASON} bytes`;
  page['reason-size'].classList.toggle('over', size > LONGEST_REASON);
}

function clear() {
  for (const count of Object.values(counts)) Object.assign(count, { messages: 0, bytes: 0 });
  showCounts();
  log.clear();
}

function sendOnEnter(event) {
  // While a text is being composed, Enter is the input method's.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  send(page.text.value);
}

function chosen(name) {
  return document.querySelector(`input[name="${name}"]:checked`).value;
}

function onSubmit(action) {
  return (event) => {
    event.preventDefault();
    action();
  };
}
