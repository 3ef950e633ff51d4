import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  lengthOfBytes,
  toByteString,
  toClampedUnsignedShort,
  toDOMString,
  toMessage,
  toUnsignedShort,
  toUSVString,
  toWebSocketInit,
  viewOfBytes,
} from '../src/webidl.js';

describe('strings', () => {
  test('a USVString has U+FFFD for each lone surrogate and keeps pairs', () => {
    assert.equal(toUSVString('a\uD800x\uDC00 \u{1F600}'), 'a\uFFFDx\uFFFD \u{1F600}');
  });

  test('conversion does not depend on what a program has made of String.prototype', (t) => {
    t.mock.method(String.prototype, 'toWellFormed', () => assert.fail());
    assert.equal(toUSVString('a\uD800'), 'a\uFFFD');
    assert.equal(toMessage('a\uD800'), 'a\uFFFD');
  });

  test('anything but a Symbol becomes a string', () => {
    assert.equal(toDOMString(null), 'null');
    assert.equal(toDOMString({ toString: () => 'x' }), 'x');
    assert.throws(() => toDOMString(Symbol('x')), TypeError);
    assert.throws(() => toUSVString(Symbol('x')), TypeError);
  });

  test('a ByteString ends at 255', () => {
    assert.equal(toByteString('\u00ff'), '\u00ff');
    assert.throws(() => toByteString('a\u0100', 'x'), { name: 'TypeError', message: 'character 1 of x is greater than 255' });
  });
});

describe('numbers', () => {
  const clamped = [
    [NaN, 0], [undefined, 0], [null, 0], ['x', 0], [-1, 0], [-Infinity, 0], [Infinity, 65535], [65535, 65535],
    [65536, 65535], [66536, 65535], [0.5, 0], [1.5, 2], [2.5, 2], [2.5000001, 3], [999.5, 1000], [1000.5, 1000],
    [65534.5, 65534], [65535.5, 65535], ['3000', 3000], [true, 1], [{ valueOf: () => 4999 }, 4999],
  ];
  for (const [value, expected] of clamped) {
    test(`[Clamp] unsigned short of ${typeof value} ${String(value)} is ${expected}`, () => {
      assert.ok(Object.is(toClampedUnsignedShort(value), expected));
    });
  }

  const wrapped = [[65536, 0], [66536, 1000], [-1, 65535], [-65536, 0], [1.9, 1], [-0.5, 0], [NaN, 0], [Infinity, 0], ['7', 7]];
  for (const [value, expected] of wrapped) {
    test(`unsigned short of ${String(value)} is ${expected}`, () => {
      assert.equal(toUnsignedShort(value), expected);
      assert.ok(!Object.is(toUnsignedShort(value), -0));
    });
  }

  test('a BigInt or a Symbol is no number', () => {
    for (const value of [1000n, Symbol('x')]) {
      assert.throws(() => toClampedUnsignedShort(value), TypeError);
      assert.throws(() => toUnsignedShort(value), TypeError);
    }
  });
});

describe("the constructor's second argument", () => {
  const lists = [
    ['nothing', undefined, []],
    ['null', null, []],
    ['a string', 'a', ['a']],
    ['an empty string', '', ['']],
    ['a number', 7, ['7']],
    ['an array', ['a', 7], ['a', '7']],
    ['an iterable', new Set(['a', 'b']), ['a', 'b']],
    ['a String object, which is iterable', new String('ab'), ['a', 'b']],
  ];
  const dictionaries = [
    ['a dictionary with a string', { protocols: 'a' }, ['a']],
    ['a dictionary with a list', { protocols: ['a', 'b'] }, ['a', 'b']],
    ['an empty dictionary', {}, []],
    ['an object whose Symbol.iterator is null', { [Symbol.iterator]: null, protocols: 'a' }, ['a']],
  ];
  for (const [name, value, protocols] of lists) {
    test(name, () => assert.deepEqual(toWebSocketInit(value), { protocols, headers: [] }));
  }
  for (const [name, dictionary, protocols] of dictionaries) {
    test(name, () => assert.deepEqual(toWebSocketInit(dictionary), { protocols, headers: [], dictionary }));
  }

  test('headers are a record or a sequence of pairs', () => {
    const headers = [['A', '1'], ['b', '2']];
    assert.deepEqual(toWebSocketInit({ headers: { A: 1, b: '2' } }).headers, headers);
    assert.deepEqual(toWebSocketInit({ headers: { A: ['1', '2'] } }).headers, [['A', '1,2']]);
    assert.deepEqual(toWebSocketInit({ headers: { cookie: ['a=1', 'b=2'] } }).headers, [['cookie', 'a=1; b=2']]);
    assert.deepEqual(toWebSocketInit({ headers }).headers, headers);
    assert.deepEqual(toWebSocketInit({ headers: new Map(headers) }).headers, headers);
    assert.deepEqual(toWebSocketInit({ headers: new Headers(headers) }).headers, [['a', '1'], ['b', '2']]);
  });

  test('headers of another shape are a TypeError', () => {
    for (const headers of [null, 'a: b', 1, [['a']], [['a', 'b', 'c']], ['ab'], { a: '\u0100' }, { [Symbol('x')]: 'y' }]) {
      assert.throws(() => toWebSocketInit({ headers }), TypeError);
    }
  });

  test('members are read in lexicographical order', () => {
    const read = [];
    toWebSocketInit({
      get protocols() { return read.push('protocols'), undefined; },
      get headers() { return read.push('headers'), undefined; },
    });
    assert.deepEqual(read, ['headers', 'protocols']);
  });

  test('an iterator is not closed when an item cannot be converted', () => {
    let closed = 0;
    const iterator = { next: () => ({ done: false, value: Symbol('x') }), return: () => { closed += 1; return {}; } };
    assert.throws(() => toWebSocketInit({ [Symbol.iterator]: () => iterator }), TypeError);
    assert.equal(closed, 0);
  });

  test('an iterator that is none is a TypeError', () => {
    for (const iterator of [1, {}, { next: 1 }, { next: () => 1 }]) {
      assert.throws(() => toWebSocketInit({ [Symbol.iterator]: () => iterator }), TypeError);
    }
  });

  test('what cannot be converted is a TypeError', () => {
    for (const value of [Symbol('x'), [Symbol('x')], { [Symbol.iterator]: 1 }, { protocols: [Symbol('x')] }]) {
      assert.throws(() => toWebSocketInit(value), TypeError);
    }
  });
});

