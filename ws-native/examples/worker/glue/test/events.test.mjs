import assert from 'node:assert/strict';
import { test } from 'node:test';

import { checkInterface, load, node } from './world.mjs';

const { Event } = await load('event');
const { CloseEvent, ErrorEvent, MessageEvent, PromiseRejectionEvent } = await load('events');
const { EventTarget } = await load('event-target');

for (const [whose, Class] of [['ours', MessageEvent], ["Node's", node.MessageEvent]]) {
  test(`${whose}: a MessageEvent is what its arguments say`, () => {
    const data = {};
    const event = new Class('message', { data, origin: 'ws://h', lastEventId: 7, source: null, ports: [] });
    assert.deepEqual([event.data, event.origin, event.lastEventId, event.source], [data, 'ws://h', '7', null]);
    assert.equal(event.data, data);
    assert.equal(event.type, 'message');
    assert.deepEqual(event.ports, []);
    const plain = new Class('message');
    assert.deepEqual([plain.data, plain.origin, plain.lastEventId, plain.source], [null, '', '', null]);
  });
}

// Node drops what the event inherits, checks little and freezes nothing.
test('the ports are one frozen array, and the members of the base are taken', () => {
  const event = new MessageEvent('message', { ports: [], cancelable: true });
  assert.equal(event.ports, event.ports);
  assert.ok(Object.isFrozen(event.ports));
  assert.equal(event.cancelable, true);
  assert.throws(() => new MessageEvent(), TypeError);
  for (const init of [{ ports: [{}] }, { ports: 1 }, { ports: null }, { source: {} }]) {
    assert.throws(() => new MessageEvent('message', init), TypeError);
  }
});

test('initMessageEvent() makes it a new event, unless it is being dispatched', () => {
  const event = new MessageEvent('old', { data: 1, lastEventId: 'x' });
  event.initMessageEvent('new', true, false, 2, 'ws://h');
  assert.deepEqual(
    [event.type, event.bubbles, event.cancelable, event.data, event.origin, event.lastEventId, event.source],
    ['new', true, false, 2, 'ws://h', '', null],
  );
  const target = new EventTarget();
  target.addEventListener('new', () => event.initMessageEvent('newer', false, false, 3));
  target.dispatchEvent(event);
  assert.deepEqual([event.type, event.data], ['new', 2]);
  assert.throws(() => event.initMessageEvent(), TypeError);
});

test('a CloseEvent is what its arguments say', () => {
  const event = new CloseEvent('close', { wasClean: 1, code: 65536 + 1000, reason: 'a\ud800' });
  assert.deepEqual([event.wasClean, event.code, event.reason], [true, 1000, 'a\ufffd']);
  const plain = new CloseEvent('close');
  assert.deepEqual([plain.wasClean, plain.code, plain.reason], [false, 0, '']);
  assert.throws(() => new CloseEvent(), TypeError);
  assert.throws(() => new CloseEvent('close', 1), TypeError);
});

test('an ErrorEvent is what its arguments say', () => {
  const error = new Error('x');
  const event = new ErrorEvent('error', { message: 'm', filename: 'f', lineno: 2 ** 32 + 1, colno: -1, error });
  assert.deepEqual([event.message, event.filename, event.lineno, event.colno, event.error], ['m', 'f', 1, 2 ** 32 - 1, error]);
  const plain = new ErrorEvent('error');
  assert.deepEqual([plain.message, plain.filename, plain.lineno, plain.colno, plain.error], ['', '', 0, 0, undefined]);
});

test('a PromiseRejectionEvent is what its arguments say', () => {
  const promise = Promise.resolve();
  const event = new PromiseRejectionEvent('unhandledrejection', { promise, reason: 'why' });
  assert.equal(event.promise, promise);
  assert.equal(event.reason, 'why');
  assert.throws(() => new PromiseRejectionEvent('unhandledrejection'), TypeError);
  assert.throws(() => new PromiseRejectionEvent('unhandledrejection', {}), TypeError);
});

test('they are events', () => {
  for (const Class of [MessageEvent, CloseEvent, ErrorEvent, PromiseRejectionEvent]) {
    assert.equal(Object.getPrototypeOf(Class), Event);
    assert.equal(Object.getPrototypeOf(Class.prototype), Event.prototype);
  }
});

test('they read the members of the dictionary in their order, those inherited first', () => {
  const inherited = ['bubbles', 'cancelable', 'composed'];
  const reads = (Class) => {
    const read = [];
    new Class('x', new Proxy({}, { get: (_, name) => void read.push(name) }));
    return read;
  };
  assert.deepEqual(reads(MessageEvent), [...inherited, 'data', 'lastEventId', 'origin', 'ports', 'source']);
  assert.deepEqual(reads(CloseEvent), [...inherited, 'code', 'reason', 'wasClean']);
  assert.deepEqual(reads(ErrorEvent), [...inherited, 'colno', 'error', 'filename', 'lineno', 'message']);
});

test('have the shape that Web IDL gives them', () => {
  const promise = Promise.resolve();
  checkInterface(assert, MessageEvent, new MessageEvent('x'), { length: 1, lengths: { initMessageEvent: 1 } });
  checkInterface(assert, CloseEvent, new CloseEvent('x'), { length: 1, lengths: {} });
  checkInterface(assert, ErrorEvent, new ErrorEvent('x'), { length: 1, lengths: {} });
  checkInterface(assert, PromiseRejectionEvent, new PromiseRejectionEvent('x', { promise }), { length: 2, lengths: {} });
});
