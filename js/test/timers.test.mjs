import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { WebSocket } from 'isosocket/engine';

import { serve, switching, text } from './peer.mjs';

/** Puts timers in place that do nothing, until the test ends. */
function stopTimers(t) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate', 'Date'] });
  t.mock.method(globalThis, 'queueMicrotask', () => {});
  t.mock.method(performance, 'now', () => 0);
}

/** The next messages of a socket. */
async function messagesOf(socket, count) {
  const messages = [];
  while (messages.length < count) messages.push((await once(socket, 'message'))[0].data);
  return messages;
}

/** A server that says two things in one chunk, and everything back. */
const serveEcho = (t) => serve(t, (socket, request) => {
  socket.write(Buffer.concat([Buffer.from(switching(request)), text('1'), text('2')]));
  socket.on('data', () => socket.write(Buffer.concat([text('3'), text('4')])));
});

test('a socket that is made while a test has its timers in place works', { timeout: 10_000 }, async (t) => {
  const url = await serveEcho(t);
  stopTimers(t);
  const socket = new WebSocket(url);
  await once(socket, 'open');
  assert.deepEqual(await messagesOf(socket, 2), ['1', '2']);
});

test('a socket goes on when a test puts its timers in place, and takes them away', { timeout: 10_000 }, async (t) => {
  const url = await serveEcho(t);
  const socket = new WebSocket(url);
  assert.deepEqual(await messagesOf(socket, 2), ['1', '2']);
  stopTimers(t);
  socket.send('x');
  assert.deepEqual(await messagesOf(socket, 2), ['3', '4']);
  t.mock.reset();
  t.mock.timers.reset();
  socket.send('y');
  assert.deepEqual(await messagesOf(socket, 2), ['3', '4']);
});
