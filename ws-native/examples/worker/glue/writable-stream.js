// https://streams.spec.whatwg.org/#ws-class

import { toOptionalObject } from './callback.js';
import { promiseOf } from './promise.js';
import { extractHighWaterMark, extractSizeAlgorithm, toQueuingStrategy } from './queuing-strategy.js';
import { defineInterface } from './webidl.js';
import {
  setUpWritableStreamDefaultControllerFromUnderlyingSink,
  toUnderlyingSink,
} from './writable-stream-default-controller.js';
import {
  acquireWritableStreamDefaultWriter,
  defineWritableStreamDefaultWriter,
} from './writable-stream-default-writer.js';
import {
  initializeWritableStream,
  isWritableStreamLocked,
  writableStreamAbort,
  writableStreamClose,
  writableStreamCloseQueuedOrInFlight,
} from './writable-stream-slots.js';

/** The record behind a WritableStream; throws for anything else. */
export let writableStreamOf;

export class WritableStream {
  #stream;

  static {
    writableStreamOf = (object) => object.#stream;
  }

  constructor(underlyingSink = undefined, strategy = undefined) {
    const sink = toOptionalObject(underlyingSink, 'underlyingSink');
    const queuingStrategy = toQueuingStrategy(strategy);
    // 2. Let underlyingSinkDict be underlyingSink, converted to an IDL value of type UnderlyingSink.
    const underlyingSinkDict = toUnderlyingSink(sink);
    // 3. If underlyingSinkDict["type"] exists, throw a RangeError exception.
    if (underlyingSinkDict.type !== undefined) throw new RangeError('the type of a sink is reserved for the future');
    this.#stream = initializeWritableStream();
    const sizeAlgorithm = extractSizeAlgorithm(queuingStrategy);
    const highWaterMark = extractHighWaterMark(queuingStrategy, 1);
    setUpWritableStreamDefaultControllerFromUnderlyingSink(
      this.#stream,
      sink,
      underlyingSinkDict,
      highWaterMark,
      sizeAlgorithm,
    );
  }

  get locked() {
    return isWritableStreamLocked(this.#stream);
  }

  abort(reason = undefined) {
    return promiseOf(() => {
      const stream = this.#stream;
      if (isWritableStreamLocked(stream)) throw new TypeError('the stream is locked to a writer');
      return writableStreamAbort(stream, reason);
    });
  }

  close() {
    return promiseOf(() => {
      const stream = this.#stream;
      if (isWritableStreamLocked(stream)) throw new TypeError('the stream is locked to a writer');
      if (writableStreamCloseQueuedOrInFlight(stream)) throw new TypeError('the stream is about to close');
      return writableStreamClose(stream);
    });
  }

  getWriter() {
    return writerObjectOf(acquireWritableStreamDefaultWriter(this.#stream));
  }
}

defineInterface(WritableStream, ['abort', 'close', 'getWriter', 'locked']);

const { WritableStreamDefaultWriter, objectOf: writerObjectOf } = defineWritableStreamDefaultWriter(writableStreamOf);
export { WritableStreamDefaultWriter };
