import assert from 'node:assert/strict';
import { test } from 'node:test';

import { takeTurn } from '../src/turn.js';

test('one at a time and in order', () => {
  const log = [];
  const [first, second, third] = ['a', 'b', 'c'].map((name) => takeTurn('place', () => log.push(name)));
  assert.deepEqual(log, ['a']);
  first();
  first();
  assert.deepEqual(log, ['a', 'b']);
  second();
  third();
  assert.deepEqual(log, ['a', 'b', 'c']);
});

test('who leaves the row is passed over', () => {
  const log = [];
  const [first, second] = ['a', 'b', 'c'].map((name) => takeTurn('place', () => log.push(name)));
  second();
  first();
  assert.deepEqual(log, ['a', 'c']);
});

test('places do not wait for each other', () => {
  const log = [];
  takeTurn('one', () => log.push('one'))();
  const leave = takeTurn('two', () => log.push('two'));
  takeTurn('one', () => log.push('one again'))();
  leave();
  assert.deepEqual(log, ['one', 'two', 'one again']);
});
