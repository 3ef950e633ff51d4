'use strict';

// https://websockets.spec.whatwg.org/#dom-websocket-readystate

section('readyState', () => {
  /** The state in each of a socket's events. */
  function states(socket) {
    const seen = [];
    for (const type of ['open', 'message', 'error', 'close']) {
      socket.addEventListener(type, () => seen.push(`${type} ${socket.readyState}`));
    }
    return next(socket, 'close').then(() => seen);
  }

  promise_test(async (t) => {
    const socket = connect(t, '/send?text=x');
    const seen = states(socket);
    socket.addEventListener('message', () => socket.close());
    assert_array_equals(await seen, ['open 1', 'message 1', 'close 3']);
  }, 'it is OPEN in open and message, and CLOSED in close');

  promise_test(async (t) => {
    assert_array_equals(await states(connect(t, '/order')), ['open 1', 'message 1', 'message 1', 'message 1', 'close 3']);
  }, 'no message sees that the server has closed after it');

  promise_test(async (t) => {
    assert_array_equals(await states(connect(t, '/status?code=404')), ['error 3', 'close 3']);
  }, 'it is CLOSED in error already');

  promise_test(async (t) => {
    const socket = connect(t, '/echo');
    await task();
    assert_true(socket.readyState === WebSocket.CONNECTING || socket.readyState === WebSocket.OPEN);
    const before = socket.readyState;
    const now = await Promise.resolve().then(() => socket.readyState);
    assert_equals(now, before);
  }, 'it does not change within a task');

  promise_test(async (t) => {
    const socket = connect(t, '/silent');
    const seen = states(socket);
    assert_equals(socket.readyState, WebSocket.CONNECTING);
    socket.close();
    assert_equals(socket.readyState, WebSocket.CLOSING);
    assert_array_equals(await seen, ['error 3', 'close 3']);
  }, 'it is CLOSING as soon as a connecting socket is closed');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    assert_equals(socket.readyState, WebSocket.OPEN);
    socket.close();
    assert_equals(socket.readyState, WebSocket.CLOSING);
    await next(socket, 'close');
    assert_equals(socket.readyState, WebSocket.CLOSED);
  }, 'it is CLOSING as soon as an open socket is closed');

  promise_test(async (t) => {
    const socket = await connected(t, '/close?code=1000');
    await next(socket, 'close');
    await task();
    assert_equals(socket.readyState, WebSocket.CLOSED);
  }, 'it stays CLOSED');

  test((t) => {
    const socket = connect(t, '/echo');
    assert_false(Reflect.set(socket, 'readyState', 3));
    assert_equals(socket.readyState, WebSocket.CONNECTING);
  }, 'it cannot be set');

  promise_test(async (t) => {
    const socket = connect(t, '/echo');
    socket.dispatchEvent(new Event('open'));
    assert_equals(socket.readyState, WebSocket.CONNECTING);
    socket.dispatchEvent(new CloseEvent('close', { code: 1000 }));
    assert_equals(socket.readyState, WebSocket.CONNECTING);
    await next(socket, 'open');
    assert_equals(socket.readyState, WebSocket.OPEN);
  }, 'events that a script fires do not change it');
});
