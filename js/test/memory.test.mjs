// What connections that are idle keep of the engine's memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

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
const { frame, text } = await import('./peer.mjs');

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
  return inUse();
}

function inUse() {
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

test('nothing of a connection that has compressed and is closed, though the program keeps its socket', async () => {
  const compressed = deflateRawSync(bytesOf(1000, 1), { finishFlush: 2 }).subarray(0, -4);
  const bytes = Buffer.concat([longFrame(0xc2, compressed), frame(0x88, Buffer.from([0x03, 0xe8]))]);
  const headers = ['Sec-WebSocket-Extensions: permessage-deflate'];
  const kept = [];
  const closeSockets = async (count) => {
    for (let number = 0; number < count; number += 1) {
      const socket = socketOver(() => {}, (events) => {
        events.received(bytes);
        setImmediate(events.ended);
      }, { headers });
      kept.push(socket);
      socket.onmessage = () => socket.send(bytesOf(1000, 2));
      const { code, wasClean } = await new Promise((resolve) => { socket.onclose = resolve; });
      assert.deepEqual([code, wasClean, socket.extensions], [1000, true, 'permessage-deflate']);
    }
    return inUse();
  };
  const few = await closeSockets(5);
  const grown = await closeSockets(50) - few;
  assert.ok(grown < 4 * MEBIBYTE, `${grown} bytes more with 50 connections`);
  assert.equal(kept.length, 55);
});
