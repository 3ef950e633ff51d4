'use strict';

// https://websockets.spec.whatwg.org/#dom-websocket-binarytype, and the message event's data

section('binaryType', () => {
  test((t) => {
    const socket = connect(t, '/echo');
    assert_equals(socket.binaryType, 'blob');
    socket.binaryType = 'arraybuffer';
    assert_equals(socket.binaryType, 'arraybuffer');
    socket.binaryType = 'blob';
    assert_equals(socket.binaryType, 'blob');
  }, 'it has two values');

  test((t) => {
    const socket = connect(t, '/echo');
    socket.binaryType = 'arraybuffer';
    for (const value of ['', 'Blob', 'ArrayBuffer', 'arraybuffer ', 'text', null, undefined, 0, {}]) {
      socket.binaryType = value;
      assert_equals(socket.binaryType, 'arraybuffer', show(value));
    }
  }, 'other values are ignored');

  test((t) => {
    const socket = connect(t, '/echo');
    socket.binaryType = { toString: () => 'arraybuffer' };
    assert_equals(socket.binaryType, 'arraybuffer');
    const thrown = new Error('from toString()');
    assert_throws_exactly(thrown, () => { socket.binaryType = { toString() { throw thrown; } }; });
    assert_throws_js(TypeError, () => { socket.binaryType = Symbol('blob'); });
    assert_equals(socket.binaryType, 'arraybuffer');
  }, 'a value is converted to a string');

  test((t) => {
    const [one, other] = [connect(t, '/echo'), connect(t, '/echo')];
    one.binaryType = 'arraybuffer';
    assert_equals(other.binaryType, 'blob');
  }, 'it is of one socket');

  promise_test(async (t) => {
    const socket = await connected(t, '/close?code=1000');
    await next(socket, 'close');
    socket.binaryType = 'arraybuffer';
    assert_equals(socket.binaryType, 'arraybuffer');
  }, 'it can be set in any state');

  promise_test(async (t) => {
    const data = await echoed(await connected(t, '/echo'), Uint8Array.of(1, 2, 3));
    assert_true(data instanceof Blob);
    assert_equals(Object.getPrototypeOf(data), Blob.prototype);
    assert_equals(data.size, 3);
    assert_equals(data.type, '');
    assert_array_equals(await bytes_of(data), [1, 2, 3]);
  }, 'blob gives a Blob without a type');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const data = await echoed(socket, Uint8Array.of(1, 2, 3));
    assert_equals(Object.getPrototypeOf(data), ArrayBuffer.prototype);
    assert_equals(data.byteLength, 3);
    assert_array_equals(await bytes_of(data), [1, 2, 3]);
  }, 'arraybuffer gives an ArrayBuffer of the length of the message');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const echoes = messages(socket, 2);
    socket.send(Uint8Array.of(1, 2));
    socket.send(Uint8Array.of(3, 4));
    const [one, other] = await echoes;
    new Uint8Array(one).fill(9);
    assert_array_equals(await bytes_of(other), [3, 4]);
    assert_not_equals(one, other);
  }, 'each message has memory of its own');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const blob = await echoed(socket, new ArrayBuffer(0));
    assert_equals(blob.size, 0);
    socket.binaryType = 'arraybuffer';
    assert_equals((await echoed(socket, new ArrayBuffer(0))).byteLength, 0);
  }, 'a message without bytes');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    for (const binaryType of ['blob', 'arraybuffer']) {
      socket.binaryType = binaryType;
      assert_equals(await echoed(socket, 'text'), 'text');
    }
  }, 'text is text with either');

  promise_test(async (t) => {
    // Three binary messages in one piece.
    const socket = connect(t, frames('8201 01 8201 02 8201 03'));
    const classes = [];
    socket.addEventListener('message', ({ data }) => {
      classes.push(data instanceof Blob ? 'Blob' : 'ArrayBuffer');
      socket.binaryType = socket.binaryType === 'blob' ? 'arraybuffer' : 'blob';
    });
    await messages(socket, 3);
    assert_array_equals(classes, ['Blob', 'ArrayBuffer', 'Blob']);
  }, 'it counts when the event is fired, not when the message has come');

  promise_test(async (t) => {
    const socket = connect(t, frames('8201 01'));
    const received = message(socket);
    socket.addEventListener('open', () => { socket.binaryType = 'arraybuffer'; });
    assert_true(await received instanceof ArrayBuffer);
  }, 'it can be set in open for a message that has come with the handshake');

  promise_test(async (t) => {
    const blob = await echoed(await connected(t, '/echo'), Uint8Array.of(1, 2, 3, 4));
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    assert_array_equals(await bytes_of(await echoed(socket, blob.slice(1, 3))), [2, 3]);
  }, 'a Blob that has come can be sent on');
});
