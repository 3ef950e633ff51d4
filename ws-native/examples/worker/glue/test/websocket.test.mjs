// The class of the npm package over the worker's events.

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { load } from './world.mjs';

const { Blob } = await load('blob');
const { DOMException } = await load('dom-exception');
const { Event } = await load('event');
const { EventTarget, listenerCount } = await load('event-target');
const { CloseEvent, MessageEvent } = await load('events');
const { URL } = await load('url');
Object.assign(globalThis, { Blob, DOMException, URL });
const { defineWebSocket } = await load('websocket');

let connection;
let feedback;
const { WebSocket } = defineWebSocket((url, init, given) => {
  feedback = given;
  connection = {
    url, init, readyState: 0, binaryType: 'blob', sent: [],
    sendText: (text) => connection.sent.push(text),
    sendBlob: (blob) => connection.sent.push(blob),
    close() {
      throw Object.assign(new Error('no such code'), { name: 'InvalidAccessError' });
    },
  };
  return connection;
});

let socket;
beforeEach(() => {
  socket = new WebSocket('http://example.com/a', 'chat');
});

test('is constructed, and throws, with our classes', () => {
  assert.ok(socket instanceof EventTarget);
  assert.equal(Object.getPrototypeOf(WebSocket), EventTarget);
  assert.ok(connection.url instanceof URL);
  assert.equal(socket.url, 'ws://example.com/a');
  assert.deepEqual(connection.init.protocols, ['chat']);
  for (const url of ['ftp://h', 'ws://h/#', 'nothing']) {
    assert.throws(() => new WebSocket(url), (error) => error instanceof DOMException && error.name === 'SyntaxError');
  }
  assert.throws(() => socket.close(1), (error) => error instanceof DOMException && error.code === DOMException.INVALID_ACCESS_ERR);
});

test('its events are trusted, of our classes, and reach the handlers in their places', () => {
  const seen = [];
  const see = (event) => seen.push([event.constructor, event.type, event.isTrusted, event.target === socket]);
  socket.addEventListener('message', (event) => seen.push(event.data));
  socket.onopen = see;
  socket.onmessage = see;
  socket.onerror = see;
  socket.onclose = see;
  feedback.opened();
  feedback.received('text');
  feedback.closed({ failed: true, code: 1006, reason: '', wasClean: false });
  assert.deepEqual(seen, [
    [Event, 'open', true, true], 'text', [MessageEvent, 'message', true, true], [Event, 'error', true, true],
    [CloseEvent, 'close', true, true],
  ]);
});

test('a handler counts as a listener', () => {
  assert.equal(listenerCount(socket, 'message'), 0);
  socket.onmessage = () => {};
  assert.equal(listenerCount(socket, 'message'), 1);
  socket.onmessage = null;
  assert.equal(listenerCount(socket, 'message'), 0);
});

test('sends a Blob of ours as one', () => {
  const blob = new Blob(['a']);
  socket.send(blob);
  socket.send('text');
  assert.deepEqual(connection.sent, [blob, 'text']);
});
