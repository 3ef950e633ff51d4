// https://streams.spec.whatwg.org/#default-reader-class

import { PromiseCapability, promiseOf, setPromiseIsHandled } from './promise.js';
import { List } from './queue-with-sizes.js';
import {
  isReadableStreamLocked,
  readableStreamCancel,
  readableStreamDefaultReaderErrorReadRequests,
} from './readable-stream-slots.js';
import { defineInterface, requireArguments } from './webidl.js';

/** The first argument of a constructor that is called from here and not by a script. */
const INTERNAL = Symbol();

/** Makes the class, given how to look behind a ReadableStream. */
export function defineReadableStreamDefaultReader(readableStreamOf) {
  /** The object of a reader's record. */
  const objectOf = (reader) => new ReadableStreamDefaultReader(INTERNAL, reader);

  class ReadableStreamDefaultReader {
    #reader;

    constructor(stream) {
      requireArguments(arguments.length, 1, "Failed to construct 'ReadableStreamDefaultReader'");
      this.#reader = stream === INTERNAL ? arguments[1] : acquireReadableStreamDefaultReader(readableStreamOf(stream));
    }

    get closed() {
      return promiseOf(() => this.#reader.closed.promise);
    }

    cancel(reason = undefined) {
      return promiseOf(() => {
        const { stream } = this.#reader;
        if (stream === undefined) throw new TypeError('the reader has been released');
        return readableStreamCancel(stream, reason);
      });
    }

    read() {
      return promiseOf(() => {
        const reader = this.#reader;
        if (reader.stream === undefined) throw new TypeError('the reader has been released');
        const result = new PromiseCapability();
        readableStreamDefaultReaderRead(reader, {
          chunkSteps: (chunk) => result.resolve({ value: chunk, done: false }),
          closeSteps: () => result.resolve({ value: undefined, done: true }),
          errorSteps: (e) => result.reject(e),
        });
        return result.promise;
      });
    }

    releaseLock() {
      const reader = this.#reader;
      if (reader.stream !== undefined) readableStreamDefaultReaderRelease(reader);
    }
  }

  defineInterface(ReadableStreamDefaultReader, ['closed', 'cancel', 'read', 'releaseLock']);
  return { ReadableStreamDefaultReader, objectOf };
}

/** Gives the record of a new reader; SetUpReadableStreamDefaultReader and ReadableStreamReaderGenericInitialize. */
export function acquireReadableStreamDefaultReader(stream) {
  // 1. If ! IsReadableStreamLocked(stream) is true, throw a TypeError exception.
  if (isReadableStreamLocked(stream)) throw new TypeError('the stream is locked to a reader');
  const reader = { stream, closed: undefined, readRequests: new List() };
  stream.reader = reader;
  if (stream.state === 'readable') reader.closed = new PromiseCapability();
  else if (stream.state === 'closed') reader.closed = PromiseCapability.resolvedWith(undefined);
  else reader.closed = PromiseCapability.rejectedWith(stream.storedError);
  return reader;
}

/** A read request is an object with `chunkSteps`, `closeSteps` and `errorSteps`. */
export function readableStreamDefaultReaderRead(reader, readRequest) {
  const { stream } = reader;
  stream.disturbed = true;
  if (stream.state === 'closed') readRequest.closeSteps();
  else if (stream.state === 'errored') readRequest.errorSteps(stream.storedError);
  else stream.controller.pullSteps(readRequest);
}

export function readableStreamDefaultReaderRelease(reader) {
  readableStreamReaderGenericRelease(reader);
  readableStreamDefaultReaderErrorReadRequests(reader, new TypeError('the reader has been released'));
}

function readableStreamReaderGenericRelease(reader) {
  const { stream } = reader;
  const released = new TypeError('the reader has been released');
  // 4. If stream.[[state]] is "readable", reject reader.[[closedPromise]] with a TypeError exception.
  if (stream.state === 'readable') reader.closed.reject(released);
  // 5. Otherwise, set reader.[[closedPromise]] to a promise rejected with a TypeError exception.
  // 6. Set reader.[[closedPromise]].[[PromiseIsHandled]] to true.
  else reader.closed = PromiseCapability.rejectedWith(released);
  setPromiseIsHandled(reader.closed.promise);
  stream.reader = undefined;
  reader.stream = undefined;
}
