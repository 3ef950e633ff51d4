import assert from 'node:assert/strict';
import { test } from 'node:test';

import { load, node } from './world.mjs';

const { URLSearchParams } = await load('url');

for (const [whose, Class] of [['ours', URLSearchParams], ["Node's", node.URLSearchParams]]) {
  test(`${whose}: parses a query`, () => {
    const cases = [
      ['', []], ['?', []], ['a', [['a', '']]], ['?a=b', [['a', 'b']]], ['??a', [['?a', '']]], ['&&a=b&&', [['a', 'b']]],
      ['=', [['', '']]], ['=b', [['', 'b']]], ['a=b=c', [['a', 'b=c']]], ['a+b=c+d', [['a b', 'c d']]],
      ['a=%c3%A9', [['a', '\u00e9']]], ['a=%', [['a', '%']]], ['a=%4', [['a', '%4']]], ['a=%zz%41', [['a', '%zzA']]],
      ['a=%ff', [['a', '\ufffd']]], ['a=\u00e9', [['a', '\u00e9']]], ['%ef%bb%bfa=b', [['\ufeffa', 'b']]],
      ['a=\ud800', [['a', '\ufffd']]],
    ];
    for (const [query, expected] of cases) assert.deepEqual([...new Class(query)], expected, query);
  });

  test(`${whose}: is made of pairs, a record, or another one`, () => {
    assert.deepEqual([...new Class([['a', 1], new Set(['b', 'c'])])], [['a', '1'], ['b', 'c']]);
    assert.deepEqual([...new Class({ a: 1, b: 'c' })], [['a', '1'], ['b', 'c']]);
    assert.deepEqual([...new Class(new Class('a=b&a=c'))], [['a', 'b'], ['a', 'c']]);
    assert.deepEqual([...new Class()], []);
    assert.deepEqual([...new Class(undefined)], []);
    assert.deepEqual([...new Class(null)], Class === node.URLSearchParams ? [] : [['null', '']]);
    for (const value of [[['a']], [['a', 'b', 'c']], [1], { [Symbol.iterator]: 1 }, { [Symbol('x')]: 'a' }]) {
      assert.throws(() => new Class(value), TypeError);
    }
  });

  test(`${whose}: serializes what it has`, () => {
    const params = new Class([['a b', 'c&d'], ['\u00e9', "*-._~!'()"], ['', '']]);
    assert.equal(`${params}`, 'a+b=c%26d&%C3%A9=*-._%7E%21%27%28%29&=');
    assert.equal(new Class().toString(), '');
  });

  test(`${whose}: reads and changes pairs`, () => {
    const params = new Class('a=1&b=2&a=3');
    assert.deepEqual([params.get('a'), params.getAll('a'), params.get('c'), params.getAll('c')], ['1', ['1', '3'], null, []]);
    assert.deepEqual([params.has('a'), params.has('a', '3'), params.has('b', undefined)], [true, true, true]);
    assert.deepEqual([params.has('a', '4'), params.has('c')], [false, false]);
    assert.equal(params.size, 3);
    params.set('a', 4);
    params.set('c', 5);
    params.append('b', 6);
    assert.equal(`${params}`, 'a=4&b=2&c=5&b=6');
    params.delete('b', 2);
    assert.equal(`${params}`, 'a=4&c=5&b=6');
    params.delete('c');
    assert.equal(`${params}`, 'a=4&b=6');
  });

  test(`${whose}: sorts by code units, and keeps the order of equal names`, () => {
    const params = new Class([['z', '1'], ['\ufb03', '2'], ['\u{1f308}', '3'], ['a', '4'], ['z', '0'], ['a', '3']]);
    params.sort();
    assert.deepEqual([...params.keys()], ['a', 'a', 'z', 'z', '\u{1f308}', '\ufb03']);
    assert.deepEqual([...params.values()], ['4', '3', '1', '0', '3', '2']);
  });

  test(`${whose}: is walked while it changes`, () => {
    const params = new Class('a=1&b=2');
    const seen = [];
    params.forEach(function (value, name, object) {
      seen.push([value, name, object === params, this]);
      if (name === 'a') params.append('c', '3');
    }, seen);
    assert.deepEqual(seen.map(([value, name, same, self]) => [value, name, same, self === seen]), [
      ['1', 'a', true, true], ['2', 'b', true, true], ['3', 'c', true, true],
    ]);
    const iterator = params.entries();
    assert.deepEqual(iterator.next(), { value: ['a', '1'], done: false });
    params.delete('a');
    assert.deepEqual(iterator.next(), { value: ['c', '3'], done: false });
    assert.deepEqual(iterator.next(), { value: undefined, done: true });
    assert.throws(() => params.forEach(), TypeError);
  });

  test(`${whose}: the iterators have the shape of Web IDL`, () => {
    const iterator = new Class().keys();
    const prototype = Object.getPrototypeOf(iterator);
    assert.equal(Object.prototype.toString.call(iterator), '[object URLSearchParams Iterator]');
    assert.equal(Object.getPrototypeOf(prototype), Object.getPrototypeOf(Object.getPrototypeOf([].values())));
    assert.equal(iterator[Symbol.iterator](), iterator);
    assert.deepEqual(Object.getOwnPropertyNames(prototype), ['next']);
    assert.throws(() => prototype.next.call({}), TypeError);
    assert.equal(Class.prototype[Symbol.iterator], Class.prototype.entries);
  });

  test(`${whose}: refuses other objects and too few arguments`, () => {
    const params = new Class();
    const lengths = {
      append: 2, delete: 1, get: 1, getAll: 1, has: 1, set: 2, sort: 0, toString: 0, keys: 0, values: 0, entries: 0, forEach: 1,
    };
    for (const [name, required] of Object.entries(lengths)) {
      const { value, enumerable } = Object.getOwnPropertyDescriptor(Class.prototype, name);
      assert.equal(enumerable, true, name);
      assert.equal(value.length, required, name);
      assert.throws(() => value.call({}, 'a', 'b'), TypeError, name);
      if (required > 0) assert.throws(() => params[name](...Array(required - 1).fill('a')), TypeError, name);
    }
    assert.equal(Class.length, 0);
    assert.throws(() => Object.getOwnPropertyDescriptor(Class.prototype, 'size').get.call({}), TypeError);
    assert.equal(Object.prototype.toString.call(params), '[object URLSearchParams]');
  });
}

test('of two keys of a record that are converted to one, the first has the place and the last the value', () => {
  assert.deepEqual([...new URLSearchParams({ '\ud800': 'a', b: 'c', '\ufffd': 'd' })], [['\ufffd', 'd'], ['b', 'c']]);
});
