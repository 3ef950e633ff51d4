'use strict';

// What close(), a Close frame and the loss of the connection lead to:
// https://websockets.spec.whatwg.org/#feedback-from-the-protocol

section('closing', () => {
  /** A Close frame in hexadecimal. */
  function close_frame(code, reason = '') {
    const body = code === undefined ? [] : [code >> 8, code & 0xff, ...Array.from(reason, (character) => character.charCodeAt(0))];
    return hex([0x88, body.length, ...body]);
  }

  promise_test(async (t) => {
    const socket = connect(t, '/silent');
    const told = story(socket);
    socket.close();
    assert_array_equals(await told, FAILURE);
  }, 'a connecting socket fails');

  promise_test(async (t) => {
    const socket = connect(t, '/silent');
    const told = story(socket);
    socket.close(4000, 'not to be seen');
    assert_array_equals(await told, FAILURE);
  }, 'a connecting socket has no use for code and reason');

  promise_test(async (t) => {
    let synchronous = true;
    const socket = connect(t, '/silent');
    // What a handler throws, the host keeps to itself.
    const told = [];
    socket.onerror = socket.onclose = ({ type }) => told.push(`${type} ${synchronous ? 'at once' : 'later'}`);
    const closed = next(socket, 'close');
    socket.close();
    synchronous = false;
    await closed;
    assert_array_equals(told, ['error later', 'close later']);
  }, 'the events of a connecting socket come later');

  promise_test(async (t) => {
    const socket = connect(t, '/echo');
    const told = story(socket);
    socket.close();
    assert_array_equals(await told, FAILURE);
    await settle(t);
    assert_array_equals(await told, FAILURE);
  }, 'a socket closed at once is never open');

  promise_test(async (t) => {
    const socket = connect(t, '/echo');
    const told = story(socket);
    socket.close(1000, 'first');
    socket.close(3000, 'second');
    socket.close();
    assert_array_equals(await told, FAILURE);
  }, 'a connecting socket fails once');

  promise_test(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/report?id=${id}`);
    const told = story(socket);
    socket.close(3000, 'first');
    socket.close(4000, 'second');
    assert_array_equals(await told, ['close 3000 "" clean']);
    assert_equals(await reported(t, id), 'clean 3000 first');
  }, 'the first call counts');

  promise_test(async (t) => {
    let synchronous = true;
    const socket = await connected(t, '/echo');
    const closed = new Promise((resolve) => { socket.onclose = () => resolve(synchronous); });
    socket.close();
    synchronous = false;
    assert_false(await closed);
  }, 'the close event comes later');

  promise_test(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/tally?id=${id}`);
    socket.send('x'.repeat(3_000_000));
    socket.send(new Uint8Array(1_000_000));
    for (let number = 0; number < 100; number += 1) socket.send('ten bytes.');
    socket.close(1000);
    assert_equals(await reported(t, id), '102 messages, 4001000 bytes, clean 1000 ');
  }, 'what was sent before goes out before');

  promise_test(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/tally?id=${id}`);
    socket.send(new Blob([new Uint8Array(500_000)]));
    socket.send('text');
    socket.send(new Blob(['x']));
    socket.close(3000, 'done');
    assert_equals(await reported(t, id), '3 messages, 500005 bytes, clean 3000 done');
  }, 'Blobs that were sent before go out before');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const told = story(socket);
    socket.send('comes back too late');
    socket.close();
    assert_array_equals(await told, ['close 1005 "" clean']);
  }, 'no message is received after close()');

  promise_test(async (t) => {
    const socket = connect(t, '/burst?count=100');
    const told = story(socket);
    socket.addEventListener('message', ({ data }) => {
      if (data === '2') socket.close();
    });
    assert_array_equals(await told, ['open', 'message 0', 'message 1', 'message 2', 'close 1005 "" clean']);
  }, 'messages that have come already are not received after close()');

  // ---- by the server ----

  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]) {
    promise_test(async (t) => {
      const told = await story_of(t, frames(close_frame(code, 'why')));
      assert_array_equals(told, ['open', `close ${code} "why" clean`]);
    }, `the server closes with ${code}`);
  }

  for (const [name, body, event] of [
    ['without a code', '8800', 'close 1005 "" clean'],
    ['without a reason', '8802 03e8', 'close 1000 "" clean'],
    ['with a reason of 123 bytes', `887d 03e8 ${'61'.repeat(123)}`, `close 1000 "${'a'.repeat(123)}" clean`],
    ['with a reason that is not ASCII', '8807 0bb8 c3a9 e282ac', 'close 3000 "é€" clean'],
    ['with a null in the reason', '8805 03e8 61 00 62', 'close 1000 "a\\u0000b" clean'],
  ]) {
    promise_test(async (t) => {
      assert_array_equals(await story_of(t, frames(body)), ['open', event]);
    }, `the server closes ${name}`);
  }

  promise_test(async (t) => {
    const told = await story_of(t, frames(`8101 61 8101 62 ${close_frame(1000)}`));
    assert_array_equals(told, ['open', 'message a', 'message b', 'close 1000 "" clean']);
  }, 'what comes in one piece with a Close frame and before it counts');

  promise_test(async (t) => {
    assert_array_equals(await story_of(t, '/order'), [
      'open', 'message one', 'message two', 'message three', 'close 1000 "done" clean',
    ]);
  }, 'all messages before the end come before close');

  promise_test(async (t) => {
    assert_array_equals(await story_of(t, '/close?code=4321&reason=bye'), ['open', 'close 4321 "bye" clean']);
    await settle(t);
  }, 'the server closes a connection that nothing was sent on');

  promise_test(async (t) => {
    const socket = connect(t, '/close?code=3333');
    socket.onopen = () => socket.close(4444, 'mine');
    const { code, wasClean } = await next(socket, 'close');
    assert_equals(code, 3333);
    assert_true(wasClean);
  }, 'when both close, the code is that of the server');

  for (const [name, frame] of [
    ['whose reason is not UTF-8', '8804 03e8 c328'], ['whose reason ends within a character', '8804 03e8 e282'],
    ['of 126 bytes', `887e 007e 03e8 ${'61'.repeat(124)}`], ['in two fragments', '0802 03e8 8000'],
  ]) {
    promise_test(async (t) => {
      const socket = connect(t, frames('', `&then=${frame.replaceAll(' ', '')}`));
      socket.onopen = () => socket.send('now');
      assert_array_equals(await story(socket), ['open', ...FAILURE]);
    }, `it fails: a Close frame ${name}`);
  }

  // ---- by nobody ----

  promise_test(async (t) => {
    const socket = await connected(t, '/drop');
    const closed = next(socket, 'close');
    socket.send('x');
    const { code, reason, wasClean } = await closed;
    assert_equals(code, 1006);
    assert_equals(reason, '');
    assert_false(wasClean);
  }, 'a connection that ends without a Close frame was not closed cleanly');

  promise_test(async (t) => {
    const socket = connect(t, '/close?code=1000');
    let closings = 0;
    socket.addEventListener('close', () => { closings += 1; });
    await next(socket, 'close');
    socket.close();
    await settle(t);
    assert_equals(closings, 1);
  }, 'close is fired once');
});
