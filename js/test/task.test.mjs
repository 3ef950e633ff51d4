import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TaskSource } from '../src/task.js';
import { run } from './peer.mjs';

/** A task source over a list of functions, which only says that some are left, and a promise for its idleness. */
function sourceOver(tasks) {
  let idle;
  const untilIdle = new Promise((resolve) => { idle = resolve; });
  const runNext = () => {
    const task = tasks.shift();
    task?.();
    return Math.min(tasks.length, 1);
  };
  return { source: new TaskSource(runNext, idle), untilIdle };
}

test('the first task runs at once, the others in tasks of their own', async () => {
  const log = [];
  const { source, untilIdle } = sourceOver(['a', 'b', 'c'].map((name) => () => log.push(name)));
  source.run();
  assert.deepEqual(log, ['a']);
  assert.ok(source.busy);
  await untilIdle;
  assert.deepEqual(log, ['a', 'b', 'c']);
  assert.ok(!source.busy);
});

test('microtasks run between two tasks, however deep they are nested', async () => {
  const log = [];
  const nested = (name, depth) => queueMicrotask(() => {
    log.push(`${name}${depth}`);
    if (depth > 0) nested(name, depth - 1);
  });
  const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => () => nested(name, 2));
  const { source, untilIdle } = sourceOver(tasks);
  source.run();
  await untilIdle;
  assert.deepEqual(log, ['a', 'b', 'c', 'd', 'e'].flatMap((name) => [2, 1, 0].map((depth) => name + depth)));
});

test('what comes later never overtakes what is deferred', async () => {
  const log = [];
  const tasks = [];
  const { source, untilIdle } = sourceOver(tasks);
  for (let chunk = 0; chunk < 5; chunk += 1) {
    for (let index = 0; index < 3; index += 1) tasks.push(() => log.push(3 * chunk + index));
    source.run();
  }
  assert.deepEqual(log, [0]);
  await untilIdle;
  assert.deepEqual(log, Array.from({ length: 15 }, (_, index) => index));
});

test('a host that calls back twice in one task still gives microtasks their turn', async () => {
  const log = [];
  const task = (name) => () => queueMicrotask(() => log.push(name));
  const tasks = [task('a')];
  const { source, untilIdle } = sourceOver(tasks);
  source.run();
  tasks.push(() => log.push('b'));
  source.run();
  assert.deepEqual(log, []);
  await untilIdle;
  assert.deepEqual(log, ['a', 'b']);
  tasks.push(() => log.push('c'));
  source.run();
  assert.deepEqual(log, ['a', 'b', 'c']);
});

test('a task that wakes the source runs what it added afterwards', async () => {
  const log = [];
  const tasks = [() => {
    log.push('first');
    tasks.push(() => log.push('second'));
    source.wake();
    log.push('still first');
  }];
  const { source, untilIdle } = sourceOver(tasks);
  source.wake();
  assert.deepEqual(log, []);
  await untilIdle;
  assert.deepEqual(log, ['first', 'still first', 'second']);
});

test('a task that throws keeps no other from its turn', async () => {
  const output = await run(`
    import { TaskSource } from '../src/task.js';
    const tasks = ['in run', 'deferred', 'next in run', 'next'];
    const source = new TaskSource(() => {
      const task = tasks.shift();
      console.log(task);
      if (!task.startsWith('next')) throw new Error(task);
      return 0;
    });
    try { source.run(); } catch { console.log('thrown'); }
    await null;
    process.once('uncaughtException', () => {
      console.log(source.busy);
      source.run();
      console.log('has run');
      setImmediate(() => source.wake());
    });
    source.wake();
  `);
  assert.equal(output, 'in run\nthrown\ndeferred\nfalse\nnext in run\nhas run\nnext\n');
});

test('many tasks take few turns of the event loop', async () => {
  const tasks = Array.from({ length: 10_000 }, () => () => {});
  const { source, untilIdle } = sourceOver(tasks);
  let turns = 0;
  let over = false;
  const count = () => {
    turns += 1;
    if (!over) setImmediate(count);
  };
  setImmediate(count);
  source.run();
  await untilIdle;
  over = true;
  assert.equal(tasks.length, 0);
  assert.ok(turns < 100, `${turns} turns`);
});

test('tasks whose number is known take one turn, and those that have gone meanwhile do no harm', async () => {
  const log = [];
  let idle;
  const untilIdle = new Promise((resolve) => { idle = resolve; });
  const tasks = Array.from({ length: 500 }, (_, index) => index);
  const source = new TaskSource(() => {
    log.push(tasks.shift());
    if (log.length === 400) tasks.length = 0;
    return tasks.length;
  }, idle);
  let turns = 0;
  source.run();
  setImmediate(() => { turns += 1; });
  await untilIdle;
  assert.deepEqual(log.filter((entry) => entry !== undefined), Array.from({ length: 400 }, (_, index) => index));
  assert.equal(turns, 0);
});
