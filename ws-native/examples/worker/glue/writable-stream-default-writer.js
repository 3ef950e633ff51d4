// https://streams.spec.whatwg.org/#default-writer-class

import {
  PromiseCapability,
  promiseOf,
  promiseRejectedWith,
  promiseResolvedWith,
  setPromiseIsHandled,
} from './promise.js';
import { defineInterface, requireArguments } from './webidl.js';
import {
  writableStreamDefaultControllerGetChunkSize,
  writableStreamDefaultControllerGetDesiredSize,
  writableStreamDefaultControllerWrite,
} from './writable-stream-default-controller.js';
import {
  isWritableStreamLocked,
  writableStreamAbort,
  writableStreamAddWriteRequest,
  writableStreamClose,
  writableStreamCloseQueuedOrInFlight,
  writableStreamDefaultWriterEnsureReadyPromiseRejected,
} from './writable-stream-slots.js';

/** The first argument of a constructor that is called from here and not by a script. */
const INTERNAL = Symbol();

/** Makes the class, given how to look behind a WritableStream. */
export function defineWritableStreamDefaultWriter(writableStreamOf) {
  /** The object of a writer's record. */
  const objectOf = (writer) => new WritableStreamDefaultWriter(INTERNAL, writer);

  class WritableStreamDefaultWriter {
    #writer;

    constructor(stream) {
      requireArguments(arguments.length, 1, "Failed to construct 'WritableStreamDefaultWriter'");
      this.#writer = stream === INTERNAL ? arguments[1] : acquireWritableStreamDefaultWriter(writableStreamOf(stream));
    }

    get closed() {
      return promiseOf(() => this.#writer.closed.promise);
    }

    get desiredSize() {
      const writer = this.#writer;
      if (writer.stream === undefined) throw new TypeError('the writer has been released');
      return writableStreamDefaultWriterGetDesiredSize(writer);
    }

    get ready() {
      return promiseOf(() => this.#writer.ready.promise);
    }

    abort(reason = undefined) {
      return promiseOf(() => {
        const { stream } = this.#writer;
        if (stream === undefined) throw new TypeError('the writer has been released');
        return writableStreamAbort(stream, reason);
      });
    }

    close() {
      return promiseOf(() => {
        const { stream } = this.#writer;
        if (stream === undefined) throw new TypeError('the writer has been released');
        if (writableStreamCloseQueuedOrInFlight(stream)) throw new TypeError('the stream is about to close');
        return writableStreamClose(stream);
      });
    }

    releaseLock() {
      const writer = this.#writer;
      if (writer.stream !== undefined) writableStreamDefaultWriterRelease(writer);
    }

    write(chunk = undefined) {
      return promiseOf(() => {
        const writer = this.#writer;
        if (writer.stream === undefined) throw new TypeError('the writer has been released');
        return writableStreamDefaultWriterWrite(writer, chunk);
      });
    }
  }

  const members = ['closed', 'desiredSize', 'ready', 'abort', 'close', 'releaseLock', 'write'];
  defineInterface(WritableStreamDefaultWriter, members);
  return { WritableStreamDefaultWriter, objectOf };
}

/** Gives the record of a new writer; SetUpWritableStreamDefaultWriter. */
export function acquireWritableStreamDefaultWriter(stream) {
  // 1. If ! IsWritableStreamLocked(stream) is true, throw a TypeError exception.
  if (isWritableStreamLocked(stream)) throw new TypeError('the stream is locked to a writer');
  const writer = { stream, ready: undefined, closed: undefined };
  stream.writer = writer;
  switch (stream.state) {
    case 'writable': {
      const waits = !writableStreamCloseQueuedOrInFlight(stream) && stream.backpressure;
      writer.ready = waits ? new PromiseCapability() : PromiseCapability.resolvedWith(undefined);
      writer.closed = new PromiseCapability();
      break;
    }
    case 'erroring':
      writer.ready = PromiseCapability.rejectedWith(stream.storedError);
      writer.closed = new PromiseCapability();
      break;
    case 'closed':
      writer.ready = PromiseCapability.resolvedWith(undefined);
      writer.closed = PromiseCapability.resolvedWith(undefined);
      break;
    default:
      writer.ready = PromiseCapability.rejectedWith(stream.storedError);
      writer.closed = PromiseCapability.rejectedWith(stream.storedError);
  }
  return writer;
}

export function writableStreamDefaultWriterCloseWithErrorPropagation(writer) {
  const { stream } = writer;
  if (writableStreamCloseQueuedOrInFlight(stream) || stream.state === 'closed') return promiseResolvedWith(undefined);
  if (stream.state === 'errored') return promiseRejectedWith(stream.storedError);
  return writableStreamClose(stream);
}

function writableStreamDefaultWriterEnsureClosedPromiseRejected(writer, error) {
  if (writer.closed.isPending) {
    writer.closed.reject(error);
    setPromiseIsHandled(writer.closed.promise);
  } else {
    writer.closed = PromiseCapability.rejectedWith(error);
  }
}

export function writableStreamDefaultWriterGetDesiredSize({ stream }) {
  if (stream.state === 'errored' || stream.state === 'erroring') return null;
  if (stream.state === 'closed') return 0;
  return writableStreamDefaultControllerGetDesiredSize(stream.controller);
}

export function writableStreamDefaultWriterRelease(writer) {
  const { stream } = writer;
  const releasedError = new TypeError('the writer has been released');
  writableStreamDefaultWriterEnsureReadyPromiseRejected(writer, releasedError);
  writableStreamDefaultWriterEnsureClosedPromiseRejected(writer, releasedError);
  stream.writer = undefined;
  writer.stream = undefined;
}

export function writableStreamDefaultWriterWrite(writer, chunk) {
  const { stream } = writer;
  const { controller } = stream;
  const chunkSize = writableStreamDefaultControllerGetChunkSize(controller, chunk);
  // 5. If stream is not equal to writer.[[stream]], return a promise rejected with a TypeError exception. (The size
  //    algorithm is the script's.)
  if (stream !== writer.stream) return promiseRejectedWith(new TypeError('the writer has been released'));
  if (stream.state === 'errored') return promiseRejectedWith(stream.storedError);
  if (writableStreamCloseQueuedOrInFlight(stream) || stream.state === 'closed') {
    return promiseRejectedWith(new TypeError('the stream is closed, or about to close'));
  }
  if (stream.state === 'erroring') return promiseRejectedWith(stream.storedError);
  const promise = writableStreamAddWriteRequest(stream);
  writableStreamDefaultControllerWrite(controller, chunk, chunkSize);
  return promise;
}
