import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, node } from './world.mjs';

const { DOMException } = await load('dom-exception');

for (const [whose, Class] of [['ours', DOMException], ["Node's", node.DOMException]]) {
  test(`${whose}: has a message, a name and the code of the name`, () => {
    const exception = new Class('what', 'SyntaxError');
    assert.equal(exception.message, 'what');
    assert.equal(exception.name, 'SyntaxError');
    assert.equal(exception.code, 12);
    assert.equal(String(exception), 'SyntaxError: what');
    const plain = new Class();
    assert.deepEqual([plain.message, plain.name, plain.code], ['', 'Error', 0]);
    assert.equal(new Class(undefined, undefined).name, 'Error');
    assert.equal(new Class('', 'AbortError').code, 20);
    assert.equal(new Class('', 'DataCloneError').code, 25);
    assert.equal(new Class('', 'NotAllowedError').code, 0);
    assert.equal(new Class('', 'constructor').code, 0);
  });

  test(`${whose}: is an Error by its prototype, and the class is none`, () => {
    const exception = new Class('what', 'AbortError');
    assert.ok(exception instanceof Error);
    assert.equal(Object.getPrototypeOf(Class.prototype), Error.prototype);
    assert.equal(Object.getPrototypeOf(Class), Function.prototype);
    assert.equal(Object.prototype.toString.call(exception), '[object DOMException]');
  });

  test(`${whose}: has a stack that is its own and is not enumerable`, () => {
    const exception = new Class('what', 'AbortError');
    assert.match(exception.stack, /dom-exception\.test\.mjs/);
    assert.deepEqual(Object.keys(exception), []);
  });

  test(`${whose}: has the old constants on the class and on the prototype`, () => {
    for (const object of [Class, Class.prototype]) {
      assert.equal(object.INDEX_SIZE_ERR, 1);
      assert.equal(object.DOMSTRING_SIZE_ERR, 2);
      assert.equal(object.VALIDATION_ERR, 16);
      assert.equal(object.DATA_CLONE_ERR, 25);
      const { writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, 'ABORT_ERR');
      assert.deepEqual([writable, enumerable, configurable], [false, true, false]);
    }
  });

  test(`${whose}: converts its arguments`, () => {
    assert.equal(new Class(1, null).name, 'null');
    assert.throws(() => new Class(Symbol('x')), TypeError);
  });
}

test('has the shape that Web IDL gives it', () => {
  checkInterface(assert, DOMException, new DOMException(), { length: 0, lengths: {} });
});
