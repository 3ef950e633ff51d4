// A program that keeps its event loop from turning.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { Worker } from 'node:worker_threads';

import { WebSocket } from 'isosocket/engine';

import { LIMIT } from './peer.mjs';

test('an answer to a Close frame that came in time counts, however late the program looks', async (t) => {
  const server = new Worker(new URL('./late-peer.mjs', import.meta.url));
  t.after(() => server.terminate());
  const [{ port, answered }] = await once(server, 'message');
  const closeTimeout = 1000;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { closeTimeout });
  await once(socket, 'open');
  const closed = once(socket, 'close');
  socket.close(1000);
  await once(server, 'message');
  // Until the answer has come, and the time for it is over.
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
  assert.notEqual(Atomics.wait(answered, 0, 1, LIMIT), 'timed-out');
  assert.equal(Atomics.wait(answered, 0, 2, closeTimeout), 'timed-out');
  const [{ code, wasClean }] = await closed;
  assert.deepEqual([code, wasClean], [1000, true]);
});
