import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, node } from './world.mjs';

const { TextDecoder, TextEncoder } = await load('encoding');

const bytes = (...values) => new Uint8Array(values);

for (const [whose, Encoder, Decoder] of [['ours', TextEncoder, TextDecoder], ["Node's", node.TextEncoder, node.TextDecoder]]) {
  test(`${whose}: encodes UTF-8`, () => {
    const encoder = new Encoder();
    assert.equal(encoder.encoding, 'utf-8');
    assert.deepEqual(encoder.encode('a\u00e9\u20ac\u{1f600}\ud800'), bytes(
      0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xef, 0xbf, 0xbd,
    ));
    assert.deepEqual(encoder.encode(), bytes());
    assert.deepEqual(encoder.encode(undefined), bytes());
    assert.deepEqual(encoder.encode(1), bytes(0x31));
  });

  test(`${whose}: encodeInto() writes whole code points only`, () => {
    const encoder = new Encoder();
    for (const [text, space, read, written] of [
      ['ab', 1, 1, 1], ['\u00e9', 1, 0, 0], ['\u00e9', 2, 1, 2], ['a\u20ac', 3, 1, 1], ['a\u20ac', 4, 2, 4],
      ['\u{1f600}a', 3, 0, 0], ['\u{1f600}a', 4, 2, 4], ['\u{1f600}a', 5, 3, 5], ['\ud800', 3, 1, 3], ['', 0, 0, 0],
    ]) {
      const destination = new Uint8Array(space + 1).subarray(1);
      const result = encoder.encodeInto(text, destination);
      assert.deepEqual({ ...result }, { read, written }, `${text} into ${space}`);
      assert.deepEqual(destination.subarray(0, written), encoder.encode(text.slice(0, read)));
    }
    assert.throws(() => encoder.encodeInto('a', new Uint8ClampedArray(1)), TypeError);
    assert.throws(() => encoder.encodeInto('a'), TypeError);
  });

  test(`${whose}: decodes all kinds of buffers`, () => {
    const decoder = new Decoder();
    const given = bytes(0x61, 0xc3, 0xa9, 0xff);
    assert.deepEqual([decoder.encoding, decoder.fatal, decoder.ignoreBOM], ['utf-8', false, false]);
    for (const input of [given, given.buffer, new DataView(given.buffer)]) assert.equal(decoder.decode(input), 'a\u00e9\ufffd');
    assert.equal(decoder.decode(given.subarray(1, 3)), '\u00e9');
    assert.equal(decoder.decode(), '');
    assert.throws(() => decoder.decode('text'), TypeError);
    assert.throws(() => decoder.decode({}), TypeError);
  });

  test(`${whose}: knows UTF-8 by its labels`, () => {
    for (const label of ['utf8', ' UTF-8\n', 'unicode-1-1-utf-8', undefined]) assert.equal(new Decoder(label).encoding, 'utf-8');
    assert.throws(() => new Decoder('x-nothing'), RangeError);
    assert.throws(() => new Decoder('\u00a0utf-8'), RangeError);
  });

  test(`${whose}: fatal refuses what is not valid`, () => {
    const decoder = new Decoder('utf-8', { fatal: true });
    assert.equal(decoder.fatal, true);
    assert.equal(decoder.decode(bytes(0x61, 0xef, 0xbf, 0xbd)), 'a\ufffd');
    for (const invalid of [
      [0x80], [0xc0, 0x80], [0xc3], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5], [0xe2, 0x82],
    ]) assert.throws(() => decoder.decode(bytes(...invalid)), TypeError, `${invalid}`);
    assert.equal(decoder.decode(bytes(0x61)), 'a');
  });

  test(`${whose}: the byte order mark goes, unless it is to be ignored`, () => {
    const marked = bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, 0x61);
    assert.equal(new Decoder().decode(marked), '\ufeffa');
    assert.equal(new Decoder('utf-8', { ignoreBOM: true }).decode(marked), '\ufeff\ufeffa');
    const decoder = new Decoder();
    assert.equal(decoder.decode(marked), decoder.decode(marked));
  });

  test(`${whose}: a stream can be cut anywhere`, () => {
    const texts = [
      bytes(0xef, 0xbb, 0xbf, 0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80, 0xef, 0xbb, 0xbf),
      bytes(0xe2, 0x82, 0x61, 0xf0, 0x9f, 0x98, 0xc3, 0xc3, 0xa9, 0xed, 0xa0, 0x80),
      bytes(0xf4, 0x90, 0x80, 0x80, 0xe0, 0x80, 0xf0, 0x80, 0xf0, 0x9f),
      bytes(0xff, 0xf0, 0x90, 0x80, 0x80, 0x80, 0xf1, 0x80, 0xc1, 0xbf, 0xf0, 0x9f, 0x98),
    ];
    for (const text of texts) {
      const expected = new node.TextDecoder().decode(text);
      for (let size = 1; size < text.length; size += 1) {
        const decoder = new Decoder();
        let decoded = '';
        for (let begin = 0; begin < text.length; begin += size) {
          decoded += decoder.decode(text.subarray(begin, begin + size), { stream: true });
        }
        decoded += decoder.decode();
        assert.equal(decoded, expected, `pieces of ${size}`);
      }
    }
  });

  test(`${whose}: a stream that ends within a code point is not valid`, () => {
    const decoder = new Decoder('utf-8', { fatal: true });
    assert.equal(decoder.decode(bytes(0x61, 0xe2, 0x82), { stream: true }), 'a');
    assert.equal(decoder.decode(bytes(0xac), { stream: true }), '\u20ac');
    assert.equal(decoder.decode(bytes(0xe2), { stream: true }), '');
    assert.throws(() => decoder.decode(), TypeError);
    assert.equal(new Decoder().decode(bytes(0xe2, 0x82)), '\ufffd');
  });
}

test('a stream keeps no view of what it was given', () => {
  const decoder = new TextDecoder();
  const given = bytes(0xe2, 0x82);
  decoder.decode(given, { stream: true });
  given.fill(0x61);
  assert.equal(decoder.decode(bytes(0xac)), '\u20ac');
});

test('have the shape that Web IDL gives them', () => {
  checkInterface(assert, TextEncoder, new TextEncoder(), { length: 0, lengths: { encodeInto: 2 } });
  checkInterface(assert, TextDecoder, new TextDecoder(), { length: 0, lengths: {} });
});
