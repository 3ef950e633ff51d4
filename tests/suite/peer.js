'use strict';

// What the sections share: sockets to the test server, and what they see and what it has seen.

/** What a connection that failed shows, and all that it may show. */
const FAILURE = ['error', 'close 1006 "" unclean'];

let lastId = 0;

/** A number of the test's own, for the server to keep something by. */
function unique_id() {
  lastId += 1;
  return `${SUITE.host}-${lastId}`;
}

/** The address of a path of the test server. */
function address(path) {
  return `${SUITE.server}${path}`;
}

/** A path of the test server that sends these bytes in one piece with its handshake. */
function frames(hex, more = '') {
  return `/frames?hex=${hex.replaceAll(' ', '')}${more}`;
}

/** Two hexadecimal digits for each byte. */
function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Connects to a path of the test server for as long as the test takes. */
function connect(t, path, ...protocols) {
  return open_socket(t, address(path), ...protocols);
}

function open_socket(t, ...parameters) {
  const socket = new WebSocket(...parameters);
  t.add_cleanup(() => give_up(socket));
  return socket;
}

/** Browsers hold new connections back while many are under way, so one that was never open is waited for. */
function give_up(socket) {
  const { readyState } = socket;
  socket.close();
  return readyState === WebSocket.CONNECTING ? next(socket, 'close') : undefined;
}

/** Connects, and waits until the socket is open. */
async function connected(t, path, ...protocols) {
  const socket = connect(t, path, ...protocols);
  await next(socket, 'open');
  return socket;
}

/** The next event of a type; the end of the connection is no answer to waiting for another. */
function next(socket, type) {
  return handled(new Promise((resolve, reject) => {
    const done = (settle, value) => {
      socket.removeEventListener(type, arrived);
      socket.removeEventListener('close', closed);
      settle(value);
    };
    const arrived = (event) => done(resolve, event);
    const closed = ({ code }) => done(reject, new Error(`close ${code} came before ${type}`));
    socket.addEventListener(type, arrived);
    if (type !== 'close') socket.addEventListener('close', closed);
  }));
}

/** A promise that may be rejected when nobody waits for it any more, such as a test that has failed elsewhere. */
function handled(promise) {
  promise.catch(() => {});
  return promise;
}

/** The data of the next messages. */
function messages(socket, count) {
  const received = [];
  return handled(new Promise((resolve, reject) => {
    const done = (settle, value) => {
      socket.removeEventListener('message', arrived);
      socket.removeEventListener('close', closed);
      settle(value);
    };
    const arrived = ({ data }) => {
      received.push(data);
      if (received.length === count) done(resolve, received);
    };
    const closed = ({ code }) => done(reject, new Error(`close ${code} came after ${received.length} messages`));
    socket.addEventListener('message', arrived);
    socket.addEventListener('close', closed);
  }));
}

function message(socket) {
  return handled(messages(socket, 1).then(([data]) => data));
}

/** Sends, and gives what comes back. */
function echoed(socket, data) {
  const echo = message(socket);
  socket.send(data);
  return echo;
}

/** All events of a socket in words, once it is closed. */
function story(socket) {
  const told = [];
  return new Promise((resolve) => {
    socket.addEventListener('open', () => told.push('open'));
    socket.addEventListener('message', ({ data }) => told.push(`message ${typeof data === 'string' ? data : 'binary'}`));
    socket.addEventListener('error', () => told.push('error'));
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      told.push(`close ${code} ${JSON.stringify(reason)} ${wasClean ? 'clean' : 'unclean'}`);
      resolve(told);
    });
  });
}

/** The events of a connection to a path, up to its end. */
function story_of(t, path, ...protocols) {
  return story(connect(t, path, ...protocols));
}

/** Waits until whatever was under way at the server and in the event loop has been heard of. */
async function settle(t) {
  await echoed(await connected(t, '/echo'), 'settled');
  await task();
}

/** A task of the event loop. */
function task() {
  return new Promise((resolve) => { setTimeout(resolve, 0); });
}

/** What the server says of a connection, by its id, once that has ended. */
async function reported(t, id) {
  return message(connect(t, `/reported?id=${id}`));
}

/** The head of the request for a path, as the server received it: { line, get(name), all(name) }. */
async function request(t, path, ...protocols) {
  const head = await message(connect(t, path, ...protocols));
  const [line, ...rest] = head.split('\r\n').filter((text) => text !== '');
  const headers = rest.map((text) => {
    const colon = text.indexOf(':');
    return [text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trim()];
  });
  const all = (name) => headers.filter(([other]) => other === name.toLowerCase()).map(([, value]) => value);
  return { line, all, get: (name) => all(name)[0] };
}

/** The bytes of a received ArrayBuffer or Blob. */
async function bytes_of(data) {
  const buffer = data instanceof Blob ? await data.arrayBuffer() : data;
  return Array.from(new Uint8Array(buffer));
}

/** Takes an ArrayBuffer's memory away from it. */
function detach(buffer) {
  if (typeof buffer.transfer === 'function') buffer.transfer();
  else structuredClone(buffer, { transfer: [buffer] });
  assert_equals(buffer.byteLength, 0, 'the buffer is detached');
}
