import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, node } from './world.mjs';

const { Blob, blobOfBytes, bytesOfBlob } = await load('blob');

const bytes = (...values) => new Uint8Array(values);
const contentOf = async (blob) => [...new Uint8Array(await blob.arrayBuffer())];

for (const [whose, Class] of [['ours', Blob], ["Node's", node.Blob]]) {
  test(`${whose}: is made of strings, buffers, views and blobs`, async () => {
    const view = bytes(9, 1, 2, 9).subarray(1, 3);
    const blob = new Class(['a\u00e9', view, bytes(3).buffer, new DataView(bytes(4, 5).buffer, 1), new Class(['b']), 6]);
    assert.deepEqual(await contentOf(blob), [0x61, 0xc3, 0xa9, 1, 2, 3, 5, 0x62, 0x36]);
    assert.equal(blob.size, 9);
    assert.deepEqual(await contentOf(new Class()), []);
    assert.deepEqual(await contentOf(new Class(['\ud800'])), [0xef, 0xbf, 0xbd]);
  });

  test(`${whose}: keeps what the bytes were, and gives copies of them`, async () => {
    const given = bytes(1, 2);
    const blob = new Class([given]);
    given[0] = 9;
    new Uint8Array(await blob.arrayBuffer())[1] = 9;
    assert.deepEqual(await contentOf(blob), [1, 2]);
  });

  test(`${whose}: any iterable object is a sequence of parts, and nothing else`, async () => {
    assert.deepEqual(await contentOf(new Class(new Set(['a', 'b']))), [0x61, 0x62]);
    for (const value of [1, 'text', {}, null]) assert.throws(() => new Class(value), TypeError);
    assert.throws(() => new Class([], 1), TypeError);
    assert.throws(() => new Class([Symbol('x')]), TypeError);
  });

  test(`${whose}: the type is in small letters, or none where it has other characters`, () => {
    assert.equal(new Class([], { type: 'Text/Plain; A=B' }).type, 'text/plain; a=b');
    assert.equal(new Class([], { type: 'text/\u00e9' }).type, '');
    assert.equal(new Class([]).type, '');
  });

  test(`${whose}: endings are made native, or left`, async () => {
    const text = 'a\r\nb\nc\r\n\r\n';
    assert.equal(await new Class([text], { endings: 'native' }).text(), 'a\nb\nc\n\n');
    assert.equal(await new Class([text]).text(), text);
    assert.throws(() => new Class([], { endings: 'other' }), TypeError);
  });

  test(`${whose}: slice() counts from both ends`, async () => {
    const blob = new Class([bytes(0, 1, 2, 3, 4)], { type: 'a/b' });
    const cases = [
      [[], [0, 1, 2, 3, 4]], [[1], [1, 2, 3, 4]], [[1, 3], [1, 2]], [[-2], [3, 4]], [[1, -1], [1, 2, 3]], [[3, 1], []],
      [[-9, 9], [0, 1, 2, 3, 4]], [[9], []], [[undefined, 2], [0, 1]],
    ];
    for (const [parameters, expected] of cases) {
      assert.deepEqual(await contentOf(blob.slice(...parameters)), expected, `${parameters}`);
    }
    assert.deepEqual(await contentOf(blob.slice(1, 4).slice(1, 2)), [2]);
    assert.equal(blob.slice().type, '');
    assert.equal(blob.slice(0, 1, 'C/D').type, 'c/d');
  });

  test(`${whose}: text() is UTF-8 without the byte order mark`, async () => {
    assert.equal(await new Class([bytes(0xef, 0xbb, 0xbf, 0x61, 0xff)]).text(), 'a\ufffd');
    assert.equal(await new Class(['\u{1f600}']).text(), '\u{1f600}');
  });

  test(`${whose}: stream() gives the bytes`, async () => {
    const content = new Uint8Array(70_000).map((_, index) => index);
    const blob = new Class([content]);
    const received = [];
    for await (const chunk of blob.stream()) {
      assert.ok(chunk instanceof Uint8Array);
      received.push(...chunk);
    }
    assert.deepEqual(received, [...content]);
    for await (const chunk of new Class().stream()) assert.fail(`${chunk.length} bytes of nothing`);
  });
}

// Node aborts when it is given what is no integer, and has no bytes() in this version.
test('slice() rounds to the nearest integer', async () => {
  const blob = new Blob([bytes(0, 1, 2, 3)]);
  assert.deepEqual(await contentOf(blob.slice(0.5, 1.5)), [0, 1]);
  assert.deepEqual(await contentOf(blob.slice(0.6, 2.4)), [1]);
  assert.deepEqual(await contentOf(blob.slice(NaN, 1)), [0]);
});

// Node leaves a lone carriage return.
test('a carriage return alone is a line ending, too', async () => {
  assert.equal(await new Blob(['a\rb\r\r\n', '\r', '\n'], { endings: 'native' }).text(), 'a\nb\n\n\n\n');
});

test('bytes() gives a copy', async () => {
  const blob = new Blob([bytes(1, 2)]);
  (await blob.bytes())[0] = 9;
  assert.deepEqual(await blob.bytes(), bytes(1, 2));
});

test('is made of bytes, and gives them, without a copy', () => {
  const given = bytes(1, 2);
  const blob = blobOfBytes(given);
  assert.equal(bytesOfBlob(blob), given);
  assert.deepEqual([blob.size, blob.type], [2, '']);
  assert.equal(bytesOfBlob(blob.slice(1)).buffer, given.buffer);
  assert.throws(() => bytesOfBlob({}), TypeError);
});

test('refuses shared and resizable memory', () => {
  assert.throws(() => new Blob([new SharedArrayBuffer(1)]), TypeError);
  assert.throws(() => new Blob([new Uint8Array(new SharedArrayBuffer(1))]), TypeError);
  assert.throws(() => new Blob([new ArrayBuffer(1, { maxByteLength: 2 })]), TypeError);
});

test('has the shape that Web IDL gives it', () => {
  checkInterface(assert, Blob, new Blob(), { length: 0, lengths: {} });
});
