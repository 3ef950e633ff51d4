// https://streams.spec.whatwg.org/#rs-default-controller-class

import { callbackMember, invoke, invokeForPromise } from './callback.js';
import { promiseResolvedWith, reactTo } from './promise.js';
import { dequeueValue, enqueueValueWithSize, resetQueue } from './queue-with-sizes.js';
import {
  initializeReadableStream,
  isReadableStreamLocked,
  readableStreamAddReadRequest,
  readableStreamClose,
  readableStreamError,
  readableStreamFulfillReadRequest,
  readableStreamGetNumReadRequests,
} from './readable-stream-slots.js';
import { defineInterface, toDictionary } from './webidl.js';

/** The first argument of a constructor that is called from here and not by a script. */
const INTERNAL = Symbol();

export class ReadableStreamDefaultController {
  #controller;

  constructor() {
    if (arguments[0] !== INTERNAL) throw new TypeError('Illegal constructor');
    this.#controller = arguments[1];
  }

  get desiredSize() {
    return readableStreamDefaultControllerGetDesiredSize(this.#controller);
  }

  close() {
    const controller = this.#controller;
    requireCanCloseOrEnqueue(controller);
    readableStreamDefaultControllerClose(controller);
  }

  enqueue(chunk = undefined) {
    const controller = this.#controller;
    requireCanCloseOrEnqueue(controller);
    readableStreamDefaultControllerEnqueue(controller, chunk);
  }

  error(e = undefined) {
    readableStreamDefaultControllerError(this.#controller, e);
  }
}

/** The step that both close() and enqueue() begin with. */
function requireCanCloseOrEnqueue(controller) {
  // 1. If ! ReadableStreamDefaultControllerCanCloseOrEnqueue(this) is false, throw a TypeError exception.
  if (!readableStreamDefaultControllerCanCloseOrEnqueue(controller)) {
    throw new TypeError('the stream is closed, or about to close');
  }
}

defineInterface(ReadableStreamDefaultController, ['desiredSize', 'close', 'enqueue', 'error']);

/** The record behind the class. */
class Controller {
  stream;
  queue;
  queueTotalSize;
  started = false;
  closeRequested = false;
  pullAgain = false;
  pulling = false;
  pullAlgorithm;
  cancelAlgorithm;
  strategySizeAlgorithm;
  strategyHWM;

  constructor(stream, strategySizeAlgorithm, strategyHWM) {
    this.stream = stream;
    this.strategySizeAlgorithm = strategySizeAlgorithm;
    this.strategyHWM = strategyHWM;
    resetQueue(this);
  }

  /** [[CancelSteps]](reason) */
  cancelSteps(reason) {
    resetQueue(this);
    const result = this.cancelAlgorithm(reason);
    readableStreamDefaultControllerClearAlgorithms(this);
    return result;
  }

  /** [[PullSteps]](readRequest) */
  pullSteps(readRequest) {
    const { stream } = this;
    if (this.queue.length > 0) {
      const chunk = dequeueValue(this);
      if (this.closeRequested && this.queue.length === 0) {
        readableStreamDefaultControllerClearAlgorithms(this);
        readableStreamClose(stream);
      } else {
        readableStreamDefaultControllerCallPullIfNeeded(this);
      }
      readRequest.chunkSteps(chunk);
    } else {
      readableStreamAddReadRequest(stream, readRequest);
      readableStreamDefaultControllerCallPullIfNeeded(this);
    }
  }
}

/** Gives the record of a new stream; its startAlgorithm does nothing, and its queuing strategy is the default one. */
export function createReadableStream(pullAlgorithm, cancelAlgorithm) {
  const stream = initializeReadableStream();
  const controller = new Controller(stream, () => 1, 1);
  setUpReadableStreamDefaultController(controller, () => undefined, pullAlgorithm, cancelAlgorithm);
  return stream;
}

/** UnderlyingSource, as far as it concerns streams of other things than bytes. */
export function toUnderlyingSource(underlyingSource) {
  const dictionary = toDictionary(underlyingSource, 'underlyingSource');
  // The members of a dictionary are read in lexicographical order.
  const cancel = callbackMember(dictionary, 'cancel');
  const pull = callbackMember(dictionary, 'pull');
  const start = callbackMember(dictionary, 'start');
  const { type } = dictionary;
  // Deviation: there are no readable byte streams here; a script is told so as it is by a host that never had them.
  if (type !== undefined) throw new TypeError(`there are no streams of the type '${type}'`);
  return { cancel, pull, start };
}

export function setUpReadableStreamDefaultControllerFromUnderlyingSource(
  stream,
  underlyingSource,
  { start, pull, cancel },
  highWaterMark,
  sizeAlgorithm,
) {
  const controller = new Controller(stream, sizeAlgorithm, highWaterMark);
  const object = new ReadableStreamDefaultController(INTERNAL, controller);
  const algorithm = (callback, parameter) => (
    callback ? invokeForPromise(callback, underlyingSource, [parameter]) : promiseResolvedWith(undefined)
  );
  const startAlgorithm = () => start && invoke(start, underlyingSource, [object]);
  const pullAlgorithm = () => algorithm(pull, object);
  const cancelAlgorithm = (reason) => algorithm(cancel, reason);
  setUpReadableStreamDefaultController(controller, startAlgorithm, pullAlgorithm, cancelAlgorithm);
}

function setUpReadableStreamDefaultController(controller, startAlgorithm, pullAlgorithm, cancelAlgorithm) {
  controller.pullAlgorithm = pullAlgorithm;
  controller.cancelAlgorithm = cancelAlgorithm;
  controller.stream.controller = controller;
  // 9. Let startResult be the result of performing startAlgorithm. (This might throw an exception.)
  const startResult = startAlgorithm();
  reactTo(promiseResolvedWith(startResult), () => {
    controller.started = true;
    readableStreamDefaultControllerCallPullIfNeeded(controller);
  }, (r) => readableStreamDefaultControllerError(controller, r));
}

function readableStreamDefaultControllerCallPullIfNeeded(controller) {
  if (!readableStreamDefaultControllerShouldCallPull(controller)) return;
  if (controller.pulling) {
    controller.pullAgain = true;
    return;
  }
  controller.pulling = true;
  reactTo(controller.pullAlgorithm(), () => {
    controller.pulling = false;
    if (controller.pullAgain) {
      controller.pullAgain = false;
      readableStreamDefaultControllerCallPullIfNeeded(controller);
    }
  }, (e) => readableStreamDefaultControllerError(controller, e));
}

function readableStreamDefaultControllerShouldCallPull(controller) {
  const { stream } = controller;
  if (!readableStreamDefaultControllerCanCloseOrEnqueue(controller)) return false;
  if (!controller.started) return false;
  if (isReadableStreamLocked(stream) && readableStreamGetNumReadRequests(stream) > 0) return true;
  return readableStreamDefaultControllerGetDesiredSize(controller) > 0;
}

/** So that the underlying source can be collected before the stream is. */
function readableStreamDefaultControllerClearAlgorithms(controller) {
  controller.pullAlgorithm = undefined;
  controller.cancelAlgorithm = undefined;
  controller.strategySizeAlgorithm = undefined;
}

export function readableStreamDefaultControllerClose(controller) {
  if (!readableStreamDefaultControllerCanCloseOrEnqueue(controller)) return;
  controller.closeRequested = true;
  if (controller.queue.length > 0) return;
  readableStreamDefaultControllerClearAlgorithms(controller);
  readableStreamClose(controller.stream);
}

export function readableStreamDefaultControllerEnqueue(controller, chunk) {
  if (!readableStreamDefaultControllerCanCloseOrEnqueue(controller)) return;
  const { stream } = controller;
  if (isReadableStreamLocked(stream) && readableStreamGetNumReadRequests(stream) > 0) {
    readableStreamFulfillReadRequest(stream, chunk);
  } else {
    try {
      const chunkSize = controller.strategySizeAlgorithm(chunk);
      enqueueValueWithSize(controller, chunk, chunkSize);
    } catch (error) {
      readableStreamDefaultControllerError(controller, error);
      throw error;
    }
  }
  readableStreamDefaultControllerCallPullIfNeeded(controller);
}

export function readableStreamDefaultControllerError(controller, e) {
  const { stream } = controller;
  if (stream.state !== 'readable') return;
  resetQueue(controller);
  readableStreamDefaultControllerClearAlgorithms(controller);
  readableStreamError(stream, e);
}

function readableStreamDefaultControllerGetDesiredSize(controller) {
  const { state } = controller.stream;
  if (state === 'errored') return null;
  if (state === 'closed') return 0;
  return controller.strategyHWM - controller.queueTotalSize;
}

function readableStreamDefaultControllerCanCloseOrEnqueue(controller) {
  return !controller.closeRequested && controller.stream.state === 'readable';
}
