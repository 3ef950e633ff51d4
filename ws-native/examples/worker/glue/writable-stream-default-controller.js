// https://streams.spec.whatwg.org/#ws-default-controller-class

import { AbortController } from './abort.js';
import { callbackMember, invoke, invokeForPromise } from './callback.js';
import { promiseResolvedWith, reactTo } from './promise.js';
import { dequeueValue, enqueueValueWithSize, peekQueueValue, resetQueue } from './queue-with-sizes.js';
import { defineInterface, toDictionary } from './webidl.js';
import {
  writableStreamCloseQueuedOrInFlight,
  writableStreamDealWithRejection,
  writableStreamFinishErroring,
  writableStreamFinishInFlightClose,
  writableStreamFinishInFlightCloseWithError,
  writableStreamFinishInFlightWrite,
  writableStreamFinishInFlightWriteWithError,
  writableStreamMarkCloseRequestInFlight,
  writableStreamMarkFirstWriteRequestInFlight,
  writableStreamStartErroring,
  writableStreamUpdateBackpressure,
} from './writable-stream-slots.js';

/** The first argument of a constructor that is called from here and not by a script. */
const INTERNAL = Symbol();

/** "A unique value enqueued into [[queue]], in lieu of a chunk, to signal that the stream is closed." */
const CLOSE_SENTINEL = Symbol();

const { apply } = Reflect;
const { abort } = AbortController.prototype;
const signalOf = Object.getOwnPropertyDescriptor(AbortController.prototype, 'signal').get;

export class WritableStreamDefaultController {
  #controller;

  constructor() {
    if (arguments[0] !== INTERNAL) throw new TypeError('Illegal constructor');
    this.#controller = arguments[1];
  }

