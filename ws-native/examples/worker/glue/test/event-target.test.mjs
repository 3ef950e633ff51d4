import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { checkInterface, load, node, world } from './world.mjs';

const { Event } = await load('event');
const { EventTarget, listenerCount } = await load('event-target');
const { AbortController } = await load('abort');
const { fire } = await load('events');

const ours = { Event, EventTarget, AbortController };

for (const [whose, classes] of [['ours', ours], ["Node's", node]]) {
  const dispatch = (target, init) => target.dispatchEvent(new classes.Event('x', init));
  const setUp = () => {
    const calls = [];
    return { target: new classes.EventTarget(), calls, call: (name) => () => void calls.push(name) };
  };

  test(`${whose}: calls the listeners of the type in order, each once`, () => {
    const { target, calls, call } = setUp();
    const first = call('first');
    target.addEventListener('x', first);
    target.addEventListener('y', call('other'));
    target.addEventListener('x', call('second'));
    target.addEventListener('x', first);
    assert.equal(dispatch(target), true);
    assert.deepEqual(calls, ['first', 'second']);
  });

  test(`${whose}: calls a listener on the current target, with the event`, () => {
    const { target, calls } = setUp();
    const event = new classes.Event('x');
    target.addEventListener('x', function (...parameters) {
      assert.equal(this, target);
      assert.deepEqual(parameters, [event]);
      assert.equal(event.currentTarget, target);
      calls.push('called');
    });
    target.dispatchEvent(event);
    assert.deepEqual(calls, ['called']);
    assert.equal(event.target, target);
  });

  test(`${whose}: an object's handleEvent is looked up at each call`, () => {
    const { target, calls, call } = setUp();
    const object = { handleEvent: call('old') };
    target.addEventListener('x', object);
    object.handleEvent = function () {
      assert.equal(this, object);
      calls.push('new');
    };
    dispatch(target);
    assert.deepEqual(calls, ['new']);
  });

  test(`${whose}: once and signal remove a listener`, () => {
    const { target, calls, call } = setUp();
    const controller = new classes.AbortController();
    target.addEventListener('x', call('once'), { once: true });
    target.addEventListener('x', call('signal'), { signal: controller.signal });
    dispatch(target);
    controller.abort();
    target.addEventListener('x', call('late'), { signal: controller.signal });
    dispatch(target);
    assert.deepEqual(calls, ['once', 'signal']);
  });

  test(`${whose}: capture tells listeners apart`, () => {
    const { target, calls, call } = setUp();
    const listener = call('called');
    target.addEventListener('x', listener, true);
    target.addEventListener('x', listener, { capture: false });
    dispatch(target);
    target.removeEventListener('x', listener, { capture: true });
    dispatch(target);
    assert.equal(calls.length, 3);
  });

  test(`${whose}: listeners that are removed are not called, and those that are added are not called yet`, () => {
    const { target, calls, call } = setUp();
    const removed = call('removed');
    const added = call('added');
    target.addEventListener('x', () => {
      target.removeEventListener('x', removed);
      target.addEventListener('x', added);
    });
    target.addEventListener('x', removed);
    dispatch(target);
    assert.deepEqual(calls, []);
    dispatch(target);
    assert.deepEqual(calls, ['added']);
  });

  test(`${whose}: a listener that is removed and added again is a new one`, () => {
    const { target, calls, call } = setUp();
    const listener = call('again');
    target.addEventListener('x', () => {
      target.removeEventListener('x', listener);
      target.addEventListener('x', listener);
    }, { once: true });
    target.addEventListener('x', listener);
    dispatch(target);
    assert.deepEqual(calls, []);
  });

  test(`${whose}: stopImmediatePropagation() ends the listeners`, () => {
    const { target, calls, call } = setUp();
    target.addEventListener('x', (event) => event.stopImmediatePropagation());
    target.addEventListener('x', call('second'));
    dispatch(target);
    assert.deepEqual(calls, []);
  });

  test(`${whose}: refuses what is no listener, event or target`, () => {
    const { target } = setUp();
    assert.throws(() => target.addEventListener(), TypeError);
    assert.throws(() => target.addEventListener('x'), TypeError);
    assert.throws(() => target.addEventListener('x', 1), TypeError);
    assert.throws(() => target.addEventListener('x', () => {}, { signal: {} }), TypeError);
    assert.throws(() => target.addEventListener('x', () => {}, { signal: null }), TypeError);
    assert.throws(() => target.dispatchEvent({ type: 'x' }), TypeError);
    assert.throws(() => target.addEventListener.call({}, 'x', () => {}), TypeError);
    target.addEventListener('x', null);
    target.addEventListener('x', undefined);
    target.removeEventListener('x', null);
  });
}

