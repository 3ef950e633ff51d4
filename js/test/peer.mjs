// A scripted peer: a TCP server that says what a test tells it to, byte for byte.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';

/** How long anything in these tests may take. */
export const LIMIT = 10_000;

/**
 * Starts a server on a free port of the loopback interface; `script(socket, request)` is run for each connection once
 * the request's head has been read. It is closed, with its connections, when the test `t` ends.
 */
export async function serve(t, script) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    readHead(socket).then((request) => script(socket, request), () => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return `ws://127.0.0.1:${server.address().port}/`;
}

/** Reads a request: its first line, and its headers by their names in lower case. */
export async function readHead(socket) {
  const head = (await readUntil(socket, (bytes) => bytes.includes('\r\n\r\n'))).toString('latin1');
  const [requestLine, ...lines] = head.split('\r\n\r\n')[0].split('\r\n');
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  return { requestLine, headers };
}

/** Reads from a socket until what came so far is `enough`. */
export async function readUntil(socket, enough) {
  let bytes = Buffer.alloc(0);
  while (!enough(bytes)) {
    const chunk = socket.read();
    if (chunk !== null) bytes = Buffer.concat([bytes, chunk]);
    else if (socket.readableEnded) assert.fail('the connection has ended');
    else await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
  return bytes;
}

export const readBytes = (socket, count) => readUntil(socket, (bytes) => bytes.length >= count);

/** The answer that establishes a connection. */
export function switching(request, ...lines) {
  const key = request.headers.get('sec-websocket-key');
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return [
    'HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`,
    ...lines, '', '',
  ].join('\r\n');
}

/** A frame from the server, of less than 126 bytes; its first byte is FIN and opcode. */
export const frame = (first, payload = '') => Buffer.concat([Buffer.from([first, Buffer.byteLength(payload)]), Buffer.from(payload)]);

export const text = (payload) => frame(0x81, payload);

/** A Close frame with a code, or without a body. */
export function close(code, reason = '') {
  if (code === undefined) return frame(0x88);
  return frame(0x88, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));
}

/** Reads one masked frame of less than 126 bytes, as a client sends it. */
export async function readFrame(socket) {
  const head = await readBytes(socket, 6).then((bytes) => {
    socket.unshift(bytes);
    return bytes;
  });
  assert.ok(head[1] & 0x80, 'a client masks its frames');
  const length = head[1] & 0x7f;
  assert.ok(length < 126);
  const bytes = await readBytes(socket, 6 + length);
  if (bytes.length > 6 + length) socket.unshift(bytes.subarray(6 + length));
  const payload = bytes.subarray(6, 6 + length).map((byte, index) => byte ^ head[2 + (index % 4)]);
  return { first: bytes[0], payload };
}

/** Collects all events of a WebSocket, as short strings, until it is closed. */
export function eventsOf(socket) {
  return new Promise((resolve, reject) => {
    const log = [];
    const timer = setTimeout(() => reject(new Error(`no close event; so far: ${log.join(', ')}`)), LIMIT);
    socket.addEventListener('open', () => log.push('open'));
    socket.addEventListener('message', ({ data }) => log.push(typeof data === 'string' ? `message ${data}` : 'message'));
    socket.addEventListener('error', () => log.push(`error ${socket.readyState}`));
    socket.addEventListener('close', ({ code, reason, wasClean }) => {
      clearTimeout(timer);
      log.push(`close ${code} '${reason}' ${wasClean}`);
      resolve(log);
    });
  });
}

/** Runs a program in a Node of its own, which must end by itself and well, and gives what it prints. */
export async function run(program, { cwd = import.meta.dirname, env = process.env } = {}) {
  const parameters = ['--input-type=module', '--eval', program];
  const child = spawn(process.execPath, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill(), LIMIT);
  let output = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  const [status, signal] = await once(child, 'close');
  clearTimeout(timer);
  assert.equal(signal ?? status, 0);
  return output;
}
