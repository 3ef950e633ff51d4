// What becomes of connections when the engine's memory is used up by what comes for them.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { leave, stackPointers } from './memories.mjs';
import { interfacesOver, longHeader } from './network.mjs';
import { text } from './peer.mjs';

const MEBIBYTE = 1 << 20;

/** The stream of the connection that was opened last. */
let stream;
const { WebSocket, failure } = interfacesOver(() => {}, (events) => { stream = events; });

/** A socket, which may be closed, and its stream. */
async function open() {
  const socket = new WebSocket('ws://host.test/');
  await new Promise((resolve) => { socket.onopen = socket.onclose = resolve; });
  return { socket, stream };
}

const USED_UP = /used up its memory/;

const first = await open();
const [{ value: top }] = stackPointers;

test('by a long text, that connection fails, whatever its program does, and the others go on', async () => {
  const closed = [];
  const opened = [];
  while (opened.length < 12) opened.push(await open());
  for (const { socket } of opened) {
    socket.onerror = () => closed.push('error');
    socket.onclose = ({ code, reason, wasClean }) => closed.push(`close ${socket.readyState} ${code} '${reason}' ${wasClean}`);
  }
  leave(100 * 16);
  const chunk = Buffer.alloc(MEBIBYTE, 'a');
  // All but the end of it: each has to be kept.
  for (const { stream: events } of opened) events.received(longHeader(0x81, 60 * MEBIBYTE));
  for (let sent = 0; sent < 59; sent += 1) {
    for (const { stream: events } of opened) events.received(chunk);
  }
  for (const { socket } of opened) {
    const { readyState } = socket;
    socket.send('x');
    socket.send(new Uint8Array(100_000));
    // That changes in a task.
    assert.deepEqual([socket.readyState, socket.bufferedAmount], [readyState, 100_001]);
  }
  assert.equal(stackPointers[0].value, top);
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
  const failed = opened.filter(({ socket }) => socket.readyState === WebSocket.CLOSED);
  assert.ok(failed.length > 0);
  assert.deepEqual(closed, failed.flatMap(() => ['error', "close 3 1006 '' false"]));
  for (const { socket, stream: events } of failed) {
    assert.match(failure(socket), USED_UP);
    events.received(chunk);
    events.ended();
    socket.send('x');
    socket.close();
    assert.deepEqual([socket.extensions, socket.protocol], ['', '']);
  }
  await new Promise(setImmediate);
  assert.equal(closed.length, 2 * failed.length);
  const came = new Promise((resolve) => { first.socket.onmessage = resolve; });
  first.stream.received(text('a'));
  assert.equal((await came).data, 'a');
});

test('no new ones are opened, and none is taken from those that are', async () => {
  for (let number = 0; number < 500; number += 1) {
    const { socket } = await open();
    assert.equal(socket.readyState, WebSocket.CLOSED);
    assert.match(failure(socket), USED_UP);
  }
  const came = new Promise((resolve) => { first.socket.onmessage = resolve; });
  first.stream.received(text('b'));
  assert.equal((await came).data, 'b');
});
