// for await (const chunk of stream)
// https://streams.spec.whatwg.org/#rs-asynciterator
// https://webidl.spec.whatwg.org/#es-asynchronous-iterator-prototype-object

import { PromiseCapability, promiseOf, promiseResolvedWith, reactTo } from './promise.js';
import {
  readableStreamDefaultReaderRead,
  readableStreamDefaultReaderRelease,
} from './readable-stream-default-reader.js';
import { readableStreamCancel } from './readable-stream-slots.js';
import { defineInterface } from './webidl.js';

const AsyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);

/** What the next iteration results in when there is none. */
const END_OF_ITERATION = Symbol();

class ReadableStreamAsyncIterator {
  #reader;
  #preventCancel;
  #ongoingPromise;
  #isFinished = false;

  constructor(reader, preventCancel) {
    this.#reader = reader;
    this.#preventCancel = preventCancel;
  }

  next() {
    return promiseOf(() => {
      this.#afterOngoing(() => this.#nextSteps());
      return this.#ongoingPromise;
    });
  }

  return(value = undefined) {
    return promiseOf(() => {
      this.#afterOngoing(() => this.#returnSteps(value));
      return reactTo(this.#ongoingPromise, () => ({ value, done: true }));
    });
  }

  /** Runs steps when the promise that was given last is settled; theirs is the next one. */
  #afterOngoing(steps) {
    const ongoing = this.#ongoingPromise;
    this.#ongoingPromise = ongoing ? reactTo(ongoing, steps, steps) : steps();
  }

  #nextSteps() {
    if (this.#isFinished) return promiseResolvedWith({ value: undefined, done: true });
    return reactTo(this.#nextIterationResult(), (next) => {
      this.#ongoingPromise = undefined;
      if (next !== END_OF_ITERATION) return { value: next, done: false };
      this.#isFinished = true;
      return { value: undefined, done: true };
    }, (reason) => {
      this.#ongoingPromise = undefined;
      this.#isFinished = true;
      throw reason;
    });
  }

  /** Get the next iteration result. */
  #nextIterationResult() {
    const reader = this.#reader;
    const result = new PromiseCapability();
    readableStreamDefaultReaderRead(reader, {
      chunkSteps: (chunk) => result.resolve(chunk),
      closeSteps: () => {
        readableStreamDefaultReaderRelease(reader);
        result.resolve(END_OF_ITERATION);
      },
      errorSteps: (e) => {
        readableStreamDefaultReaderRelease(reader);
        result.reject(e);
      },
    });
    return result.promise;
  }

  #returnSteps(value) {
    if (this.#isFinished) return promiseResolvedWith({ value, done: true });
    this.#isFinished = true;
    // The asynchronous iterator return steps.
    const reader = this.#reader;
    const result = this.#preventCancel ? promiseResolvedWith(undefined) : readableStreamCancel(reader.stream, value);
    readableStreamDefaultReaderRelease(reader);
    return result;
  }
}

defineInterface(ReadableStreamAsyncIterator, ['next', 'return']);
Object.setPrototypeOf(ReadableStreamAsyncIterator.prototype, AsyncIteratorPrototype);
Object.defineProperty(ReadableStreamAsyncIterator.prototype, Symbol.toStringTag, {
  value: 'ReadableStream AsyncIterator',
});
delete ReadableStreamAsyncIterator.prototype.constructor;

/** Iterates over what the reader reads, which is released at the end. */
export const iterate = (reader, preventCancel) => new ReadableStreamAsyncIterator(reader, preventCancel);
