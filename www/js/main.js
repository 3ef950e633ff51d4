// The page: what the user does becomes calls on a connection, what the connection fires becomes rows of the log.

import { Echoes } from './echoes.js';
import { acceptDrops } from './drop.js';
import { formatBytes, formatCount, utf8Length } from './format.js';
import { IMPLEMENTATIONS } from './implementations.js';
import { Log } from './log.js';
import { Message } from './message.js';

const STATES = ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'];
const OPEN = 1;
const LONGEST_REASON = 123;
const REFRESH_MILLISECONDS = 100;

const page = new Proxy({}, { get: (_, id) => document.getElementById(id) });
const log = new Log({
  scroller: page.scroller,
  list: page.log,
  empty: page.empty,
  latest: page.latest,
  dropped: page.dropped,
  pause: page.pause,
  waiting: page.waiting,
  said: page.said,
});
const echoes = new Echoes();
const counts = { sent: { messages: 0, bytes: 0 }, received: { messages: 0, bytes: 0 } };

/** The socket the page shows, until the next one takes its place. */
let connection;
/** Between the click and the socket: the WebAssembly module may have to be loaded first. */
let isStarting = false;

page.url.value ||= `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/echo`;
page.connection.addEventListener('submit', onSubmit(connectOrDisconnect));
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
setInterval(refresh, REFRESH_MILLISECONDS);
show();

/** Whether there is a connection that can be closed. For the end of one that is being closed nobody has to wait. */
function isLive() {
  return connection !== undefined && connection.readyState <= OPEN;
}

function connectOrDisconnect() {
  if (!isLive()) connect();
  // Enter in one of the fields connects, and does not disconnect.
  else if (!document.activeElement.readOnly) disconnect();
}

async function connect() {
  if (isStarting) return;
  isStarting = true;
  complain('connection');
  const { name, connect: start } = IMPLEMENTATIONS[chosen('implementation')];
  const listed = page.protocols.value.trim();
  const protocols = listed === '' ? [] : listed.split(',').map((protocol) => protocol.trim());
  try {
    const next = await start(page.url.value, protocols, listener(() => connection === next));
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

/** What a connection reports, as long as it is the one that the page shows. */
function listener(isShown) {
  const reports = {
    open() {
      const { protocol, extensions } = connection;
      const details = [protocol && `protocol ${protocol}`, extensions && `extensions ${extensions}`].filter(Boolean);
      log.add({ kind: 'open', title: 'open', preview: details.join(', ') });
      show();
    },
    message(data) {
      const entry = logMessage('received', data);
      echoes.match(data).then((hash) => hash && entry.equal(hash));
    },
    error() {
      log.add({ kind: 'error', title: 'error', preview: 'The connection failed. No page may know why.' });
      show();
    },
    close(code, reason, wasClean) {
      const details = [`code ${code}`, reason && `reason “${reason}”`, wasClean ? 'clean' : 'not clean'];
      const preview = details.filter(Boolean).join(', ');
      log.add({ kind: 'close', title: 'close', preview });
      show();
      page.end.textContent = preview;
    },
  };
  const whileShown = ([name, report]) => [name, (...parameters) => isShown() && report(...parameters)];
  return Object.fromEntries(Object.entries(reports).map(whileShown));
}

function disconnect() {
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
    logMessage('sent', data, readyState === OPEN ? undefined : `Thrown away: the socket is ${STATES[readyState]}.`);
    if (readyState === OPEN) echoes.remember(data);
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

/** Counts a message and gives it a row, with how it begins unless there is more to say of it. */
function logMessage(direction, data, note) {
  const message = new Message(data);
  counts[direction].messages += 1;
  counts[direction].bytes += message.size;
  return log.add({ kind: direction, direction, title: message.title, message, preview: note });
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
    page.end.textContent = '';
  }
  // The texts keep the focus, for who has pressed Enter in one of them.
  page.implementation.disabled = page.url.readOnly = page.protocols.readOnly = isLive();
  page.toggle.textContent = isLive() ? 'Disconnect' : 'Connect';
  page.toggle.classList.toggle('primary', !isLive());
  for (const button of [page['send-text'], page['send-file'], page.close]) button.disabled = connection === undefined;
  showAttributes();
}

/** Shows what changes without an event of its own, or too often to be shown each time. */
function refresh() {
  showCounts();
  showAttributes();
}

function showAttributes() {
  if (!connection) return;
  const { bufferedAmount } = connection;
  showText('protocol', connection.protocol || '–');
  showText('extensions', connection.extensions || '–');
  showText('buffered', formatBytes(bufferedAmount));
  page.buffered.dataset.bytes = bufferedAmount;
  // A socket becomes CLOSING without an event.
  if (page.state.dataset.state !== STATES[connection.readyState]) show();
}

function showCounts() {
  for (const direction of ['sent', 'received']) {
    showText(`${direction}-count`, formatCount(counts[direction].messages));
    showText(`${direction}-bytes`, formatBytes(counts[direction].bytes));
  }
}

/** What is the same stays, and with it what the user has selected there. */
function showText(id, text) {
  if (page[id].textContent !== text) page[id].textContent = text;
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