// Node keeps currentTarget, knows no passive listeners, and lets an event be dispatched within itself.
test('an event knows its phase, and after it nothing but its target', () => {
  const target = new EventTarget();
  const event = new Event('x');
  const phases = [];
  target.addEventListener('x', () => phases.push(event.eventPhase), true);
  target.addEventListener('x', () => phases.push(event.eventPhase));
  target.dispatchEvent(event);
  assert.deepEqual(phases, [Event.AT_TARGET, Event.AT_TARGET]);
  assert.deepEqual([event.target, event.currentTarget, event.eventPhase], [target, null, Event.NONE]);
});

test('a passive listener cannot cancel', () => {
  const target = new EventTarget();
  const dispatch = () => target.dispatchEvent(new Event('x', { cancelable: true }));
  target.addEventListener('x', (event) => event.preventDefault(), { passive: true });
  assert.equal(dispatch(), true);
  target.addEventListener('x', (event) => event.preventDefault());
  assert.equal(dispatch(), false);
});

test('an event can be dispatched again, but not while it is dispatched', () => {
  const target = new EventTarget();
  const calls = [];
  const event = new Event('x');
  target.addEventListener('x', () => calls.push('called'));
  target.dispatchEvent(event);
  target.addEventListener('x', () => {
    assert.throws(() => target.dispatchEvent(event), { name: 'InvalidStateError' });
    calls.push('refused');
  });
  target.dispatchEvent(event);
  assert.deepEqual(calls, ['called', 'called', 'refused']);
});

// Node calls the listeners of both kinds in the order in which they were added.
test('capturing listeners are called before the others, and stopPropagation() in one keeps those from it', () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener('x', () => calls.push('bubbling'));
  target.addEventListener('x', () => calls.push('capturing'), true);
  target.dispatchEvent(new Event('x'));
  assert.deepEqual(calls, ['capturing', 'bubbling']);
  target.addEventListener('x', (event) => event.stopPropagation(), true);
  target.dispatchEvent(new Event('x'));
  assert.deepEqual(calls, ['capturing', 'bubbling', 'capturing']);
});

test('an exception in a listener is reported and the others go on', () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener('x', () => {
    throw new RangeError('in a listener');
  });
  target.addEventListener('x', {});
  target.addEventListener('x', () => calls.push('called'));
  world.errors.length = 0;
  assert.equal(target.dispatchEvent(new Event('x')), true);
  assert.deepEqual(calls, ['called']);
  assert.match(world.errors[0], /^Uncaught RangeError: in a listener\n/);
  assert.match(world.errors[1], /^Uncaught TypeError: the listener has no method handleEvent/);
  assert.equal(world.failed, true);
});

test('what the program fires is trusted; what a script dispatches again is not', () => {
  const target = new EventTarget();
  const event = new Event('x', { cancelable: true });
  const trusted = [];
  target.addEventListener('x', ({ isTrusted }) => trusted.push(isTrusted));
  assert.equal(fire(target, event), true);
  target.dispatchEvent(event);
  assert.deepEqual(trusted, [true, false]);
  target.addEventListener('x', () => event.preventDefault());
  assert.equal(fire(target, event), false);
});

test('the listeners of a type are counted', () => {
  const target = new EventTarget();
  const listener = () => {};
  assert.equal(listenerCount(target, 'x'), 0);
  target.addEventListener('x', listener);
  target.addEventListener('x', listener, true);
  target.addEventListener('x', () => {}, { once: true });
  target.addEventListener('y', listener);
  assert.equal(listenerCount(target, 'x'), 3);
  target.dispatchEvent(new Event('x'));
  target.removeEventListener('x', listener);
  assert.equal(listenerCount(target, 'x'), 1);
});

test('has the shape that Web IDL gives it', () => {
  checkInterface(assert, EventTarget, new EventTarget(), {
    length: 0, lengths: { addEventListener: 2, removeEventListener: 2, dispatchEvent: 1 },
  });
});

test('a signal does not keep the targets that have had listeners with it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  const { signal } = new AbortController();
  const targets = Array.from({ length: 10 }, () => {
    const target = new EventTarget();
    target.addEventListener('x', () => {}, { signal });
    return new WeakRef(target);
  });
  // A WeakRef keeps its target until the task that has made it is over.
  await setImmediate();
  collect();
  assert.deepEqual(targets.map((target) => target.deref()), Array(10).fill(undefined));
});
