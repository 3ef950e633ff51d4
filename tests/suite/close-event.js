'use strict';

// https://websockets.spec.whatwg.org/#the-closeevent-interface

section('CloseEvent', () => {
  test(() => {
    const event = new CloseEvent('close');
    assert_equals(event.type, 'close');
    assert_equals(event.wasClean, false);
    assert_equals(event.code, 0);
    assert_equals(event.reason, '');
    assert_false(event.bubbles);
    assert_false(event.cancelable);
    assert_false(event.isTrusted);
    assert_equals(event.target, null);
  }, 'what it is by default');

  test(() => {
    const event = new CloseEvent('end', { wasClean: true, code: 4000, reason: 'why', bubbles: true, cancelable: true, composed: true });
    assert_equals(event.type, 'end');
    assert_equals(event.wasClean, true);
    assert_equals(event.code, 4000);
    assert_equals(event.reason, 'why');
    assert_true(event.bubbles && event.cancelable && event.composed);
  }, 'what it is given');

  test(() => {
    assert_throws_js(TypeError, () => new CloseEvent());
    assert_throws_js(TypeError, () => CloseEvent('close'));
    assert_throws_js(TypeError, () => new CloseEvent('close', 1));
    assert_throws_js(TypeError, () => new CloseEvent('close', 'text'));
    assert_throws_js(TypeError, () => new CloseEvent(Symbol('close')));
  }, 'misuse is a TypeError');

  test(() => {
    for (const init of [undefined, null, {}, { code: undefined, reason: undefined, wasClean: undefined }]) {
      const event = new CloseEvent('close', init);
      assert_equals(event.code, 0);
      assert_equals(event.reason, '');
      assert_equals(event.wasClean, false);
    }
  }, 'what is undefined is the default');

  for (const [given, code] of [
    [65535, 65535], [65536, 0], [-1, 65535], [1.9, 1], [-1.9, 65535], [NaN, 0], [Infinity, 0], ['12', 12], [null, 0], [true, 1],
  ]) {
    test(() => assert_equals(new CloseEvent('close', { code: given }).code, code), `the code ${in_words(given)} becomes ${code}`);
  }

  test(() => {
    assert_throws_js(TypeError, () => new CloseEvent('close', { code: 1n }));
    assert_throws_js(TypeError, () => new CloseEvent('close', { code: Symbol('1') }));
    assert_throws_js(TypeError, () => new CloseEvent('close', { reason: Symbol('why') }));
  }, 'what cannot be converted is a TypeError');

  test(() => {
    assert_equals(new CloseEvent('close', { reason: null }).reason, 'null');
    assert_equals(new CloseEvent('close', { reason: { toString: () => 'said' } }).reason, 'said');
    assert_equals(new CloseEvent('close', { reason: 'x'.repeat(1000) }).reason.length, 1000);
  }, 'the reason is a string, of any length');

  test(() => {
    for (const [given, wasClean] of [[1, true], ['', false], ['no', true], [{}, true], [null, false], [0n, false]]) {
      assert_equals(new CloseEvent('close', { wasClean: given }).wasClean, wasClean);
    }
  }, 'wasClean is whatever is true');

  test(() => {
    const order = [];
    const init = {};
    for (const name of ['wasClean', 'reason', 'code', 'composed', 'cancelable', 'bubbles']) {
      Object.defineProperty(init, name, { get() { order.push(name); return undefined; } });
    }
    new CloseEvent('close', init);
    assert_array_equals(order, ['bubbles', 'cancelable', 'composed', 'code', 'reason', 'wasClean']);
  }, 'the members are read in order, those of Event first');

  test(() => {
    assert_equals(Object.getPrototypeOf(CloseEvent), Event);
    assert_equals(Object.getPrototypeOf(CloseEvent.prototype), Event.prototype);
    assert_equals(CloseEvent.name, 'CloseEvent');
    assert_equals(CloseEvent.length, 1);
    assert_equals(CloseEvent.prototype[Symbol.toStringTag], 'CloseEvent');
    assert_false(Object.getOwnPropertyDescriptor(CloseEvent, 'prototype').writable);
  }, 'the interface object');

  for (const name of ['wasClean', 'code', 'reason']) {
    test(() => {
      const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(CloseEvent.prototype, name);
      assert_equals(get.name, `get ${name}`);
      assert_equals(set, undefined);
      assert_array_equals([enumerable, configurable], [true, true]);
      for (const other of [undefined, {}, CloseEvent.prototype, new Event('close')]) assert_throws_js(TypeError, () => get.call(other));
      assert_false(Reflect.set(new CloseEvent('close'), name, 1));
    }, `the attribute ${name} can be read only`);
  }

  test(() => {
    class Farewell extends CloseEvent {}
    const event = new Farewell('close', { code: 1000 });
    assert_true(event instanceof Farewell && event instanceof CloseEvent && event instanceof Event);
    assert_equals(event.code, 1000);
  }, 'a class may extend it');
});
