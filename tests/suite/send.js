'use strict';

// https://websockets.spec.whatwg.org/#dom-websocket-send

section('send', () => {
  const bytes = (length) => Uint8Array.from({ length }, (_, index) => index % 251);

  for (const [name, data] of [
    ['a string', 'x'], ['an ArrayBuffer', new ArrayBuffer(1)], ['a view', new Uint8Array(1)], ['a Blob', new Blob(['x'])],
  ]) {
    test((t) => {
      const socket = connect(t, '/echo');
      assert_throws_dom('InvalidStateError', () => socket.send(data));
      assert_equals(socket.bufferedAmount, 0);
    }, `${name} cannot be sent while connecting`);
  }

  test((t) => {
    const socket = connect(t, '/echo');
    assert_throws_js(TypeError, () => socket.send());
    assert_throws_js(TypeError, () => socket.send(Symbol('x')));
  }, 'the argument is converted before the state is looked at');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    assert_throws_js(TypeError, () => socket.send());
    assert_throws_js(TypeError, () => socket.send(Symbol('x')));
    const thrown = new Error('from toString()');
    assert_throws_exactly(thrown, () => socket.send({ toString() { throw thrown; } }));
    assert_equals(socket.bufferedAmount, 0);
    assert_equals(await echoed(socket, 'after'), 'after');
  }, 'what cannot be converted is not sent, and the connection goes on');

  test((t) => {
    assert_equals(connect(t, '/echo').send.length, 1);
  }, 'it takes one argument');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    assert_equals(socket.send('x', 'y'), undefined);
    assert_equals(await message(socket), 'x');
  }, 'it returns undefined, and more arguments mean nothing');

  promise_test(async (t) => {
    const socket = connect(t, '/echo');
    const first = message(socket);
    socket.onopen = () => socket.send('from open');
    assert_equals(await first, 'from open');
  }, 'in a handler of open');

  // ---- text ----

  const texts = [
    ['the empty string', ''],
    ['ASCII', 'hello'],
    ['two, three and four bytes a character', 'é€😀'],
    ['the first and the last of each length', '\u007f\u0080\u07ff\u0800\uffff\u{10000}\u{10ffff}'],
    ['nulls', '\0a\0'],
    ['a byte order mark', '\uFEFFa\uFEFF'],
    ['line ends', 'a\r\nb\rc\n'],
    ['what is no character', '\uFFFE\uFFFF\u{1FFFE}'],
  ];
  for (const [name, text] of texts) {
    promise_test(async (t) => assert_equals(await echoed(await connected(t, '/echo'), text), text), `text: ${name}`);
  }

  const replaced = [
    ['a high surrogate alone', 'a\uD800b', 'a\uFFFDb'],
    ['a low surrogate alone', 'a\uDC00b', 'a\uFFFDb'],
    ['a pair the wrong way round', '\uDC00\uD800', '\uFFFD\uFFFD'],
    ['a high surrogate at the end', 'a\uD83D', 'a\uFFFD'],
    ['a high surrogate before a pair', '\uD83D\u{1F600}', '\uFFFD\u{1F600}'],
  ];
  for (const [name, text, wellFormed] of replaced) {
    promise_test(async (t) => {
      assert_equals(await echoed(await connected(t, '/echo'), text), wellFormed);
    }, `text: ${name} is replaced`);
  }

  for (const length of [125, 126, 127, 65535, 65536, 131072]) {
    promise_test(async (t) => {
      const text = 'abcdefgh'.repeat(length / 8 + 1).slice(0, length);
      assert_true(await echoed(await connected(t, '/echo'), text) === text);
    }, `text of ${length} bytes`);
  }

  const converted = [
    ['a number', 1.5, '1.5'],
    ['minus zero', -0, '0'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a boolean', true, 'true'],
    ['a big integer', 10n, '10'],
    ['an object', {}, '[object Object]'],
    ['an array', [1, [2, 3]], '1,2,3'],
    ['an empty array', [], ''],
    ['a String object', new String('boxed'), 'boxed'],
    ['what toString gives', { toString: () => 'said', valueOf: () => 'meant' }, 'said'],
    ['what Symbol.toPrimitive gives', { [Symbol.toPrimitive]: (hint) => hint }, 'string'],
    ['an object that looks like a buffer', { byteLength: 3, toString: () => 'no buffer' }, 'no buffer'],
    ['an object with the prototype of a Blob', disguised_as(Blob), 'disguised'],
    ['an object with the prototype of a buffer', disguised_as(ArrayBuffer), 'disguised'],
    ['an object with the prototype of a view', disguised_as(DataView), 'disguised'],
  ];
  for (const [name, value, text] of converted) {
    promise_test(async (t) => {
      assert_equals(await echoed(await connected(t, '/echo'), value), text);
    }, `as text: ${name}`);
  }

  function disguised_as({ prototype }) {
    return Object.setPrototypeOf({ toString: () => 'disguised' }, prototype);
  }

  // ---- binary ----

  async function comes_back(t, data, expected) {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const echo = await echoed(socket, data);
    assert_true(echo instanceof ArrayBuffer);
    assert_array_equals(await bytes_of(echo), [...expected]);
  }

  for (const length of [0, 1, 125, 126, 127, 65535, 65536, 131072]) {
    promise_test((t) => comes_back(t, bytes(length).buffer, bytes(length)), `an ArrayBuffer of ${length} bytes`);
    promise_test((t) => comes_back(t, new Blob([bytes(length)]), bytes(length)), `a Blob of ${length} bytes`);
  }

  for (const View of [
    Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array, Float32Array, Float64Array,
    BigInt64Array, BigUint64Array, DataView,
  ]) {
    promise_test((t) => {
      const { buffer } = bytes(64);
      const length = View === DataView ? 16 : 16 / View.BYTES_PER_ELEMENT;
      return comes_back(t, new View(buffer, 8, length), bytes(64).slice(8, 24));
    }, `the part of a buffer that a ${View.name} shows`);
  }

  promise_test((t) => comes_back(t, bytes(9).subarray(3, 6), [3, 4, 5]), 'a part that begins at an odd place');
  promise_test((t) => comes_back(t, bytes(9).subarray(9), []), 'a part without bytes');
  promise_test((t) => comes_back(t, new Blob(['é', bytes(2), new Blob(['a'])]), [0xc3, 0xa9, 0, 1, 0x61]), 'a Blob of several parts');
  promise_test((t) => comes_back(t, new Blob(['abcdef']).slice(1, 4), [0x62, 0x63, 0x64]), 'a part of a Blob');

  promise_test((t) => {
    const { buffer } = bytes(2);
    class Larger extends Uint8Array {
      get byteLength() { return 1000; }
      get byteOffset() { return 7; }
      get buffer() { return new ArrayBuffer(5); }
    }
    return comes_back(t, new Larger(buffer), [0, 1]);
  }, 'what a view says of itself does not matter, but what it is');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const view = Uint8Array.of(1, 2, 3);
    const echo = echoed(socket, view);
    view.fill(9);
    assert_array_equals(await bytes_of(await echo), [1, 2, 3]);
  }, 'what is written into a buffer after the call is not sent');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    assert_throws_js(TypeError, () => socket.send(new SharedArrayBuffer(4)));
    assert_throws_js(TypeError, () => socket.send(new Uint8Array(new SharedArrayBuffer(4))));
    assert_throws_js(TypeError, () => socket.send(new DataView(new SharedArrayBuffer(4))));
    assert_equals(await echoed(socket, 'after'), 'after');
  }, 'shared memory cannot be sent');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const buffer = new ArrayBuffer(2, { maxByteLength: 4 });
    assert_throws_js(TypeError, () => socket.send(buffer));
    assert_throws_js(TypeError, () => socket.send(new Uint8Array(buffer)));
    assert_throws_js(TypeError, () => socket.send(new DataView(buffer, 0, 1)));
    assert_equals(await echoed(socket, 'after'), 'after');
  }, 'memory that can be resized cannot be sent');

  // ---- order ----

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    socket.binaryType = 'arraybuffer';
    const echoes = messages(socket, 7);
    for (const data of [
      'a', new Blob([bytes(70_000)]), 'b', Uint8Array.of(1), new Blob(['x']), new Blob([]), 'c',
    ]) socket.send(data);
    const kinds = (await echoes).map((data) => (typeof data === 'string' ? data : data.byteLength));
    assert_array_equals(kinds, ['a', 70_000, 'b', 1, 1, 0, 'c']);
  }, 'Blobs keep their place among other messages');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const count = 1000;
    const echoes = messages(socket, count);
    for (let number = 0; number < count; number += 1) socket.send(String(number));
    assert_array_equals(await echoes, Array.from({ length: count }, (_, index) => String(index)));
  }, 'a thousand messages in one task arrive in their order');

  promise_test(async (t) => {
    const socket = await connected(t, '/echo');
    const echoes = messages(socket, 3);
    const sizes = [1 << 20, 1, 1 << 18];
    for (const size of sizes) socket.send('x'.repeat(size));
    assert_array_equals((await echoes).map((text) => text.length), sizes);
  }, 'long messages and short ones arrive in their order');

  promise_test(async (t) => {
    const socket = await connected(t, frames('', '&tell'));
    const told = messages(socket, 5);
    for (const data of ['hi', '', Uint8Array.of(1, 255), new ArrayBuffer(0), 'é']) socket.send(data);
    assert_array_equals(await told, ['81 6869', '81 ', '82 01ff', '82 ', '81 c3a9']);
  }, 'text goes in text frames and the rest in binary ones, each whole');

  // ---- when the connection goes ----

  promise_test(async (t) => {
    const id = unique_id();
    const socket = await connected(t, `/tally?id=${id}`);
    socket.close(1000);
    socket.send('too late');
    socket.send(new Blob(['too late']));
    assert_equals(await reported(t, id), '0 messages, 0 bytes, clean 1000 ');
  }, 'after close() nothing is sent, and nothing thrown');

  promise_test(async (t) => {
    const socket = await connected(t, '/close?code=1000');
    await next(socket, 'close');
    assert_equals(socket.send('x'), undefined);
    assert_throws_js(TypeError, () => socket.send(Symbol('x')));
    assert_throws_js(TypeError, () => socket.send());
  }, 'a closed socket still checks its argument');
});
