'use strict';

// The interface as Web IDL gives it to a script: https://webidl.spec.whatwg.org/#js-interfaces

section('interface', () => {
  const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
  const READ_ONLY = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol'];
  const WRITABLE = ['onopen', 'onerror', 'onclose', 'onmessage', 'binaryType'];
  const METHODS = { send: 1, close: 0 };

  const describe = (object, name) => Object.getOwnPropertyDescriptor(object, name);

  test(() => {
    const { value, writable, enumerable, configurable } = describe(globalThis, 'WebSocket');
    assert_equals(value, WebSocket);
    assert_array_equals([writable, enumerable, configurable], [true, false, true]);
  }, 'the global property');

  test(() => {
    assert_equals(typeof WebSocket, 'function');
    assert_equals(Object.getPrototypeOf(WebSocket), EventTarget);
    assert_array_equals(Object.keys(WebSocket), Object.keys(CONSTANTS));
  }, 'the interface object inherits from that of EventTarget');

  test(() => {
    const { value, writable, enumerable, configurable } = describe(WebSocket, 'name');
    assert_equals(value, 'WebSocket');
    assert_array_equals([writable, enumerable, configurable], [false, false, true]);
  }, 'the name of the interface object');

  test(() => {
    const { value, writable, enumerable, configurable } = describe(WebSocket, 'length');
    assert_equals(value, 1);
    assert_array_equals([writable, enumerable, configurable], [false, false, true]);
  }, 'the length of the interface object');

  test(() => {
    const { value, writable, enumerable, configurable } = describe(WebSocket, 'prototype');
    assert_equals(value, WebSocket.prototype);
    assert_array_equals([writable, enumerable, configurable], [false, false, false]);
  }, 'the prototype property of the interface object');

  test(() => {
    assert_equals(Object.getPrototypeOf(WebSocket.prototype), EventTarget.prototype);
    const { value, writable, enumerable, configurable } = describe(WebSocket.prototype, 'constructor');
    assert_equals(value, WebSocket);
    assert_array_equals([writable, enumerable, configurable], [true, false, true]);
  }, 'the interface prototype object');

  test(() => {
    const { value, writable, enumerable, configurable } = describe(WebSocket.prototype, Symbol.toStringTag);
    assert_equals(value, 'WebSocket');
    assert_array_equals([writable, enumerable, configurable], [false, false, true]);
    assert_equals(Object.prototype.toString.call(WebSocket.prototype), '[object WebSocket]');
  }, 'the class string');

  test(() => {
    const names = Reflect.ownKeys(WebSocket.prototype).filter((name) => typeof name === 'string').sort();
    const expected = [...Object.keys(CONSTANTS), ...READ_ONLY, ...WRITABLE, ...Object.keys(METHODS), 'constructor'].sort();
    assert_array_equals(names, expected);
  }, 'the prototype has all members and no others');

  for (const [name, value] of Object.entries(CONSTANTS)) {
    test(() => {
      for (const object of [WebSocket, WebSocket.prototype]) {
        const descriptor = describe(object, name);
        assert_equals(descriptor.value, value);
        const { writable, enumerable, configurable } = descriptor;
        assert_array_equals([writable, enumerable, configurable], [false, true, false]);
      }
    }, `the constant ${name}`);
  }

  for (const name of [...READ_ONLY, ...WRITABLE]) {
    test((t) => {
      const { get, set, enumerable, configurable } = describe(WebSocket.prototype, name);
      assert_array_equals([enumerable, configurable], [true, true]);
      assert_equals(get.name, `get ${name}`);
      assert_equals(get.length, 0);
      if (WRITABLE.includes(name)) {
        assert_equals(set.name, `set ${name}`);
        assert_equals(set.length, 1);
      } else {
        assert_equals(set, undefined);
      }
      assert_false(Object.hasOwn(connect(t, '/echo'), name));
    }, `the attribute ${name} is an accessor of the prototype`);

    test(() => {
      const { get, set } = describe(WebSocket.prototype, name);
      for (const other of [undefined, null, 1, {}, WebSocket.prototype, Object.create(WebSocket.prototype), new EventTarget()]) {
        assert_throws_js(TypeError, () => get.call(other));
        if (set) assert_throws_js(TypeError, () => set.call(other, null));
      }
      assert_throws_js(TypeError, () => WebSocket.prototype[name]);
    }, `the attribute ${name} is that of a socket and of nothing else`);

    test(() => {
      const { get, set } = describe(WebSocket.prototype, name);
      assert_false(is_constructor(get));
      if (set) assert_false(is_constructor(set));
    }, `the accessors of ${name} are no constructors`);
  }

  test((t) => {
    const socket = connect(t, '/echo');
    socket.onopen = () => {};
    assert_equals(describe(WebSocket.prototype, 'onopen').set.call(socket), undefined);
    assert_equals(socket.onopen, null);
    socket.binaryType = 'arraybuffer';
    describe(WebSocket.prototype, 'binaryType').set.call(socket);
    assert_equals(socket.binaryType, 'arraybuffer');
  }, 'a setter without a value sets undefined');

  for (const [name, length] of Object.entries(METHODS)) {
    test(() => {
      const { value, writable, enumerable, configurable } = describe(WebSocket.prototype, name);
      assert_array_equals([writable, enumerable, configurable], [true, true, true]);
      assert_equals(value.name, name);
      assert_equals(value.length, length);
      assert_false(is_constructor(value));
    }, `the method ${name}`);

    test(() => {
      const { value: method } = describe(WebSocket.prototype, name);
      for (const other of [undefined, null, {}, WebSocket.prototype, Object.create(WebSocket.prototype), new EventTarget()]) {
        assert_throws_js(TypeError, () => method.call(other, 'x'));
      }
    }, `the method ${name} is that of a socket and of nothing else`);
  }

  test((t) => {
    const converted = [];
    const value = { toString() { converted.push(1); return ''; }, valueOf() { converted.push(2); return 1000; } };
    assert_throws_js(TypeError, () => WebSocket.prototype.send.call({}, value));
    assert_throws_js(TypeError, () => WebSocket.prototype.close.call({}, value, value));
    assert_array_equals(converted, []);
    connect(t, '/echo');
  }, 'what a method is called on is checked before its arguments are converted');

  test((t) => {
    const socket = connect(t, '/echo');
    const names = [];
    for (const name in socket) names.push(name);
    for (const name of [...READ_ONLY, ...WRITABLE, ...Object.keys(METHODS), ...Object.keys(CONSTANTS), 'addEventListener']) {
      assert_true(names.includes(name), name);
    }
    assert_array_equals(Reflect.ownKeys(socket).filter((key) => typeof key === 'string'), []);
  }, 'all members are found by enumeration, and none is the object\'s own');

  test((t) => {
    const socket = connect(t, '/echo');
    assert_equals(Object.prototype.toString.call(socket), '[object WebSocket]');
    assert_equals(String(socket), '[object WebSocket]');
  }, 'a socket as a string');

  test((t) => {
    const socket = connect(t, '/echo');
    socket.room = 'a';
    assert_equals(socket.room, 'a');
    Object.freeze(socket);
    socket.onopen = () => {};
    assert_equals(typeof socket.onopen, 'function');
  }, 'a socket is an object that a script may add to and freeze');

  test(() => {
    for (const name of ['addEventListener', 'removeEventListener', 'dispatchEvent']) {
      assert_equals(WebSocket.prototype[name], EventTarget.prototype[name]);
    }
  }, 'the methods of EventTarget are inherited');

  /** Whether `new` may be used with a function. */
  function is_constructor(callable) {
    try {
      Reflect.construct(Object, [], callable);
      return true;
    } catch {
      return false;
    }
  }
});
