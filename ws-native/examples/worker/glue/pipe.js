// https://streams.spec.whatwg.org/#readable-stream-pipe-to

import { AbortSignal } from './abort.js';
import { PromiseCapability, promiseResolvedWith, reactTo, setPromiseIsHandled, waitForAll } from './promise.js';
import {
  acquireReadableStreamDefaultReader,
  readableStreamDefaultReaderRead,
  readableStreamDefaultReaderRelease,
} from './readable-stream-default-reader.js';
import { readableStreamCancel } from './readable-stream-slots.js';
import {
  acquireWritableStreamDefaultWriter,
  writableStreamDefaultWriterCloseWithErrorPropagation,
  writableStreamDefaultWriterGetDesiredSize,
  writableStreamDefaultWriterRelease,
  writableStreamDefaultWriterWrite,
} from './writable-stream-default-writer.js';
import { writableStreamAbort, writableStreamCloseQueuedOrInFlight } from './writable-stream-slots.js';

const { apply } = Reflect;
const abortedOf = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'aborted').get;
const reasonOf = Object.getOwnPropertyDescriptor(AbortSignal.prototype, 'reason').get;
const { addEventListener, removeEventListener } = AbortSignal.prototype;

/** Throws unless `value` implements AbortSignal. */
export function requireAbortSignal(value) {
  apply(abortedOf, value, []);
}

/** Gives a promise of the end of the pipe between the records of two streams. `signal` may be undefined. */
export function readableStreamPipeTo(source, dest, options) {
  return new Pipe(source, dest, options).promise;
}

class Pipe {
  #source;
  #dest;
  #options;
  #reader;
  #writer;
  #shuttingDown = false;
  /** The promise of the chunk that was written last; those before it are settled when it is. */
  #lastWrite = promiseResolvedWith(undefined);
  #result = new PromiseCapability();

  constructor(source, dest, options) {
    this.#source = source;
    this.#dest = dest;
    this.#options = options;
    this.#reader = acquireReadableStreamDefaultReader(source);
    this.#writer = acquireWritableStreamDefaultWriter(dest);
    source.disturbed = true;
    const { signal } = options;
    if (signal !== undefined) {
      // 2. If signal is aborted, perform abortAlgorithm and return promise.
      if (apply(abortedOf, signal, [])) {
        this.#abortAlgorithm(signal);
        return;
      }
      // 3. Add abortAlgorithm to signal.
      apply(addEventListener, signal, ['abort', this.#onabort]);
    }
    this.#propagate();
    reactTo(this.#reader.closed.promise, this.#propagate, this.#propagate);
    reactTo(this.#writer.closed.promise, this.#propagate, this.#propagate);
    this.#readWhenReady();
  }

  get promise() {
    return this.#result.promise;
  }

  #onabort = () => {
    const { signal } = this.#options;
    // An event that a script has dispatched is no abort.
    if (apply(abortedOf, signal, [])) this.#abortAlgorithm(signal);
  };

  #abortAlgorithm(signal) {
    const { preventAbort, preventCancel } = this.#options;
    const error = apply(reasonOf, signal, []);
    this.#shutdown(() => {
      const none = promiseResolvedWith(undefined);
      const aborts = !preventAbort && this.#dest.state === 'writable';
      const aborted = aborts ? writableStreamAbort(this.#dest, error) : none;
      const cancels = !preventCancel && this.#source.state === 'readable';
      const canceled = cancels ? readableStreamCancel(this.#source, error) : none;
      return waitForAll([aborted, canceled]);
    }, { reason: error });
  }

  #readWhenReady() {
    reactTo(this.#writer.ready.promise, () => this.#read(), () => {});
  }

  #read() {
    // "Shutdown must stop activity: if shuttingDown becomes true, the user agent must not initiate further reads from
    // reader".
    if (this.#shuttingDown) return;
    // "While WritableStreamDefaultWriterGetDesiredSize(writer) is <= 0 or is null, the user agent must not read from
    // reader."
    const desiredSize = writableStreamDefaultWriterGetDesiredSize(this.#writer);
    if (desiredSize === null) return;
    if (desiredSize <= 0) {
      this.#readWhenReady();
      return;
    }
    readableStreamDefaultReaderRead(this.#reader, {
      chunkSteps: (chunk) => {
        this.#lastWrite = writableStreamDefaultWriterWrite(this.#writer, chunk);
        setPromiseIsHandled(this.#lastWrite);
        this.#readWhenReady();
      },
      // Both are propagated.
      closeSteps: () => {},
      errorSteps: () => {},
    });
  }

  /** "Error and close states must be propagated: the following conditions must be applied in order." */
  #propagate = () => {
    const source = this.#source;
    const dest = this.#dest;
    const { preventClose, preventAbort, preventCancel } = this.#options;
    if (source.state === 'errored') {
      // 1. Errors must be propagated forward
      const abort = () => writableStreamAbort(dest, source.storedError);
      this.#shutdown(preventAbort ? undefined : abort, { reason: source.storedError });
    } else if (dest.state === 'errored') {
      // 2. Errors must be propagated backward
      const cancel = () => readableStreamCancel(source, dest.storedError);
      this.#shutdown(preventCancel ? undefined : cancel, { reason: dest.storedError });
    } else if (source.state === 'closed') {
      // 3. Closing must be propagated forward
      const close = () => writableStreamDefaultWriterCloseWithErrorPropagation(this.#writer);
      this.#shutdown(preventClose ? undefined : close);
    } else if (writableStreamCloseQueuedOrInFlight(dest) || dest.state === 'closed') {
      // 4. Closing must be propagated backward
      const destClosed = new TypeError('the destination is closed, or about to close');
      const cancel = () => readableStreamCancel(source, destClosed);
      this.#shutdown(preventCancel ? undefined : cancel, { reason: destClosed });
    }
  };

  /** "Shutdown" and "shutdown with an action", with an error or without. */
  #shutdown(action, error) {
    // 1. If shuttingDown is true, abort these substeps.
    // 2. Set shuttingDown to true.
    if (this.#shuttingDown) return;
    this.#shuttingDown = true;
    const act = () => {
      if (action === undefined) this.#finalize(error);
      else reactTo(action(), () => this.#finalize(error), (newError) => this.#finalize({ reason: newError }));
    };
    // 3. If dest.[[state]] is "writable" and ! WritableStreamCloseQueuedOrInFlight(dest) is false,
    if (this.#dest.state === 'writable' && !writableStreamCloseQueuedOrInFlight(this.#dest)) this.#afterLastWrite(act);
    else act();
  }

  /** "Wait until every chunk that has been read has been written". */
  #afterLastWrite(steps) {
    const awaited = this.#lastWrite;
    const next = () => {
      // A read that was under way may have brought one more.
      if (awaited === this.#lastWrite) steps();
      else this.#afterLastWrite(steps);
    };
    reactTo(awaited, next, next);
  }

  #finalize(error) {
    writableStreamDefaultWriterRelease(this.#writer);
    readableStreamDefaultReaderRelease(this.#reader);
    const { signal } = this.#options;
    if (signal !== undefined) apply(removeEventListener, signal, ['abort', this.#onabort]);
    if (error === undefined) this.#result.resolve(undefined);
    else this.#result.reject(error.reason);
  }
}
