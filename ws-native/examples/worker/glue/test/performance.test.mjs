import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, world } from './world.mjs';

const { Performance, performance } = await load('performance');
const { EventTarget } = await load('event-target');

test("gives the host's time", () => {
  world.time = 1.25;
  assert.equal(performance.now(), 1.25);
  assert.equal(performance.timeOrigin, 1_700_000_000_000.5);
  assert.equal(JSON.stringify(performance), '{"timeOrigin":1700000000000.5}');
});

test('is an event target of a class that a script cannot construct', () => {
  assert.ok(performance instanceof EventTarget);
  assert.throws(() => new Performance(), TypeError);
  checkInterface(assert, Performance, performance, { length: 0, lengths: {} });
});
