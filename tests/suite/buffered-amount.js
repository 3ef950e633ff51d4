'use strict';

// https://websockets.spec.whatwg.org/#dom-websocket-bufferedamount

section('bufferedAmount', () => {
  /** Waits until all is with the network. */
  async function drained(socket) {
    while (socket.bufferedAmount > 0) await task();
  }

  const sizes = [
    ['nothing for the empty string', '', 0],
    ['a byte for each character of ASCII', 'hello', 5],
    ['two bytes for a character', 'é', 2],
    ['three bytes for a character', '€', 3],
    ['four bytes for a surrogate pair', '😀', 4],
    ['three bytes for a lone surrogate', '\uD800', 3],
    ['as many as the string has once converted', 12345, 5],
    ['no framing at 125 bytes', 'x'.repeat(125), 125],
    ['no framing at 126 bytes', 'x'.repeat(126), 126],
    ['no framing at 65535 bytes', 'x'.repeat(65535), 65535],
    ['no framing at 65536 bytes', 'x'.repeat(65536), 65536],
    ['the length of an ArrayBuffer', new ArrayBuffer(1000), 1000],
    ['nothing for an empty ArrayBuffer', new ArrayBuffer(0), 0],
    ['the length of a view, not of its buffer', new Uint8Array(new ArrayBuffer(1000), 10, 20), 20],
    ['bytes of a view, not elements', new Float64Array(3), 24],
    ['the length of a DataView', new DataView(new ArrayBuffer(1000), 1, 7), 7],
    ['the size of a Blob', new Blob(['é', new Uint8Array(10)]), 12],
  ];
  for (const [name, data, size] of sizes) {
    promise_test(async (t) => {
      const socket = await connected(t, '/echo');
      socket.send(data);
      assert_equals(socket.bufferedAmount, size);
    }, name);
  }

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const amounts = [];
    for (const data of ['ab', new Uint8Array(3), new Blob(['abcd']), '', new ArrayBuffer(5)]) {
      socket.send(data);
      amounts.push(socket.bufferedAmount);
    }
    assert_array_equals(amounts, [2, 5, 9, 9, 14]);
  }, 'it adds up within a task');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.send('x'.repeat(100));
    for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
    assert_equals(socket.bufferedAmount, 100);
  }, 'it does not fall within a task, whatever its microtasks do');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    await echoed(socket, 'x'.repeat(1000));
    await drained(socket);
    assert_equals(socket.bufferedAmount, 0);
    socket.send('abc');
    assert_equals(socket.bufferedAmount, 3);
  }, 'it falls to zero, and begins anew');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const echo = echoed(socket, new Blob([new Uint8Array(100_000)]));
    assert_equals(socket.bufferedAmount, 100_000);
    await echo;
    await drained(socket);
  }, 'it falls for Blobs, too');

  promise_test(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/hold?id=${id}`);
    const size = 32 << 20;
    const echo = echoed(socket, new ArrayBuffer(size));
    assert_equals(socket.bufferedAmount, size);
    await settle(t);
    assert_true(socket.bufferedAmount > 0, 'while the server does not read');
    assert_true(socket.bufferedAmount <= size);
    await connected(t, `/release?id=${id}`);
    await echo;
    await drained(socket);
  }, 'it does not fall to zero while the server does not read');

  promise_test(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/hold?id=${id}`);
    socket.send(new ArrayBuffer(32 << 20));
    await settle(t);
    const before = socket.bufferedAmount;
    socket.send('abc');
    assert_equals(socket.bufferedAmount, before + 3);
    await connected(t, `/release?id=${id}`);
  }, 'it grows while other messages wait');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.close();
    socket.send('abc');
    assert_equals(socket.bufferedAmount, 3, 'text');
    socket.send(new Uint8Array(new ArrayBuffer(10), 2, 4));
    assert_equals(socket.bufferedAmount, 7, 'a view');
    socket.send(new Blob(['12345']));
    assert_equals(socket.bufferedAmount, 12, 'a Blob');
    socket.send('é');
    assert_equals(socket.bufferedAmount, 14, 'text that is not ASCII');
  }, 'it grows by what is sent after close()');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.close();
    socket.send('abc');
    await next(socket, 'close');
    assert_equals(socket.bufferedAmount, 3, 'in the close event');
    await task();
    assert_equals(socket.bufferedAmount, 3, 'after it');
    socket.send('de');
    assert_equals(socket.bufferedAmount, 5, 'and more');
    await task();
    assert_equals(socket.bufferedAmount, 5, 'later');
  }, 'it never falls again once the connection is closed');

  promise_test(async (t) => {
    const socket = connect(t, '/status?code=404');
    await next(socket, 'close');
    socket.send('abc');
    assert_equals(socket.bufferedAmount, 3);
  }, 'it grows on a socket that was never open');

  promise_test(async (t) => {
    const socket = connect(t, '/silent');
    socket.close();
    socket.send('abc');
    assert_equals(socket.bufferedAmount, 3);
    await next(socket, 'close');
    assert_equals(socket.bufferedAmount, 3);
  }, 'it grows on a socket that was closed while connecting');

  test((t) => {
    const socket = connect(t, '/echo');
    assert_false(Reflect.set(socket, 'bufferedAmount', 1));
    assert_equals(socket.bufferedAmount, 0);
  }, 'it cannot be set');
});
