// What connections that are idle keep of the engine's memory.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { leave, memories } from './memories.mjs';

/** The sizes of all Blobs that were read. */
const read = [];
const readAll = Blob.prototype.arrayBuffer;
Blob.prototype.arrayBuffer = function arrayBuffer() {
  read.push(this.size);
  return readAll.call(this);
};
const { bytesOf, interfacesOver, longFrame, socketOver } = await import('./network.mjs');
const { frame, text } = await import('./peer.mjs');

const MEBIBYTE = 1 << 20;

/** A message of 1000 bytes, compressed, and the header that agrees to that. */
const COMPRESSED = longFrame(0xc2, deflateRawSync(bytesOf(1000, 1), { finishFlush: 2 }).subarray(0, -4));
const DEFLATE = ['Sec-WebSocket-Extensions: permessage-deflate'];

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
  const bytes = Buffer.concat([COMPRESSED, frame(0x88, Buffer.from([0x03, 0xe8]))]);
  const kept = [];
  const closeSockets = async (count) => {
    for (let number = 0; number < count; number += 1) {
      const socket = socketOver(() => {}, (events) => {
        events.received(bytes);
        setImmediate(events.ended);
      }, { headers: DEFLATE });
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

// What one message is compressed with is there for the next, of whichever connection.
test('next to nothing of a connection whose messages refer to none before them', async () => {
  const [ours, theirs] = ['client_no_context_takeover', 'server_no_context_takeover'];
  const { WebSocket: Socket } = interfacesOver(() => {}, (events) => events.received(COMPRESSED), {
    headers: [`${DEFLATE}; ${ours}; ${theirs}`],
  });
  const perMessageDeflate = { clientNoContextTakeover: true, serverNoContextTakeover: true };
  const open = [];
  const openSockets = async (count) => {
    while (open.length < count) {
      const socket = new Socket('ws://host.test/', { perMessageDeflate });
      await new Promise((resolve) => { socket.onmessage = resolve; });
      socket.send(bytesOf(1000, 2));
      await new Promise(setImmediate);
      open.push(socket);
    }
    return inUse();
  };
  const few = await openSockets(10);
  const grown = await openSockets(300) - few;
  assert.ok(grown < 4 * MEBIBYTE, `${grown} bytes more with 290 connections`);
  assert.ok(open.every(({ readyState }) => readyState === Socket.OPEN));
});

for (const [kind, message, length] of [
  ['bytes', new Uint8Array(48 * MEBIBYTE), 48 * MEBIBYTE],
  ['a text', '\u00e9'.repeat(24 * MEBIBYTE), 48 * MEBIBYTE],
  ['a Blob', new Blob([new Uint8Array(3 * MEBIBYTE)]), 3 * MEBIBYTE],
]) {
  test(`nothing of ${kind} for which there is no room, or that comes too late: it is counted alone`, async () => {
    const { WebSocket: Socket, failure: failureOf } = interfacesOver(() => {});
    const open = async (options) => {
      const socket = new Socket('ws://host.test/', options);
      await new Promise((resolve) => { socket.onopen = resolve; });
      return socket;
    };
    const full = await open({ maxSendQueue: MEBIBYTE });
    const late = await open({ closeTimeout: 1 });
    late.close();
    const before = inUse();
    full.send(message);
    late.send(message);
    assert.deepEqual([full.bufferedAmount, late.bufferedAmount], [length, length]);
    const { code } = await new Promise((resolve) => { full.onclose = resolve; });
    assert.deepEqual([code, failureOf(full)], [1006, 'more than 1048576 bytes wait to be transmitted (maxSendQueue)']);
    assert.deepEqual([inUse() - before, read], [0, []]);
  });
}

const { WebSocket, failure } = interfacesOver(() => {}, (events) => events.received(COMPRESSED), { headers: DEFLATE });

/** A socket that gets a compressed message, and then sends one. It may be closed. */
async function openCompressing() {
  const socket = new WebSocket('ws://host.test/');
  await new Promise((resolve) => { socket.onmessage = socket.onclose = resolve; });
  socket.send(bytesOf(1000, 2));
  await new Promise(setImmediate);
  return socket;
}

test('it grows in few steps, however many connections make it grow', async () => {
  const before = inUse();
  const buffers = new Set();
  const open = [];
  while (open.length < 200) {
    open.push(await openCompressing());
    for (const { buffer } of memories) buffers.add(buffer);
  }
  const grown = inUse() / before;
  assert.ok(grown > 2, `${grown} times as much: too little to tell`);
  // By an eighth at the least, each time.
  const most = 2 + Math.log(grown) / Math.log(9 / 8);
  assert.ok(buffers.size <= most, `${buffers.size} steps to ${grown} times as much, of ${most}`);
});

// Behind it there is no memory left for others.
test('where there is no more of it, the connection that needs more fails, and the others go on', async () => {
  const first = await openCompressing();
  leave(16);
  const open = [];
  let last;
  do {
    last = await openCompressing();
    open.push(last);
  } while (last.readyState === WebSocket.OPEN && open.length < 1000);
  const usedUp = 'the transport failed: the engine has used up its memory: it has 4 GiB for a thread';
  assert.equal(failure(last), usedUp);
  first.send(bytesOf(1000, 3));
  await new Promise(setImmediate);
  assert.equal(first.readyState, WebSocket.OPEN);
  // There may be some memory that others gave back; but what is kept for those that are open is not used up by new ones.
  for (let number = 0; number < 500; number += 1) {
    last = await openCompressing();
    open.push(last);
    if (last.readyState !== WebSocket.OPEN) assert.deepEqual([last.readyState, failure(last)], [WebSocket.CLOSED, usedUp]);
  }
  assert.equal(last.readyState, WebSocket.CLOSED);
  first.send(bytesOf(1000, 4));
  await new Promise(setImmediate);
  assert.equal(first.readyState, WebSocket.OPEN);
});
