'use strict';

// The events and their order: https://websockets.spec.whatwg.org/#feedback-from-the-protocol

section('events', () => {
  const orders = [
    ['messages and a clean end', '/order', ['open', 'message one', 'message two', 'message three', 'close 1000 "done" clean']],
    ['a refused handshake', '/status?code=403', FAILURE],
    ['an end right after the handshake', '/close', ['open', 'close 1005 "" clean']],
  ];
  for (const [name, path, told] of orders) {
    promise_test(async (t) => assert_array_equals(await story_of(t, path), told), `their order: ${name}`);
  }

  promise_test(async (t) => {
    const count = 2000;
    const received = await messages(connect(t, `/burst?count=${count}`), count);
    assert_array_equals(received, Array.from({ length: count }, (_, index) => String(index)));
  }, 'two thousand messages at once come in their order');

  promise_test(async (t) => {
    const socket = connect(t, '/burst?count=20');
    const log = [];
    socket.onmessage = ({ data }) => {
      log.push(`task ${data}`);
      Promise.resolve().then(() => log.push(`microtask ${data}`)).then(() => log.push(`and its own ${data}`));
    };
    await messages(socket, 20);
    await task();
    const expected = Array.from({ length: 20 }, (_, index) => [`task ${index}`, `microtask ${index}`, `and its own ${index}`]);
    assert_array_equals(log, expected.flat());
  }, 'each message is a task: microtasks run before the next');

  promise_test(async (t) => {
    const socket = connect(t, '/status?code=404');
    const log = [];
    socket.onerror = () => {
      log.push('error');
      setTimeout(() => log.push('next task'), 0);
    };
    socket.onclose = () => log.push('close');
    await next(socket, 'close');
    assert_array_equals(log, ['error', 'close']);
  }, 'error and close are one task');

  promise_test(async (t) => {
    const socket = connect(t, frames('8101 61'));
    const first = new Promise((resolve) => {
      socket.onopen = () => Promise.resolve().then(() => {
        socket.onmessage = ({ data }) => resolve(data);
      });
    });
    assert_equals(await first, 'a');
  }, 'a handler set by a microtask of open sees the first message');

  // ---- their shape ----

  function assert_shape(event, type, socket, constructor) {
    assert_equals(event.type, type);
    assert_equals(event.target, socket, 'target');
    assert_equals(Object.prototype.toString.call(event), `[object ${constructor.name}]`);
    assert_true(event instanceof constructor && event instanceof Event);
    assert_false(event.bubbles, 'bubbles');
    assert_false(event.cancelable, 'cancelable');
    assert_false(event.composed, 'composed');
    assert_false(event.defaultPrevented, 'defaultPrevented');
    assert_equals(typeof event.timeStamp, 'number');
  }

  promise_test(async (t) => {
    const socket = connect(t, '/echo');
    const event = await next(socket, 'open');
    assert_shape(event, 'open', socket, Event);
    assert_equals(Object.getPrototypeOf(event), Event.prototype);
  }, 'open is an Event');

  promise_test(async (t) => {
    const socket = connect(t, '/status?code=404');
    const event = await next(socket, 'error');
    assert_shape(event, 'error', socket, Event);
    assert_equals(Object.getPrototypeOf(event), Event.prototype);
    for (const name of ['message', 'error', 'code', 'reason']) assert_false(name in event, name);
  }, 'error is an Event that says nothing');

  promise_test(async (t) => {
    const socket = connect(t, '/close?code=4000&reason=bye');
    const event = await next(socket, 'close');
    assert_shape(event, 'close', socket, CloseEvent);
    assert_equals(Object.getPrototypeOf(event), CloseEvent.prototype);
    assert_equals(event.code, 4000);
    assert_equals(event.reason, 'bye');
    assert_equals(event.wasClean, true);
  }, 'close is a CloseEvent');

  promise_test(async (t) => {
    const socket = connect(t, '/send?text=x');
    const event = await next(socket, 'message');
    assert_shape(event, 'message', socket, MessageEvent);
    assert_equals(event.data, 'x');
    assert_equals(event.lastEventId, '');
    assert_equals(event.source, null);
    assert_array_equals([...event.ports], []);
  }, 'message is a MessageEvent');

  promise_test(async (t) => {
    const { host } = new URL(SUITE.server);
    const event = await next(connect(t, '/send?text=x'), 'message');
    assert_equals(event.origin, `ws://${host}`);
  }, 'the origin of a message has scheme, host and port');

  promise_test(async (t) => {
    const { port } = new URL(SUITE.server);
    const socket = open_socket(t, `http://user:pass@LOCALHOST:${port}/send?text=x`);
    assert_equals((await next(socket, 'message')).origin, `ws://localhost:${port}`);
  }, 'the origin of a message is that of the address, and not as it was written');

  promise_test(async (t) => {
    const socket = connect(t, '/order');
    const seen = [];
    for (const type of ['open', 'message', 'close']) {
      socket.addEventListener(type, (event) => seen.push([event.currentTarget === socket, event.eventPhase]), { once: true });
    }
    const open = await next(socket, 'open');
    await next(socket, 'close');
    for (const [isCurrent, phase] of seen) {
      assert_true(isCurrent);
      assert_equals(phase, Event.AT_TARGET);
    }
    assert_equals(seen.length, 3);
    assert_equals(open.currentTarget, null);
    assert_equals(open.eventPhase, Event.NONE);
  }, 'currentTarget and eventPhase are those of the dispatch');

  promise_test(async (t) => {
    const socket = connect(t, '/burst?count=2');
    const events = [];
    socket.onmessage = (event) => events.push(event);
    await messages(socket, 2);
    assert_not_equals(events[0], events[1]);
  }, 'each message has an event of its own');

  promise_test(async (t) => {
    const socket = connect(t, '/send?text=x');
    const event = await next(socket, 'message');
    assert_false(Reflect.set(event, 'data', 'y'));
    assert_equals(event.data, 'x');
    event.preventDefault();
    assert_false(event.defaultPrevented);
  }, 'an event can neither be changed nor cancelled');

  promise_test(async (t) => {
    const socket = connect(t, '/send?text=x');
    const event = await next(socket, 'message');
    await task();
    const again = [];
    socket.addEventListener('message', ({ data }) => again.push(data));
    socket.dispatchEvent(event);
    assert_array_equals(again, ['x']);
  }, 'an event that is over can be fired again by a script');
});
