// Scripts that replace what the language and the modules have made: the globals work as before.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { load, world } from './world.mjs';

const { AbortController, AbortSignal } = await load('abort');
const { Blob } = await load('blob');
const { console } = await load('console');
const { TextDecoder, TextEncoder } = await load('encoding');
const { Event } = await load('event');
const { EventTarget } = await load('event-target');
const { CloseEvent, fire } = await load('events');
const { EventHandler } = await load('event-handler');
const { queueMicrotask } = await load('microtask');
const { reportException } = await load('report');
const { clearTimeout, setTimeout, timer } = await load('timers');
const { URL, URLSearchParams } = await load('url');

const TypedArray = Object.getPrototypeOf(Uint8Array);
const EVERYTHING = [
  [Array.prototype, ['push', 'indexOf', 'includes', 'join', 'slice', 'splice', 'map', 'filter', Symbol.iterator]],
  [Object.getPrototypeOf([].values()), ['next']],
  [Map.prototype, ['get', 'set', 'has', 'delete', 'forEach', Symbol.iterator]],
  [WeakMap.prototype, ['get', 'set', 'has', 'delete']],
  [Set.prototype, ['add', 'has', 'forEach', Symbol.iterator]],
  [Promise.prototype, ['then', 'catch', 'constructor']],
  [Promise, ['resolve', Symbol.species]],
  [Function.prototype, ['call', 'apply', 'bind']],
  [String.prototype, ['slice', 'split', 'charCodeAt', 'indexOf', 'toLowerCase', 'replaceAll', Symbol.iterator]],
  [RegExp.prototype, ['exec', 'test']],
  [TypedArray.prototype, ['set', 'subarray', 'slice', 'fill', Symbol.iterator]],
  [Object, ['defineProperty', 'freeze', 'assign', 'keys', 'is']],
  [Object.prototype, ['toString', 'hasOwnProperty', 'isPrototypeOf']],
  [Reflect, ['apply', 'defineProperty', 'ownKeys', 'getOwnPropertyDescriptor']],
  [ArrayBuffer, ['isView']],
  [Event.prototype, ['preventDefault', 'stopPropagation', 'initEvent']],
  [EventTarget.prototype, ['addEventListener', 'removeEventListener', 'dispatchEvent']],
  [AbortSignal, ['abort', 'any']],
  [URLSearchParams.prototype, ['append', 'toString', Symbol.iterator]],
];

const { addEventListener, dispatchEvent } = EventTarget.prototype;
const { defineProperty, apply } = Reflect;
let originals = [];

/** Has all of them throw until `restore` is called; nothing that they are needed for may happen in between. */
function tamper() {
  for (const [object, names] of EVERYTHING) {
    for (const name of names) originals.push([object, name, Object.getOwnPropertyDescriptor(object, name)]);
  }
  const thrower = () => {
    throw new Error('tampered');
  };
  const descriptor = { __proto__: null, value: thrower, writable: true, configurable: true };
  for (let index = 0; index < originals.length; index += 1) {
    defineProperty(originals[index][0], originals[index][1], descriptor);
  }
}

function restore() {
  for (let index = 0; index < originals.length; index += 1) {
    defineProperty(originals[index][0], originals[index][1], originals[index][2]);
  }
  originals = [];
}

afterEach(restore);

/** Runs what a script does in a world that is tampered with; what it gives is looked at in one that is not. */
function tampered(script) {
  tamper();
  try {
    return script();
  } finally {
    restore();
  }
}

test('events are dispatched, and errors reported', () => {
  const target = new EventTarget();
  let calls = 0;
  const canceled = tampered(() => {
    apply(addEventListener, target, ['x', () => (calls += 1), { once: true }]);
    apply(addEventListener, target, ['x', () => {
      throw new Error('in a listener');
    }]);
    const handler = new EventHandler(target, 'x');
    handler.value = () => false;
    fire(target, new Event('x'));
    return !apply(dispatchEvent, target, [new Event('x', { cancelable: true })]);
  });
  assert.deepEqual([calls, canceled], [1, true]);
  assert.equal(world.errors.length, 2);
  assert.match(world.errors[0], /^Uncaught Error: in a listener\n/);
});

test('the events that the program fires cannot be forged or hidden', () => {
  const target = new EventTarget();
  const seen = [];
  target.addEventListener('close', (event) => {
    seen[seen.length] = event.isTrusted;
    seen[seen.length] = event.code;
  });
  tampered(() => fire(target, new CloseEvent('close', { code: 1000, reason: '', wasClean: true })));
  assert.deepEqual(seen, [true, 1000]);
});

test('signals are aborted', () => {
  const target = new EventTarget();
  const controller = new AbortController();
  const dependent = AbortSignal.any([controller.signal]);
  let calls = 0;
  target.addEventListener('x', () => (calls += 1), { signal: dependent });
  tampered(() => {
    controller.abort('why');
    apply(dispatchEvent, target, [new Event('x')]);
  });
  assert.deepEqual([dependent.reason, calls], ['why', 0]);
});

test('timers and microtasks run', async () => {
  const calls = [];
  tampered(() => {
    const id = setTimeout((parameter) => (calls[calls.length] = parameter), 1, 'timer');
    timer(id);
    clearTimeout(setTimeout(() => (calls[calls.length] = 'cleared'), 1));
    queueMicrotask(() => (calls[calls.length] = 'microtask'));
  });
  await null;
  assert.deepEqual(calls, ['timer', 'microtask']);
});

test('text, blobs and URLs are converted', async () => {
  const result = tampered(() => {
    const bytes = new TextEncoder().encode('a\u00e9');
    const decoder = new TextDecoder('UTF8', { fatal: true });
    const text = decoder.decode(bytes, { stream: true });
    const url = new URL('https://h/?a=b+c&a=d#e');
    const { searchParams } = url;
    const value = searchParams.get('a');
    searchParams.set('a', '\u00e9');
    searchParams.sort();
    return { bytes, text, value, href: url.href, blob: new Blob().slice(0, 1, 'A/B').type };
  });
  assert.deepEqual(result, {
    bytes: new Uint8Array([0x61, 0xc3, 0xa9]), text: 'a\u00e9', value: 'b c', href: 'https://h/?a=%C3%A9#e', blob: 'a/b',
  });
});

test('the console and the reports print', () => {
  world.lines.length = 0;
  world.errors.length = 0;
  tampered(() => {
    console.log('%s and', 'text', { a: [1, null] }, new Map());
    reportException(new Error('what'));
  });
  assert.deepEqual(world.lines, ["text and { a: [ 1, null ] } Map(0) {}"]);
  assert.match(world.errors[0], /^Uncaught Error: what/);
});
