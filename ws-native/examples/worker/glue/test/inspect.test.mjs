import assert from 'node:assert/strict';
import { inspect as nodeInspect } from 'node:util';
import { test } from 'node:test';

import { load } from './world.mjs';

const { inspect } = await load('inspect');

class Point {
  x = 1;
}

test('shows values as Node does', () => {
  const circular = {};
  circular.self = [circular];
  const values = [
    'text', "it's", 'a\nb\\', 1, -0, NaN, 10n, true, null, undefined, Symbol('s'), [], [1, 'a', null], {},
    { a: 1, 'b-c': { d: [2] }, [Symbol('s')]: 3 }, new Point(), Object.create(null), new Map([['a', { b: 1 }], [{}, 2]]),
    new Set([1, 'b']), new Map(), new Uint8Array([1, 2]), new Float64Array(0), new Date(0), /a\/b/gi,
    function named() {}, () => {}, Point, { get a() { return 1; }, set b(value) {}, get c() { return 1; }, set c(value) {} },
    [[[[]]]], Object.assign([1], { extra: 2 }), async () => {},
  ];
  for (const value of values) {
    assert.equal(inspect(value), nodeInspect(value, { depth: 9 }));
  }
});

test('shows errors with their stack, cause and own properties', () => {
  const error = new RangeError('what', { cause: 'why' });
  error.code = 7;
  const shown = inspect(error);
  assert.match(shown, /^RangeError: what\n +at .*inspect\.test\.mjs[^]*\{ code: 7, \[cause\]: 'why' \}$/);
  error.stack = '    at f (file:1:2)\n';
  assert.equal(inspect(error), "RangeError: what\n    at f (file:1:2) { code: 7, [cause]: 'why' }");
  error.stack = undefined;
  assert.match(inspect(error), /^RangeError: what \{/);
});

test('an object within itself is not walked again', () => {
  const object = { a: 1 };
  object.self = object;
  const shared = {};
  assert.equal(inspect(object), '{ a: 1, self: [Circular] }');
  assert.equal(inspect([shared, shared]), '[ {}, {} ]');
});

test('what is deep, long or many is cut', () => {
  assert.equal(inspect([[[[[[1]]]]]]), '[ [ [ [ [ [Array] ] ] ] ] ]');
  assert.match(inspect(Array(101).fill(1)), /, 1,\n  \.\.\. 1 more\n\]$/);
  assert.doesNotMatch(inspect(Array(100).fill(1)), /more/);
  assert.match(inspect(new Set(Array(102).keys())), /^Set\(102\) \{[^]*\.\.\. 2 more\n\}$/);
  assert.match(inspect('x'.repeat(10_001)), /^'x+'\.\.\. 1 more characters$/);
  assert.doesNotMatch(inspect('x'.repeat(10_000)), /more/);
  assert.equal(inspect([, 1]), '[ <empty>, 1 ]');
});

test('long lists have lines, and short items rows', () => {
  const word = 'a'.repeat(40);
  assert.equal(inspect([word, { word }]), `[\n  '${word}',\n  { word: '${word}' }\n]`);
  assert.equal(inspect([word, { word, b: word }]), `[\n  '${word}',\n  {\n    word: '${word}',\n    b: '${word}'\n  }\n]`);
  assert.equal(inspect(new Uint8Array(40)).split('\n').length, 5);
});

test('runs no getter, and stands a Proxy that throws', () => {
  const fail = () => {
    throw new Error('trap');
  };
  assert.equal(inspect({ get a() { return fail(); } }), '{ a: [Getter] }');
  assert.equal(inspect([new Proxy({}, { getPrototypeOf: fail, ownKeys: fail })]), '[ [unreadable] ]');
});
