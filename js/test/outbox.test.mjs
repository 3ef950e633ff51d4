// What waits for a connection.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Outbox } from '../src/reconnecting/outbox.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

const MEBIBYTE = 1 << 20;

test('messages come out in the order they were put in, whatever is put in between', () => {
  const outbox = new Outbox({ maxEnqueuedMessages: 100, maxEnqueuedBytes: 1000 });
  const taken = [];
  for (let number = 0; number < 100; number += 2) {
    outbox.put(`${number}`);
    outbox.put(`${number + 1}`);
    taken.push(outbox.take());
  }
  assert.equal(outbox.bytes, 100);
  assert.equal(outbox.nextSize, 2);
  while (!outbox.isEmpty) taken.push(outbox.take());
  assert.deepEqual(taken, Array.from({ length: 100 }, (_, number) => `${number}`));
  assert.equal(outbox.bytes, 0);
});

test('what the program changes later stays as it was, whatever realm it is of', () => {
  const outbox = new Outbox({ maxEnqueuedMessages: 2, maxEnqueuedBytes: 2 });
  for (const bytes of [new Uint8Array([1]), runInNewContext('new Uint8Array([1])')]) {
    outbox.put(bytes);
    bytes[0] = 2;
    assert.deepEqual([...outbox.take()], [1]);
  }
});

test('nothing is kept of what was taken out, also if it is never empty', () => {
  const outbox = new Outbox({ maxEnqueuedMessages: 2, maxEnqueuedBytes: 2 });
  outbox.put('a');
  collect();
  const before = process.memoryUsage().heapUsed;
  for (let count = 0; count < 1_000_000; count += 1) {
    outbox.put('b');
    outbox.take();
  }
  collect();
  const grown = process.memoryUsage().heapUsed - before;
  assert.ok(grown < MEBIBYTE, `${grown} bytes`);
  assert.equal(outbox.bytes, 1);
});
