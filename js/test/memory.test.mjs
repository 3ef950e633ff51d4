// What connections that are idle keep of the engine's memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';

/** The memory of every module that is made from here on. */
const memories = [];
WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
  construct(target, parameters) {
    const instance = new target(...parameters);
    memories.push(instance.exports.memory);
    return instance;
  },
});
const { bytesOf, longFrame, socketOver } = await import('./network.mjs');
const { text } = await import('./peer.mjs');

const MEBIBYTE = 1 << 20;

/** Opens sockets, each of which gets the same bytes in chunks of this size, and this many messages; they stay open. */
async function idleSockets(count, bytes, size, messages) {
  const sockets = [];
  while (sockets.length < count) {
    const socket = socketOver(() => {}, async (events) => {
      for (let place = 0; place < bytes.length; place += size) {
        await new Promise(setImmediate);
        events.received(bytes.subarray(place, place + size));
      }
    });
    await new Promise((resolve) => {
      let left = messages;
      socket.onmessage = () => {
        left -= 1;
        if (left === 0) resolve();
      };
    });
    sockets.push(socket);
  }
  // One more turn, for what a connection does behind its last message.
  await new Promise(setImmediate);
  return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
}

// What one case has taken is there for the next: those that take less come first.
for (const [name, bytes, messages] of [
  ['a long binary message behind a short one', Buffer.concat([text('a'), longFrame(0x82, bytesOf(MEBIBYTE, 1))]), 2],
  ['long text', longFrame(0x81, Buffer.alloc(8 * MEBIBYTE, 'a')), 1],
]) {
  test(`nothing of ${name}`, async () => {
    const one = await idleSockets(1, bytes, 262_144, messages);
    const grown = await idleSockets(50, bytes, 262_144, messages) - one;
    assert.ok(grown < 4 * MEBIBYTE, `${grown} bytes more with 50 connections`);
  });
}