  get signal() {
    return apply(signalOf, this.#controller.abortController, []);
  }

  error(e = undefined) {
    writableStreamDefaultControllerErrorIfNeeded(this.#controller, e);
  }
}

defineInterface(WritableStreamDefaultController, ['signal', 'error']);

/** The record behind the class. */
class Controller {
  stream;
  queue;
  queueTotalSize;
  abortController = new AbortController();
  started = false;
  strategySizeAlgorithm;
  strategyHWM;
  writeAlgorithm;
  closeAlgorithm;
  abortAlgorithm;

  /** [[AbortSteps]](reason) */
  abortSteps(reason) {
    const result = this.abortAlgorithm(reason);
    writableStreamDefaultControllerClearAlgorithms(this);
    return result;
  }

  /** [[ErrorSteps]]() */
  errorSteps() {
    resetQueue(this);
  }

  /** Signal abort on controller.[[abortController]] with reason. */
  signalAbort(reason) {
    apply(abort, this.abortController, [reason]);
  }

  /** WritableStreamDefaultControllerClose */
  close() {
    enqueueValueWithSize(this, CLOSE_SENTINEL, 0);
    writableStreamDefaultControllerAdvanceQueueIfNeeded(this);
  }
}

/** UnderlyingSink */
export function toUnderlyingSink(underlyingSink) {
  const dictionary = toDictionary(underlyingSink, 'underlyingSink');
  // The members of a dictionary are read in lexicographical order.
  const abortMember = callbackMember(dictionary, 'abort');
  const close = callbackMember(dictionary, 'close');
  const start = callbackMember(dictionary, 'start');
  const { type } = dictionary;
  const write = callbackMember(dictionary, 'write');
  return { abort: abortMember, close, start, type, write };
}

export function setUpWritableStreamDefaultControllerFromUnderlyingSink(
  stream,
  underlyingSink,
  sink,
  highWaterMark,
  sizeAlgorithm,
) {
  const controller = new Controller();
  const object = new WritableStreamDefaultController(INTERNAL, controller);
  const algorithm = (callback, parameters) => (
    callback ? invokeForPromise(callback, underlyingSink, parameters) : promiseResolvedWith(undefined)
  );
  controller.stream = stream;
  stream.controller = controller;
  resetQueue(controller);
  controller.strategySizeAlgorithm = sizeAlgorithm;
  controller.strategyHWM = highWaterMark;
  controller.writeAlgorithm = (chunk) => algorithm(sink.write, [chunk, object]);
  controller.closeAlgorithm = () => algorithm(sink.close, []);
  controller.abortAlgorithm = (reason) => algorithm(sink.abort, [reason]);
  writableStreamUpdateBackpressure(stream, writableStreamDefaultControllerGetBackpressure(controller));
  // 15. Let startResult be the result of performing startAlgorithm. (This may throw an exception.)
  const startResult = sink.start && invoke(sink.start, underlyingSink, [object]);
  reactTo(promiseResolvedWith(startResult), () => {
    controller.started = true;
    writableStreamDefaultControllerAdvanceQueueIfNeeded(controller);
  }, (r) => {
    controller.started = true;
    writableStreamDealWithRejection(stream, r);
  });
}

function writableStreamDefaultControllerAdvanceQueueIfNeeded(controller) {
  const { stream } = controller;
  if (!controller.started) return;
  if (stream.inFlightWriteRequest !== undefined) return;
  if (stream.state === 'erroring') {
    writableStreamFinishErroring(stream);
    return;
  }
  if (controller.queue.length === 0) return;
  const value = peekQueueValue(controller);
  if (value === CLOSE_SENTINEL) writableStreamDefaultControllerProcessClose(controller);
  else writableStreamDefaultControllerProcessWrite(controller, value);
}

/** So that the underlying sink can be collected before the stream is. */
function writableStreamDefaultControllerClearAlgorithms(controller) {
  controller.writeAlgorithm = undefined;
  controller.closeAlgorithm = undefined;
  controller.abortAlgorithm = undefined;
  controller.strategySizeAlgorithm = undefined;
}

function writableStreamDefaultControllerErrorIfNeeded(controller, error) {
  const { stream } = controller;
  if (stream.state !== 'writable') return;
  writableStreamDefaultControllerClearAlgorithms(controller);
  writableStreamStartErroring(stream, error);
}

function writableStreamDefaultControllerGetBackpressure(controller) {
  return writableStreamDefaultControllerGetDesiredSize(controller) <= 0;
}

export function writableStreamDefaultControllerGetChunkSize(controller, chunk) {
  if (controller.strategySizeAlgorithm === undefined) return 1;
  try {
    return controller.strategySizeAlgorithm(chunk);
  } catch (error) {
    writableStreamDefaultControllerErrorIfNeeded(controller, error);
    return 1;
  }
}

export function writableStreamDefaultControllerGetDesiredSize(controller) {
  return controller.strategyHWM - controller.queueTotalSize;
}

function writableStreamDefaultControllerProcessClose(controller) {
  const { stream } = controller;
  writableStreamMarkCloseRequestInFlight(stream);
  dequeueValue(controller);
  const sinkClosePromise = controller.closeAlgorithm();
  writableStreamDefaultControllerClearAlgorithms(controller);
  reactTo(
    sinkClosePromise,
    () => writableStreamFinishInFlightClose(stream),
    (reason) => writableStreamFinishInFlightCloseWithError(stream, reason),
  );
}

function writableStreamDefaultControllerProcessWrite(controller, chunk) {
  const { stream } = controller;
  writableStreamMarkFirstWriteRequestInFlight(stream);
  reactTo(controller.writeAlgorithm(chunk), () => {
    writableStreamFinishInFlightWrite(stream);
    dequeueValue(controller);
    updateBackpressureIfOpen(controller);
    writableStreamDefaultControllerAdvanceQueueIfNeeded(controller);
  }, (reason) => {
    if (stream.state === 'writable') writableStreamDefaultControllerClearAlgorithms(controller);
    writableStreamFinishInFlightWriteWithError(stream, reason);
  });
}

export function writableStreamDefaultControllerWrite(controller, chunk, chunkSize) {
  try {
    enqueueValueWithSize(controller, chunk, chunkSize);
  } catch (error) {
    writableStreamDefaultControllerErrorIfNeeded(controller, error);
    return;
  }
  updateBackpressureIfOpen(controller);
  writableStreamDefaultControllerAdvanceQueueIfNeeded(controller);
}

/** The steps that both a write and its end have for a stream that is writable and not about to close. */
function updateBackpressureIfOpen(controller) {
  const { stream } = controller;
  if (writableStreamCloseQueuedOrInFlight(stream) || stream.state !== 'writable') return;
  writableStreamUpdateBackpressure(stream, writableStreamDefaultControllerGetBackpressure(controller));
}
