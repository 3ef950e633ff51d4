import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { load, world } from './world.mjs';

const { globalScope } = await load('global-scope');
const { notifyRejections, rejectionHandled, reportError, reportException, unhandledRejection } = await load('report');
const { ErrorEvent, PromiseRejectionEvent } = await load('events');

/** The global object as the worker has it, for the time of a test: Node's runner is no part of it. */
let events;
let listeners;

beforeEach(() => {
  events = [];
  listeners = [];
  world.errors.length = 0;
});

afterEach(() => {
  for (const [type, listener] of listeners) globalScope.removeEventListener.call(undefined, type, listener);
  globalScope.onerror = null;
  globalScope.onunhandledrejection = null;
});

function listen(type, listener = (event) => void events.push(event)) {
  listeners.push([type, listener]);
  globalScope.addEventListener.call(undefined, type, listener);
}

test('an exception is printed with its stack, and remembered, unless the event is canceled', () => {
  listen('error', (event) => event.preventDefault());
  reportException(new Error('canceled'));
  assert.deepEqual(world.errors, []);
  assert.equal(world.failed, false);
  globalScope.removeEventListener.call(undefined, 'error', listeners.pop()[1]);
  reportException(new Error('what'));
  assert.match(world.errors[0], /^Uncaught Error: what\n +at .*report\.test\.mjs/);
  assert.equal(world.failed, true);
});

test('it fires a trusted, cancelable error at the global object', () => {
  listen('error');
  const error = new RangeError('what');
  reportException(error);
  const [event] = events;
  assert.ok(event instanceof ErrorEvent);
  assert.deepEqual([event.isTrusted, event.cancelable, event.bubbles, event.target], [true, true, false, globalThis]);
  assert.equal(event.error, error);
  assert.equal(event.message, 'Uncaught RangeError: what');
  assert.match(event.filename, /report\.test\.mjs$/);
  assert.ok(event.lineno > 0 && event.colno > 0);
});

test('what is no error can be thrown, too', () => {
  listen('error');
  for (const value of ['text', 1, null, undefined, Symbol('s'), Object.create(null), {
    toString() {
      throw new Error('again');
    },
  }]) reportException(value);
  assert.deepEqual(events.map(({ message }) => message), [
    'Uncaught text', 'Uncaught 1', 'Uncaught null', 'Uncaught undefined', 'Uncaught Symbol(s)',
    'Uncaught an exception that cannot be shown', 'Uncaught an exception that cannot be shown',
  ]);
  assert.equal(world.errors.length, 7);
  assert.equal(world.errors[0], "Uncaught 'text'");
});

test('an exception while an error is reported is printed and fires nothing', () => {
  let calls = 0;
  listen('error', () => {
    calls += 1;
    throw new Error('second');
  });
  reportException(new Error('first'));
  assert.equal(calls, 1);
  assert.match(world.errors[0], /^Uncaught Error: second/);
  assert.match(world.errors[1], /^Uncaught Error: first/);
});

test('onerror has five arguments, and cancels by true', () => {
  const error = new Error('what');
  globalScope.onerror = function (...parameters) {
    assert.equal(this, globalThis);
    events.push(parameters);
    return true;
  };
  reportError(error);
  const [[message, filename, lineno, colno, given, ...more]] = events;
  assert.equal(message, 'Uncaught Error: what');
  assert.deepEqual([typeof filename, typeof lineno, typeof colno, more], ['string', 'number', 'number', []]);
  assert.equal(given, error);
  assert.deepEqual(world.errors, []);
  globalScope.onerror = () => false;
  reportError(error);
  assert.equal(world.errors.length, 1);
  globalScope.onerror = 1;
  assert.equal(globalScope.onerror, null);
  assert.throws(() => reportError(), TypeError);
});

test('a rejection without a handler fires an event after the checkpoint, and is printed unless it is canceled', () => {
  listen('unhandledrejection');
  const promise = Promise.resolve();
  unhandledRejection(promise, 'why');
  assert.deepEqual(events, []);
  assert.equal(notifyRejections(), true);
  const [event] = events;
  assert.ok(event instanceof PromiseRejectionEvent);
  assert.deepEqual([event.promise, event.reason, event.isTrusted, event.cancelable], [promise, 'why', true, true]);
  assert.deepEqual(world.errors, ["Uncaught (in promise) 'why'"]);
  assert.equal(notifyRejections(), false);

  globalScope.onunhandledrejection = (canceled) => canceled.preventDefault();
  unhandledRejection(promise, 'again');
  notifyRejections();
  assert.equal(world.errors.length, 1);
});

test('one that gets a handler before the checkpoint is silent', () => {
  listen('unhandledrejection');
  listen('rejectionhandled');
  const promise = Promise.resolve();
  unhandledRejection(promise, 'why');
  rejectionHandled(promise);
  notifyRejections();
  assert.deepEqual(events, []);
  assert.deepEqual(world.errors, []);
});

test('one that gets a handler afterwards, or from a listener, fires rejectionhandled', () => {
  listen('unhandledrejection', (event) => {
    event.preventDefault();
    if (event.reason === 'by a listener') rejectionHandled(event.promise);
  });
  listen('rejectionhandled');
  const promise = Promise.resolve();
  unhandledRejection(promise, 'late');
  notifyRejections();
  rejectionHandled(promise);
  rejectionHandled(promise);
  assert.equal(notifyRejections(), true);
  const [event] = events;
  assert.deepEqual([event.type, event.reason, event.cancelable], ['rejectionhandled', 'late', false]);

  unhandledRejection(promise, 'by a listener');
  notifyRejections();
  notifyRejections();
  assert.deepEqual(events.map(({ reason }) => reason), ['late', 'by a listener']);
});
