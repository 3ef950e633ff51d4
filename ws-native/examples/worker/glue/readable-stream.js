// https://streams.spec.whatwg.org/#rs-class

import { toOptionalObject } from './callback.js';
import { readableStreamPipeTo, requireAbortSignal } from './pipe.js';
import { promiseOf, setPromiseIsHandled } from './promise.js';
import { extractHighWaterMark, extractSizeAlgorithm, toQueuingStrategy } from './queuing-strategy.js';
import { iterate } from './readable-stream-async-iterator.js';
import {
  setUpReadableStreamDefaultControllerFromUnderlyingSource,
  toUnderlyingSource,
} from './readable-stream-default-controller.js';
import {
  acquireReadableStreamDefaultReader,
  defineReadableStreamDefaultReader,
} from './readable-stream-default-reader.js';
import { initializeReadableStream, isReadableStreamLocked, readableStreamCancel } from './readable-stream-slots.js';
import { readableStreamDefaultTee } from './readable-stream-tee.js';
import { defineInterface, requireArguments, toDictionary } from './webidl.js';
import { writableStreamOf } from './writable-stream.js';
import { isWritableStreamLocked } from './writable-stream-slots.js';

/** The first argument of a constructor that is called from here and not by a script. */
const INTERNAL = Symbol();

/** The record behind a ReadableStream; throws for anything else. */
let readableStreamOf;

export class ReadableStream {
  #stream;

  static {
    readableStreamOf = (object) => object.#stream;
  }

  constructor(underlyingSource = undefined, strategy = undefined) {
    if (underlyingSource === INTERNAL) {
      this.#stream = strategy;
      return;
    }
    const source = toOptionalObject(underlyingSource, 'underlyingSource');
    const queuingStrategy = toQueuingStrategy(strategy);
    // 2. Let underlyingSourceDict be underlyingSource, converted to an IDL value of type UnderlyingSource.
    const underlyingSourceDict = toUnderlyingSource(source);
    this.#stream = initializeReadableStream();
    const sizeAlgorithm = extractSizeAlgorithm(queuingStrategy);
    const highWaterMark = extractHighWaterMark(queuingStrategy, 1);
    setUpReadableStreamDefaultControllerFromUnderlyingSource(
      this.#stream,
      source,
      underlyingSourceDict,
      highWaterMark,
      sizeAlgorithm,
    );
  }

  get locked() {
    return isReadableStreamLocked(this.#stream);
  }

  cancel(reason = undefined) {
    return promiseOf(() => {
      const stream = this.#stream;
      if (isReadableStreamLocked(stream)) throw new TypeError('the stream is locked to a reader');
      return readableStreamCancel(stream, reason);
    });
  }

  getReader(options = undefined) {
    const stream = this.#stream;
    const { mode } = toDictionary(options, 'options');
    if (mode === undefined) return readerObjectOf(acquireReadableStreamDefaultReader(stream));
    if (`${mode}` !== 'byob') throw new TypeError(`'${mode}' is not a mode of a reader`);
    // SetUpReadableStreamBYOBReader, 2. If stream.[[controller]] does not implement ReadableByteStreamController, throw
    // a TypeError exception.
    throw new TypeError('the stream is not a readable byte stream');
  }

  pipeThrough(transform, options = undefined) {
    const stream = this.#stream;
    requireArguments(arguments.length, 1, "Failed to execute 'pipeThrough' on 'ReadableStream'");
    const { readable, writable } = toReadableWritablePair(transform);
    const pipeOptions = toStreamPipeOptions(options);
    if (isReadableStreamLocked(stream)) throw new TypeError('the stream is locked to a reader');
    if (isWritableStreamLocked(writable)) throw new TypeError('the writable side is locked to a writer');
    setPromiseIsHandled(readableStreamPipeTo(stream, writable, pipeOptions));
    return readable;
  }

  pipeTo(destination, options = undefined) {
    return promiseOf(() => {
      const stream = this.#stream;
      requireArguments(arguments.length, 1, "Failed to execute 'pipeTo' on 'ReadableStream'");
      const writable = writableStreamOf(destination);
      const pipeOptions = toStreamPipeOptions(options);
      if (isReadableStreamLocked(stream)) throw new TypeError('the stream is locked to a reader');
      if (isWritableStreamLocked(writable)) throw new TypeError('the destination is locked to a writer');
      return readableStreamPipeTo(stream, writable, pipeOptions);
    });
  }

  tee() {
    const branches = readableStreamDefaultTee(this.#stream);
    return [new ReadableStream(INTERNAL, branches[0]), new ReadableStream(INTERNAL, branches[1])];
  }

  values(options = undefined) {
    const stream = this.#stream;
    const preventCancel = Boolean(toDictionary(options, 'options').preventCancel);
    return iterate(acquireReadableStreamDefaultReader(stream), preventCancel);
  }
}

defineInterface(ReadableStream, ['cancel', 'getReader', 'locked', 'pipeThrough', 'pipeTo', 'tee', 'values']);
Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  value: ReadableStream.prototype.values, writable: true, configurable: true,
});

const { ReadableStreamDefaultReader, objectOf: readerObjectOf } = defineReadableStreamDefaultReader(readableStreamOf);
export { ReadableStreamDefaultReader };

/** ReadableWritablePair: the object of the one side, the record of the other. */
function toReadableWritablePair(transform) {
  const dictionary = toDictionary(transform, 'transform');
  // The members of a dictionary are read in lexicographical order.
  const { readable } = dictionary;
  readableStreamOf(readable);
  const { writable } = dictionary;
  return { readable, writable: writableStreamOf(writable) };
}

function toStreamPipeOptions(options) {
  const dictionary = toDictionary(options, 'options');
  // The members of a dictionary are read in lexicographical order.
  const preventAbort = Boolean(dictionary.preventAbort);
  const preventCancel = Boolean(dictionary.preventCancel);
  const preventClose = Boolean(dictionary.preventClose);
  const { signal } = dictionary;
  if (signal !== undefined) requireAbortSignal(signal);
  return { preventAbort, preventCancel, preventClose, signal };
}
