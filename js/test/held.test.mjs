// Messages that a WebSocketStream holds back because nobody reads them, and what happens meanwhile.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';

import { streamThatHoldsBack, WAYS } from './holding.mjs';
import { close } from './peer.mjs';

/** More than a network on one machine takes without a reader, in bytes. */
const LONG = 32 << 20;

for (const [name, send] of Object.entries(WAYS)) {
  describe(`held back, ${name}`, () => {
    test('close() lets a peer go on that waits to be read', async (t) => {
      const { stream, writer, peer, connections } = await streamThatHoldsBack(t, send);
      // The network takes nothing from here as long as the peer does not read, which it does once it has written.
      const { write } = net.Socket.prototype;
      const stopped = [];
      const writes = t.mock.method(net.Socket.prototype, 'write', function written(...parameters) {
        if (connections.has(this)) return write.apply(this, parameters);
        stopped.push(() => write.apply(this, parameters));
        return false;
      });
      const writing = writer.write('late');
      await new Promise(setImmediate);
      assert.equal(stopped.length, 1);
      stream.close();
      const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
      header.writeUInt32BE(LONG, 6);
      peer.write(header);
      await new Promise((resolve) => { peer.write(Buffer.alloc(LONG), resolve); });
      writes.mock.restore();
      for (const goOn of stopped) goOn();
      // A message, and a Close frame without a body.
      let left = 6 + 'late'.length + 6;
      peer.on('data', (chunk) => {
        left -= chunk.length;
        if (left === 0) peer.end(close(1000, 'done'));
      });
      peer.resume();
      assert.deepEqual(await stream.closed, { closeCode: 1000, reason: 'done' });
      await writing;
    });

    test('one that breaks behind the end of the peer ends, and loses nothing that came', async (t) => {
      const { stream, writer, readable, socket, peer } = await streamThatHoldsBack(t, send);
      await new Promise((resolve) => { peer.end(resolve); });
      // The end may come though no more was asked for.
      socket.resume();
      await once(socket, 'end');
      const writing = writer.write(new Uint8Array(LONG));
      peer.resetAndDestroy();
      await assert.rejects(writing, { name: 'InvalidStateError' });
      const reader = readable.getReader();
      assert.deepEqual(await reader.read(), { done: false, value: 'first' });
      assert.deepEqual(await reader.read(), { done: false, value: 'second' });
      await stream.closed.then(assert.fail, (error) => assert.equal(error.closeCode, 1006));
    });

    test('a connection that fails on this side ends', async (t) => {
      const { stream, writer, readable } = await streamThatHoldsBack(t, send);
      // More than may wait.
      const writing = writer.write(new Uint8Array((256 << 20) + 1));
      await assert.rejects(stream.closed, { name: 'WebSocketError', closeCode: 1006 });
      await assert.rejects(writing);
      // What has come is read before.
      const reader = readable.getReader();
      assert.equal((await reader.read()).done, false);
      await assert.rejects(async () => { while (!(await reader.read()).done); }, { name: 'WebSocketError' });
    });
  });
}
