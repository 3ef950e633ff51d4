// Streams of Node and ours, each with what they ask of a source or give to a sink.

import { describe } from 'node:test';

import { load } from './world.mjs';

const NAMES = [
  'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'ReadableStream', 'ReadableStreamDefaultController',
  'ReadableStreamDefaultReader', 'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter',
];

const ofNode = { AbortController, ...Object.fromEntries(NAMES.map((name) => [name, globalThis[name]])) };
export const ours = { ...await load('abort'), ...await load('streams') };

/** When all reactions to what has happened have run. */
export const settled = () => new Promise((resolve) => { setImmediate(resolve); });

/** How promises end, each as a line of a log, in the order in which they do. */
export function watch(promises) {
  const log = [];
  for (const [name, promise] of Object.entries(promises)) {
    promise.then((value) => log.push(value === undefined ? name : `${name} ${value}`), (reason) => log.push(`${name} failed: ${reason.message ?? reason}`));
  }
  return log;
}

/** A promise and what settles it. */
export function later() {
  let settle;
  const promise = new Promise((resolve, reject) => { settle = { resolve, reject }; });
  return { promise, ...settle };
}

export const failure = new Error('failure');

/**
 * Defines the same tests for the streams of Node and for ours.
 * @param define is given the classes, and `readable()` and `writable()`, which make streams of them that are looked into
 */
export function describeStreams(define) {
  for (const [whose, streams] of [['of Node', ofNode], ['ours', ours]]) {
    describe(`streams ${whose}`, () => define({ ...streams, streams, ...watched(streams) }));
  }
}

function watched({ ReadableStream, WritableStream }) {
  /** A readable stream with its controller, which records what its source is asked for. */
  function readable(source = {}, strategy = undefined) {
    const calls = [];
    let controller;
    const stream = new ReadableStream({
      start(given) { controller = given; return source.start; },
      pull() { calls.push('pull'); return source.pull?.(controller); },
      cancel(reason) { calls.push(`cancel ${reason}`); return source.cancel; },
    }, strategy);
    return { stream, controller, calls };
  }

  /** A writable stream with its controller, which records what its sink is given; each write waits if `writes` does. */
  function writable(sink = {}, strategy = undefined) {
    const calls = [];
    let controller;
    const stream = new WritableStream({
      start(given) { controller = given; return sink.start; },
      write(chunk) { calls.push(`write ${chunk}`); return sink.write?.(chunk); },
      close() { calls.push('close'); return sink.close?.(); },
      abort(reason) { calls.push(`abort ${reason?.message ?? reason}`); return sink.abort; },
    }, strategy);
    return { stream, controller, calls };
  }

  return { readable, writable };
}
