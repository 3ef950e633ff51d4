import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load, world } from './world.mjs';

const { queueMicrotask } = await load('microtask');

test('runs the callbacks in order, among those of promises', async () => {
  const calls = [];
  queueMicrotask(function (...parameters) {
    calls.push('first', this, parameters);
  });
  Promise.resolve().then(() => calls.push('promise'));
  queueMicrotask(() => calls.push('last'));
  assert.deepEqual(calls, []);
  await null;
  assert.deepEqual(calls, ['first', undefined, [], 'promise', 'last']);
});

test('an exception is reported', async () => {
  queueMicrotask(() => {
    throw new Error('what');
  });
  await null;
  assert.match(world.errors[0], /^Uncaught Error: what/);
});

test('refuses what is no function', () => {
  assert.throws(() => queueMicrotask(), TypeError);
  assert.throws(() => queueMicrotask({}), TypeError);
  assert.deepEqual([queueMicrotask.name, queueMicrotask.length], ['queueMicrotask', 1]);
});
