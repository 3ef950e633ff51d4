'use strict';

// wss: the same over TLS

section('wss', () => {
  const secure = (path) => `${SUITE.secure}${path}`;

  promise_test(async (t) => {
    const socket = open_socket(t, secure('/echo'));
    await next(socket, 'open');
    assert_equals(socket.url, secure('/echo'));
    assert_equals(await echoed(socket, 'é'), 'é');
    socket.binaryType = 'arraybuffer';
    assert_array_equals(await bytes_of(await echoed(socket, Uint8Array.of(0, 255))), [0, 255]);
  }, 'text and bytes go to and fro');

  promise_test(async (t) => {
    const event = await next(open_socket(t, secure('/send?text=x')), 'message');
    assert_equals(event.origin, SUITE.secure);
  }, 'the origin of a message is that of the address');

  promise_test(async (t) => {
    const socket = open_socket(t, secure('/echo').replace('wss:', 'https:'));
    assert_equals(socket.url, secure('/echo'));
    await next(socket, 'open');
    assert_equals(await echoed(socket, 'x'), 'x');
  }, 'an https address can be connected to');

  promise_test(async (t) => {
    const socket = open_socket(t, secure('/echo').replace('localhost', '127.0.0.1'));
    await next(socket, 'open');
    assert_equals(await echoed(socket, 'x'), 'x');
  }, 'an address can be connected to where the certificate has it');

  promise_test(async (t) => {
    const socket = open_socket(t, secure('/echo'));
    await next(socket, 'open');
    const sizes = [1, 16_384, 16_385, 1 << 20];
    const echoes = messages(socket, sizes.length);
    for (const size of sizes) socket.send(new Uint8Array(size));
    assert_array_equals((await echoes).map(({ size }) => size), sizes);
  }, 'messages longer than a record');

  promise_test(async (t) => {
    assert_array_equals(await story(open_socket(t, secure('/order'))), [
      'open', 'message one', 'message two', 'message three', 'close 1000 "done" clean',
    ]);
  }, 'the server closes');

  promise_test(async (t) => {
    const socket = open_socket(t, secure('/echo'));
    await next(socket, 'open');
    const told = story(socket);
    socket.close(4000, 'bye');
    assert_array_equals(await told, ['close 4000 "" clean']);
  }, 'the client closes');

  promise_test(async (t) => {
    const { port } = new URL(SUITE.server);
    assert_array_equals(await story(open_socket(t, `wss://127.0.0.1:${port}/echo`)), FAILURE);
  }, 'it fails: the server speaks no TLS');

  promise_test(async (t) => {
    const { port } = new URL(SUITE.secure);
    assert_array_equals(await story(open_socket(t, `ws://127.0.0.1:${port}/echo`)), FAILURE);
  }, 'it fails: the server speaks TLS and the client does not');

  promise_test(async (t) => {
    assert_array_equals(await story(open_socket(t, SUITE.refused.replace('ws:', 'wss:'))), FAILURE);
  }, 'it fails: nobody listens');

  promise_test(async (t) => {
    const socket = open_socket(t, secure('/silent'));
    const told = story(socket);
    socket.close();
    assert_array_equals(await told, FAILURE);
  }, 'a connecting socket can be closed');

  promise_test(async (t) => {
    assert_array_equals(await story(open_socket(t, secure('/status?code=302'))), FAILURE);
  }, 'no redirect is followed');

  promise_test(async (t) => {
    const head = await message(open_socket(t, secure('/head'), ['a', 'b']));
    assert_true(head.includes(`\r\nHost: ${new URL(SUITE.secure.replace('wss:', 'https:')).host}\r\n`), head);
    assert_true(head.includes('\r\nSec-WebSocket-Protocol: a, b\r\n'), head);
  }, 'the request is the same');
});
