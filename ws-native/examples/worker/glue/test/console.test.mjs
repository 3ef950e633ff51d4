import assert from 'node:assert/strict';
import { format as nodeFormat } from 'node:util';
import { beforeEach, test } from 'node:test';

import { load, world } from './world.mjs';

const { console } = await load('console');

beforeEach(() => {
  world.lines.length = 0;
  world.errors.length = 0;
});

test('each function writes to its output', () => {
  for (const name of ['log', 'info', 'debug', 'dir', 'table', 'dirxml']) console[name](name);
  for (const name of ['warn', 'error']) console[name](name);
  assert.deepEqual(world.lines, ['log', 'info', 'debug', "'dir'", "'table'", 'dirxml']);
  assert.deepEqual(world.errors, ['warn', 'error']);
});

test('formats as Node does', () => {
  for (const data of [
    [], [''], ['a', 'b', 1, null, undefined, [1], { a: 'b' }], [1, '%s', 2], ['%s is %d and %i and %f', 'a', 1.5, '2.9', '3.5'],
    ['%s %s', 'a'], ['%%', 'a'], ['100%', 1], ['%x %s', 'a'], ['%c%s', 'color: red', 'text'], ['%d', Symbol('s')], ['%i', {}],
    ['%O', { a: { b: 1 } }], ['%s', 'a', 'b', { c: 1 }], ['%s', null, undefined], [Symbol('s')], ['%s', Symbol('s')],
  ]) {
    world.lines.length = 0;
    console.log(...data);
    // Node rounds no %d.
    const expected = nodeFormat(...data.map((item, index) => (data[0].includes?.('%d') && item === 1.5 && index ? 1 : item)));
    assert.deepEqual(world.lines, [expected]);
  }
});

test('groups indent all lines', () => {
  console.group('outer');
  console.group();
  console.log('a\nb');
  console.groupEnd();
  console.error('c');
  console.groupEnd();
  console.groupEnd();
  console.log('d');
  assert.deepEqual(world.lines, ['outer', '    a\n    b', 'd']);
  assert.deepEqual(world.errors, ['  c']);
});

test('an assertion speaks when it fails', () => {
  console.assert(true, 'a');
  console.assert(false);
  console.assert(0, '%s!', 'b');
  console.assert();
  assert.deepEqual(world.errors, ['Assertion failed', 'Assertion failed: b!', 'Assertion failed']);
});

test('counts and measures by labels', () => {
  console.count();
  console.count();
  console.count('a');
  console.countReset();
  console.count(undefined);
  console.countReset('b');
  assert.deepEqual(world.lines, ['default: 1', 'default: 2', 'a: 1', 'default: 1']);
  world.time = 10;
  console.time('t');
  world.time = 11.25;
  console.timeLog('t', 'so far');
  console.timeEnd('t');
  console.timeEnd('t');
  assert.deepEqual(world.lines.slice(4), ['t: 1.250ms so far', 't: 1.250ms']);
  assert.deepEqual(world.errors, ["there is no count 'b'", "there is no timer 't'"]);
});

test('a trace has the stack', () => {
  console.trace('at %d', 1);
  assert.match(world.errors[0], /^Trace: at 1\n +at [^]*console\.test\.mjs/);
});

test('is a namespace', () => {
  assert.equal(Object.prototype.toString.call(console), '[object console]');
  assert.deepEqual(Object.keys(Object.getPrototypeOf(console)), []);
  assert.equal(Object.getPrototypeOf(Object.getPrototypeOf(console)), Object.prototype);
  const { log } = console;
  log('unbound');
  assert.deepEqual(world.lines, ['unbound']);
  assert.deepEqual([log.name, log.length], ['log', 0]);
});
