'use strict';

// Listeners and event handlers: https://html.spec.whatwg.org/multipage/webappapis.html#event-handlers

section('listeners', () => {
  const TYPES = ['open', 'message', 'error', 'close'];

  /** Fires an event of a type at a socket that nothing happens to meanwhile. */
  function fire(socket, type = 'message') {
    const event = new Event(type, { cancelable: true });
    socket.dispatchEvent(event);
    return event;
  }

  for (const type of TYPES) {
    const name = `on${type}`;

    test((t) => {
      const socket = connect(t, '/echo');
      const handler = () => {};
      socket[name] = handler;
      assert_equals(socket[name], handler);
      socket[name] = null;
      assert_equals(socket[name], null);
    }, `${name} gives what it was set to`);

    test((t) => {
      const socket = connect(t, '/echo');
      for (const value of [undefined, 0, 1, '', 'text', true, Symbol('x'), 1n]) {
        socket[name] = () => {};
        socket[name] = value;
        assert_equals(socket[name], null, typeof value);
      }
    }, `${name} is null for what is no object`);

    test((t) => {
      const socket = connect(t, '/echo');
      let calls = 0;
      for (const value of [{}, [], { handleEvent() { calls += 1; } }]) {
        socket[name] = value;
        assert_equals(socket[name], value);
        fire(socket, type);
      }
      assert_equals(calls, 0);
    }, `${name} takes objects that cannot be called, and calls nothing`);

    test((t) => {
      const socket = connect(t, '/echo');
      const calls = [];
      socket[name] = function handler(...parameters) { calls.push([this, parameters]); };
      const event = fire(socket, type);
      assert_equals(calls.length, 1);
      assert_equals(calls[0][0], socket, 'this');
      assert_equals(calls[0][1].length, 1, 'one argument');
      assert_equals(calls[0][1][0], event);
    }, `${name} is called on the socket with the event`);
  }

  test((t) => {
    const [one, other] = [connect(t, '/echo'), connect(t, '/echo')];
    one.onopen = () => {};
    assert_equals(other.onopen, null);
    assert_equals(one.onmessage, null);
  }, 'handlers are of one socket and one type');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.addEventListener('message', () => log.push('before'));
    socket.onmessage = () => log.push('handler');
    socket.addEventListener('message', () => log.push('after'));
    fire(socket);
    assert_array_equals(log, ['before', 'handler', 'after']);
  }, 'a handler has its place among the listeners');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.onmessage = () => log.push('first');
    socket.addEventListener('message', () => log.push('listener'));
    socket.onmessage = () => log.push('second');
    fire(socket);
    assert_array_equals(log, ['second', 'listener']);
  }, 'a handler that is replaced keeps its place');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.onmessage = () => log.push('handler');
    socket.addEventListener('message', () => log.push('listener'));
    socket.onmessage = null;
    socket.onmessage = () => log.push('anew');
    fire(socket);
    assert_array_equals(log, ['listener', 'anew']);
  }, 'a handler that was removed comes back at the end');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.onmessage = {};
    socket.addEventListener('message', () => log.push('listener'));
    socket.onmessage = () => log.push('handler');
    fire(socket);
    assert_array_equals(log, ['handler', 'listener']);
  }, 'an object that cannot be called holds the place');

  test((t) => {
    const socket = connect(t, '/echo');
    socket.onmessage = () => false;
    assert_true(fire(socket).defaultPrevented);
    for (const value of [undefined, true, null, 0, '']) {
      socket.onmessage = () => value;
      assert_false(fire(socket).defaultPrevented, show(value));
    }
  }, 'a handler cancels by returning false and nothing else');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    const listener = () => log.push('called');
    socket.addEventListener('message', listener);
    socket.addEventListener('message', listener);
    fire(socket);
    assert_array_equals(log, ['called']);
    socket.removeEventListener('message', listener);
    fire(socket);
    assert_array_equals(log, ['called']);
  }, 'a listener is there once, and can be removed');

  test((t) => {
    const socket = connect(t, '/echo');
    const listener = { calls: 0, handleEvent(event) { this.calls += event.target === socket ? 1 : 0; } };
    socket.addEventListener('message', listener);
    fire(socket);
    assert_equals(listener.calls, 1);
  }, 'a listener may be an object with handleEvent');

  test((t) => {
    const socket = connect(t, '/echo');
    let calls = 0;
    socket.addEventListener('message', () => { calls += 1; }, { once: true });
    fire(socket);
    fire(socket);
    assert_equals(calls, 1);
  }, 'a listener may be called once only');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.addEventListener('message', () => log.push('first'));
    socket.addEventListener('message', (event) => {
      log.push('second');
      event.stopImmediatePropagation();
    });
    socket.addEventListener('message', () => log.push('third'));
    socket.onmessage = () => log.push('handler');
    fire(socket);
    assert_array_equals(log, ['first', 'second']);
  }, 'a listener may keep the event from the others');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    const third = () => log.push('third');
    socket.addEventListener('message', () => {
      log.push('first');
      socket.removeEventListener('message', third);
      socket.onmessage = null;
    });
    socket.addEventListener('message', () => log.push('second'));
    socket.addEventListener('message', third);
    socket.onmessage = () => log.push('handler');
    fire(socket);
    assert_array_equals(log, ['first', 'second']);
  }, 'what a listener removes is not called any more');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.addEventListener('message', () => {
      log.push('first');
      if (log.length === 1) socket.addEventListener('message', () => log.push('added'));
    });
    fire(socket);
    assert_array_equals(log, ['first']);
    fire(socket);
    assert_array_equals(log, ['first', 'first', 'added']);
  }, 'what a listener adds is called from the next event on');

  test((t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.addEventListener('message', () => { socket.onmessage = () => log.push('new'); });
    socket.onmessage = () => log.push('old');
    fire(socket);
    assert_array_equals(log, ['new']);
  }, 'a handler that is replaced during the event is the one that is called');

  promise_test(async (t) => {
    const socket = connect(t, '/order');
    const log = [];
    for (const type of ['open', 'message', 'close']) socket.addEventListener(type, () => log.push(`listener ${type}`));
    for (const type of ['open', 'message', 'close']) socket[`on${type}`] = () => log.push(`handler ${type}`);
    await next(socket, 'close');
    const kinds = ['open', 'message', 'message', 'message', 'close'];
    assert_array_equals(log, kinds.flatMap((type) => [`listener ${type}`, `handler ${type}`]));
  }, 'handlers and listeners are called for what the connection brings');

  promise_test(async (t) => {
    const socket = connect(t, '/echo');
    const log = [];
    socket.addEventListener('ping', (event) => log.push(event.detail));
    socket.dispatchEvent(Object.assign(new Event('ping'), { detail: 'own' }));
    assert_array_equals(log, ['own']);
    await next(socket, 'open');
  }, 'a script may fire events of its own');
});