describe('the argument of send()', () => {
  test('a view sends its window only', () => {
    const { buffer } = new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(toMessage(new Uint8Array(buffer, 2, 3)), new Uint8Array([2, 3, 4]));
    assert.deepEqual(toMessage(new DataView(buffer, 6)), new Uint8Array([6, 7]));
    assert.deepEqual(toMessage(new Uint16Array(buffer, 4, 1)), new Uint8Array([4, 5]));
    assert.deepEqual(toMessage(buffer).length, 8);
  });

  test('a Blob stays a Blob', () => {
    const blob = new Blob(['x']);
    assert.equal(toMessage(blob), blob);
  });

  test('everything else is text', () => {
    assert.equal(toMessage(null), 'null');
    assert.equal(toMessage(undefined), 'undefined');
    assert.equal(toMessage({}), '[object Object]');
    assert.equal(toMessage([1, 2]), '1,2');
    assert.equal(toMessage('\uD800'), '\uFFFD');
    assert.throws(() => toMessage(Symbol('x')), TypeError);
  });

  test('shared and resizable memory is refused', () => {
    assert.throws(() => toMessage(new SharedArrayBuffer(1)), TypeError);
    assert.throws(() => toMessage(new Uint8Array(new SharedArrayBuffer(1))), TypeError);
    assert.throws(() => toMessage(new Uint8Array(new ArrayBuffer(1, { maxByteLength: 2 }))), TypeError);
  });

  test('a detached buffer has no bytes', () => {
    const buffer = new ArrayBuffer(8);
    const view = new Uint8Array(buffer);
    const dataView = new DataView(buffer, 2, 4);
    structuredClone(buffer, { transfer: [buffer] });
    assert.equal(toMessage(buffer).length, 0);
    assert.equal(toMessage(view).length, 0);
    assert.equal(toMessage(dataView).length, 0);
  });

  test('a view is what it is, and not what it says of itself', () => {
    class Larger extends Uint8Array {
      get byteLength() { return 1000; }
      get byteOffset() { return 7; }
      get buffer() { return new ArrayBuffer(5); }
    }
    assert.deepEqual(toMessage(new Larger([1, 2])), new Uint8Array([1, 2]));
  });

  test('an array of bytes that the host has made is not made anew, but where it has no bytes', () => {
    for (const bytes of [new Uint8Array([1, 2]), Buffer.from('ab'), new Uint8Array(new ArrayBuffer(4), 4)]) {
      assert.equal(toMessage(bytes), bytes);
    }
    const empty = new Uint8Array(0);
    assert.deepEqual(toMessage(empty), empty);
  });

  test('properties of its own change nothing of how many bytes an array has', () => {
    const bytes = Object.defineProperties(new Uint8Array([1, 2, 3]).subarray(1), {
      length: { value: 1000 },
      byteLength: { get: () => assert.fail() },
      byteOffset: { value: 7 },
      buffer: { value: new ArrayBuffer(5) },
    });
    assert.equal(toMessage(bytes), bytes);
    assert.equal(lengthOfBytes(bytes), 2);
    assert.deepEqual(viewOfBytes(bytes), new Uint8Array([2, 3]));
  });

  test('an object with the prototype of a Blob or a buffer is none', () => {
    for (const { prototype } of [Blob, ArrayBuffer]) {
      assert.equal(toMessage(Object.setPrototypeOf({ toString: () => 'text' }, prototype)), 'text');
    }
  });
});
