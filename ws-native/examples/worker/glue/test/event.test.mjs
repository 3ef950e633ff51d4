import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, node, world } from './world.mjs';

const { Event } = await load('event');
const { EventTarget } = await load('event-target');

for (const [whose, Class, Target] of [['ours', Event, EventTarget], ["Node's", node.Event, node.EventTarget]]) {
  test(`${whose}: is what its arguments say`, () => {
    const event = new Class('x', { bubbles: 1, cancelable: 'yes', composed: true });
    assert.deepEqual([event.type, event.bubbles, event.cancelable, event.composed], ['x', true, true, true]);
    const plain = new Class('y');
    assert.deepEqual([plain.type, plain.bubbles, plain.cancelable, plain.composed], ['y', false, false, false]);
    assert.deepEqual([plain.target, plain.currentTarget, plain.eventPhase, plain.defaultPrevented], [null, null, 0, false]);
    assert.equal(new Class(undefined).type, 'undefined');
    assert.equal(new Class('x', null).cancelable, false);
  });

  test(`${whose}: refuses arguments that cannot be converted`, () => {
    assert.throws(() => new Class(), TypeError);
    assert.throws(() => new Class('x', 1), TypeError);
    assert.throws(() => new Class(Symbol('x')), TypeError);
  });

  test(`${whose}: can be canceled if it is cancelable`, () => {
    const event = new Class('x', { cancelable: true });
    assert.equal(event.returnValue, true);
    event.preventDefault();
    assert.deepEqual([event.defaultPrevented, event.returnValue], [true, false]);
    const stubborn = new Class('x');
    stubborn.preventDefault();
    assert.equal(stubborn.defaultPrevented, false);
  });

  test(`${whose}: cancelBubble can be set and not unset`, () => {
    const event = new Class('x');
    assert.equal(event.cancelBubble, false);
    event.cancelBubble = true;
    event.cancelBubble = false;
    assert.equal(event.cancelBubble, true);
  });

  test(`${whose}: the path is the target while it is dispatched`, () => {
    const target = new Target();
    const event = new Class('x');
    const seen = [];
    target.addEventListener('x', () => seen.push(event.composedPath(), event.target, event.currentTarget, event.srcElement));
    assert.deepEqual(event.composedPath(), []);
    target.dispatchEvent(event);
    assert.deepEqual(seen, [[target], target, target, target]);
    assert.deepEqual(event.composedPath(), []);
  });

}

// Node's isTrusted is an accessor of the prototype in some versions, and the constants are missing.
test('isTrusted is its own, and not to be changed', () => {
  const first = Object.getOwnPropertyDescriptor(new Event('x'), 'isTrusted');
  const second = Object.getOwnPropertyDescriptor(new Event('y'), 'isTrusted');
  assert.equal(first.get, second.get);
  assert.equal(first.get.name, 'get isTrusted');
  assert.deepEqual([first.set, first.enumerable, first.configurable], [undefined, true, false]);
  assert.equal(new Event('x').isTrusted, false);
  assert.throws(() => first.get.call({}), TypeError);
});

test('has the constants of the phases', () => {
  for (const object of [Event, Event.prototype]) {
    assert.deepEqual([object.NONE, object.CAPTURING_PHASE, object.AT_TARGET, object.BUBBLING_PHASE], [0, 1, 2, 3]);
  }
});

// Node's returnValue cannot be set, and its initEvent() keeps the flags and the target.
test('returnValue cancels when it is set to false', () => {
  const event = new Event('x', { cancelable: true });
  event.returnValue = true;
  assert.equal(event.defaultPrevented, false);
  event.returnValue = false;
  assert.equal(event.defaultPrevented, true);
});

test('initEvent() makes it a new event, unless it is being dispatched', () => {
  const target = new EventTarget();
  const event = new Event('x', { cancelable: true });
  target.addEventListener('x', () => event.initEvent('y', true, true));
  event.preventDefault();
  target.dispatchEvent(event);
  assert.deepEqual([event.type, event.defaultPrevented, event.target], ['x', true, target]);
  event.stopPropagation();
  event.initEvent('y', true);
  assert.deepEqual(
    [event.type, event.bubbles, event.cancelable, event.defaultPrevented, event.cancelBubble, event.target],
    ['y', true, false, false, false, null],
  );
  assert.throws(() => event.initEvent(), TypeError);
});

test('the time stamp is the time at which it was made', () => {
  world.time = 12.5;
  const event = new Event('x');
  world.time = 13;
  assert.equal(event.timeStamp, 12.5);
});

test('has the shape that Web IDL gives it', () => {
  checkInterface(assert, Event, new Event('x'), { length: 1, lengths: { initEvent: 1 } });
});

test('reads the members of the dictionary in their order', () => {
  const read = [];
  new Event('x', new Proxy({}, { get: (_, name) => void read.push(name) }));
  assert.deepEqual(read, ['bubbles', 'cancelable', 'composed']);
});
