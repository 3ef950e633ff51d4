import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { EventHandler } from '../src/event-handler.js';

let target;
let handler;
let calls;
const call = (name) => () => void calls.push(name);
const dispatch = (event = new Event('x', { cancelable: true })) => target.dispatchEvent(event);

beforeEach(() => {
  target = new EventTarget();
  handler = new EventHandler(target, 'x');
  calls = [];
});

test('keeps its place among the listeners when it is replaced', () => {
  target.addEventListener('x', call('before'));
  handler.value = call('old');
  target.addEventListener('x', call('after'));
  handler.value = call('new');
  dispatch();
  assert.deepEqual(calls, ['before', 'new', 'after']);
});

test('gives its place up when it is set to null', () => {
  handler.value = call('handler');
  target.addEventListener('x', call('listener'));
  handler.value = null;
  dispatch();
  handler.value = call('handler');
  dispatch();
  assert.deepEqual(calls, ['listener', 'listener', 'handler']);
});

test('what is no object counts as null', () => {
  for (const value of [undefined, 1, 'x', true, Symbol('x')]) {
    handler.value = call('handler');
    handler.value = value;
    assert.equal(handler.value, null);
    dispatch();
  }
  assert.deepEqual(calls, []);
});

test('an object that cannot be called is kept and does nothing, handleEvent included', () => {
  const object = { handleEvent: call('handleEvent') };
  handler.value = object;
  dispatch();
  assert.equal(handler.value, object);
  assert.deepEqual(calls, []);
});

test('is called with the target as this and the event', () => {
  const event = new Event('x');
  handler.value = function (...parameters) {
    assert.equal(this, target);
    assert.deepEqual(parameters, [event]);
    assert.equal(event.currentTarget, target);
    calls.push('handler');
  };
  dispatch(event);
  assert.deepEqual(calls, ['handler']);
});

test('only false cancels the event', () => {
  for (const [value, canceled] of [[false, true], [undefined, false], [0, false], [null, false], [true, false]]) {
    handler.value = () => value;
    assert.equal(dispatch(), !canceled);
  }
});
