import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, node, world } from './world.mjs';

const { AbortController, AbortSignal, addAlgorithm, isAborted, removeAlgorithm } = await load('abort');
const { DOMException } = await load('dom-exception');
const { EventTarget } = await load('event-target');
const { timer } = await load('timers');

for (const [whose, classes] of [['ours', { AbortController, AbortSignal, DOMException }], ["Node's", node]]) {
  test(`${whose}: a controller aborts its signal once, with a reason`, () => {
    const controller = new classes.AbortController();
    const { signal } = controller;
    const events = [];
    assert.equal(controller.signal, signal);
    assert.deepEqual([signal.aborted, signal.reason, signal.onabort], [false, undefined, null]);
    signal.throwIfAborted();
    signal.onabort = (event) => events.push(event.type, event.isTrusted);
    controller.abort('why');
    controller.abort('again');
    assert.deepEqual([signal.aborted, signal.reason], [true, 'why']);
    assert.deepEqual(events, ['abort', true]);
    assert.throws(() => signal.throwIfAborted(), (reason) => reason === 'why');
  });

  test(`${whose}: the reason is an AbortError where there is none, and null is one`, () => {
    const controller = new classes.AbortController();
    controller.abort();
    assert.ok(controller.signal.reason instanceof classes.DOMException);
    assert.equal(controller.signal.reason.name, 'AbortError');
    assert.equal(classes.AbortSignal.abort(null).reason, null);
    assert.equal(classes.AbortSignal.abort().reason.name, 'AbortError');
    assert.equal(classes.AbortSignal.abort().aborted, true);
  });

  test(`${whose}: any() is aborted with the first of its signals`, () => {
    const [first, second] = [new classes.AbortController(), new classes.AbortController()];
    const events = [];
    const signal = classes.AbortSignal.any([first.signal, second.signal]);
    const further = classes.AbortSignal.any([signal]);
    signal.addEventListener('abort', () => events.push('signal'));
    further.addEventListener('abort', () => events.push('further'));
    second.signal.addEventListener('abort', () => events.push('second'));
    second.abort('why');
    first.abort('late');
    assert.deepEqual(events, ['second', 'signal', 'further']);
    assert.deepEqual([signal.reason, further.reason], ['why', 'why']);
    assert.equal(classes.AbortSignal.any([first.signal, second.signal]).reason, 'late');
    assert.equal(classes.AbortSignal.any([]).aborted, false);
  });

  test(`${whose}: refuses what is no signal or no number`, () => {
    assert.throws(() => new classes.AbortSignal(), TypeError);
    assert.throws(() => classes.AbortSignal.any(), TypeError);
    assert.throws(() => classes.AbortSignal.any([{}]), TypeError);
    assert.throws(() => classes.AbortSignal.timeout(), TypeError);
  });
}

// Node marks them one after the other.
test('all that depend on a signal are aborted before the first event', () => {
  const controller = new AbortController();
  const signals = [AbortSignal.any([controller.signal]), AbortSignal.any([controller.signal])];
  const seen = [];
  controller.signal.onabort = () => seen.push(signals.map(({ aborted }) => aborted));
  controller.abort();
  assert.deepEqual(seen, [[true, true]]);
});

test('timeout() aborts when the time has passed, and the program does not wait for it', () => {
  const signal = AbortSignal.timeout(1500.9);
  const [id, milliseconds] = [...world.timers].at(-1);
  assert.equal(milliseconds, 1500);
  assert.equal(world.awaited.has(id), false);
  assert.equal(signal.aborted, false);
  timer(id);
  assert.equal(signal.reason.name, 'TimeoutError');
  for (const milliseconds of [-1, NaN, Infinity, 2 ** 53]) assert.throws(() => AbortSignal.timeout(milliseconds), TypeError);
});

test('algorithms run before the event, once, unless they are removed', () => {
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [];
  const removed = () => calls.push('removed');
  signal.onabort = () => calls.push('event');
  addAlgorithm(signal, () => calls.push('algorithm'));
  addAlgorithm(signal, removed);
  removeAlgorithm(signal, removed);
  controller.abort();
  addAlgorithm(signal, () => calls.push('late'));
  assert.deepEqual(calls, ['algorithm', 'event']);
  assert.equal(isAborted(signal), true);
  assert.throws(() => isAborted({}), TypeError);
});

test('have the shape that Web IDL gives them', () => {
  checkInterface(assert, AbortController, new AbortController(), { length: 0, lengths: {} });
  checkInterface(assert, AbortSignal, AbortSignal.abort(), { length: 0, lengths: {} });
  assert.equal(Object.getPrototypeOf(AbortSignal), EventTarget);
  for (const [name, length] of [['abort', 0], ['timeout', 1], ['any', 1]]) {
    const { enumerable, value } = Object.getOwnPropertyDescriptor(AbortSignal, name);
    assert.deepEqual([enumerable, value.length], [true, length]);
  }
});
