import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { load, world } from './world.mjs';

const timers = await load('timers');
const { clearInterval, clearTimeout, runAfter, setInterval, setTimeout, timer } = timers;

beforeEach(() => {
  for (const id of [...world.timers.keys()]) clearTimeout(id);
  world.timers.clear();
  world.errors.length = 0;
});

/** The host's part: the time of a timer has passed. */
function pass(id) {
  assert.ok(world.timers.delete(id), `timer ${id} is running`);
  timer(id);
}

test('calls the handler once, on the global object, with the arguments', () => {
  const calls = [];
  const id = setTimeout(function (...parameters) {
    calls.push([this === globalThis, parameters]);
  }, 10, 'a', 2);
  assert.ok(Number.isInteger(id) && id > 0);
  assert.equal(world.timers.get(id), 10);
  assert.equal(world.awaited.has(id), true);
  pass(id);
  timer(id);
  assert.deepEqual(calls, [[true, ['a', 2]]]);
});

test('an interval starts again under its id, unless it is cleared, also by itself', () => {
  let calls = 0;
  const id = setInterval(() => {
    calls += 1;
    if (calls === 3) clearInterval(id);
  }, 10);
  for (let round = 0; round < 3; round += 1) pass(id);
  assert.equal(world.timers.has(id), false);
  assert.equal(calls, 3);
});

test('a timer that is cleared does not run, whichever function clears it', () => {
  const fail = () => assert.fail('cleared');
  const ids = [setTimeout(fail, 1), setInterval(fail, 1)];
  clearInterval(ids[0]);
  clearTimeout(`${ids[1]}`);
  clearTimeout();
  clearTimeout(undefined);
  clearTimeout(-1);
  clearTimeout({});
  assert.equal(world.timers.size, 0);
  for (const id of ids) timer(id);
});

test('the time is a long and at least 0', () => {
  const times = [undefined, NaN, -5, '7', 1.9, 2 ** 32 + 3, Infinity, null, 2 ** 31];
  assert.deepEqual(times.map((time) => world.timers.get(setTimeout(() => {}, time))), [0, 0, 0, 7, 1, 3, 0, 0, 0]);
});

test('timers that set each other wait for 4 ms from the sixth level on', () => {
  const times = [];
  const next = () => {
    const id = setTimeout(next, 1);
    times.push(world.timers.get(id));
    return id;
  };
  let id = next();
  for (let level = 1; level < 8; level += 1) {
    pass(id);
    id = [...world.timers.keys()].at(-1);
  }
  assert.deepEqual(times, [1, 1, 1, 1, 1, 1, 4, 4]);
  assert.equal(world.timers.get(setTimeout(() => {}, 1)), 1);
});

test('an interval is slowed down likewise', () => {
  const id = setInterval(() => {}, 0);
  const times = [world.timers.get(id)];
  for (let round = 0; round < 7; round += 1) {
    pass(id);
    times.push(world.timers.get(id));
  }
  assert.deepEqual(times, [0, 0, 0, 0, 0, 0, 4, 4]);
});

test('an exception is reported, and the interval goes on', () => {
  const id = setInterval(() => {
    throw new Error('what');
  }, 10);
  pass(id);
  assert.match(world.errors[0], /^Uncaught Error: what/);
  assert.ok(world.timers.has(id));
});

test('refuses a handler that is no function', () => {
  assert.throws(() => setTimeout('code'), TypeError);
  assert.throws(() => setInterval(), TypeError);
  assert.equal(world.timers.size, 0);
});

test("the program's own timers are neither waited for nor to be cleared by a script", () => {
  const calls = [];
  runAfter(5, () => calls.push('called'));
  const [id] = world.timers.keys();
  assert.equal(world.awaited.has(id), false);
  clearTimeout(id);
  pass(id);
  assert.deepEqual(calls, ['called']);
});

test('functions have the names and lengths that Web IDL gives them', () => {
  for (const [name, length] of [['setTimeout', 1], ['setInterval', 1], ['clearTimeout', 0], ['clearInterval', 0]]) {
    assert.deepEqual([timers[name].name, timers[name].length], [name, length]);
  }
});
