import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { defineCloseEvent } from '../src/close-event.js';
import { CloseEvent, fire, MessageEvent } from '../src/events.js';

describe('CloseEvent', () => {
  test('has the values of its dictionary, converted', () => {
    const event = new CloseEvent('close', { wasClean: 1, code: 65536 + 1000, reason: '\uD800', cancelable: true });
    assert.deepEqual(
      [event.type, event.wasClean, event.code, event.reason, event.cancelable, event.bubbles],
      ['close', true, 1000, '\uFFFD', true, false],
    );
  });

  test('has defaults without a dictionary', () => {
    for (const event of [new CloseEvent('x'), new CloseEvent('x', undefined), new CloseEvent('x', null), new CloseEvent('x', {})]) {
      assert.deepEqual([event.wasClean, event.code, event.reason], [false, 0, '']);
    }
  });

  test('refuses what is no dictionary, no type and no new', () => {
    assert.throws(() => new CloseEvent('x', 1), TypeError);
    assert.throws(() => new CloseEvent(), TypeError);
    assert.throws(() => CloseEvent('x'), TypeError);
  });

  test("has the interface's shape", () => {
    assert.equal(CloseEvent.length, 1);
    assert.equal(CloseEvent.name, 'CloseEvent');
    assert.equal(Object.getPrototypeOf(CloseEvent), Event);
    assert.equal(Object.prototype.toString.call(new CloseEvent('x')), '[object CloseEvent]');
    for (const name of ['wasClean', 'code', 'reason']) {
      const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(CloseEvent.prototype, name);
      assert.deepEqual([typeof get, set, enumerable, configurable], ['function', undefined, true, true]);
      assert.throws(() => get.call(new Event('x')), TypeError);
    }
  });
});

test('a CloseEvent over one of the host that converts nothing converts', () => {
  class HostCloseEvent extends Event {
    constructor(type, { code = 0, reason = '', wasClean = false, ...init } = {}) {
      super(type, init);
      this.given = [code, reason, wasClean];
    }
  }
  const Whole = defineCloseEvent(HostCloseEvent);
  const event = new Whole('close', { code: 65536 + 1000, reason: { toString: () => 'why' }, wasClean: 1, cancelable: true });
  assert.deepEqual([event.code, event.reason, event.wasClean, event.cancelable, String(event)], [1000, 'why', true, true, '[object CloseEvent]']);
  assert.ok(event instanceof HostCloseEvent);
  assert.deepEqual(event.given, [1000, 'why', true]);
  assert.deepEqual([new Whole('close', null).code, new Whole('close').reason], [0, '']);
});

test("a message event is one of the host's, and says so", () => {
  const event = new MessageEvent('message', { data: 1, origin: 'ws://h' });
  assert.ok(event instanceof globalThis.MessageEvent);
  assert.deepEqual([event.data, event.origin, String(event)], [1, 'ws://h', '[object MessageEvent]']);
});

test("an event is fired whatever has become of the target's own dispatchEvent", () => {
  const target = new EventTarget();
  target.dispatchEvent = () => assert.fail();
  const seen = [];
  target.addEventListener('x', (event) => seen.push(event.target));
  fire(target, new Event('x'));
  assert.deepEqual(seen, [target]);
});
