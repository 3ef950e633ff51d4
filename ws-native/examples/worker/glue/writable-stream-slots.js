// The internal slots of a WritableStream, and what the standard does with them. As in readable-stream-slots.js,
// streams, writers and controllers are records, and a function has the name of its abstract operation.
// https://streams.spec.whatwg.org/#ws-abstract-ops

import {
  PromiseCapability,
  promiseRejectedWith,
  promiseResolvedWith,
  reactTo,
  setPromiseIsHandled,
} from './promise.js';
import { List } from './queue-with-sizes.js';

/** A stream's record; `controller` comes when it is set up. Requests are capabilities of promises. */
export function initializeWritableStream() {
  return {
    state: 'writable',
    storedError: undefined,
    writer: undefined,
    controller: undefined,
    writeRequests: new List(),
    inFlightWriteRequest: undefined,
    closeRequest: undefined,
    inFlightCloseRequest: undefined,
    pendingAbortRequest: undefined,
    backpressure: false,
  };
}

export function isWritableStreamLocked(stream) {
  return stream.writer !== undefined;
}

export function writableStreamAbort(stream, reason) {
  if (isOver(stream)) return promiseResolvedWith(undefined);
  stream.controller.signalAbort(reason);
  // 4. If state is "closed" or "errored", return a promise resolved with undefined. (We re-check the state because
  //    signaling abort runs author code and that might have changed the state.)
  if (isOver(stream)) return promiseResolvedWith(undefined);
  if (stream.pendingAbortRequest !== undefined) return stream.pendingAbortRequest.capability.promise;
  const wasAlreadyErroring = stream.state === 'erroring';
  const capability = new PromiseCapability();
  stream.pendingAbortRequest = { capability, reason: wasAlreadyErroring ? undefined : reason, wasAlreadyErroring };
  if (!wasAlreadyErroring) writableStreamStartErroring(stream, reason);
  return capability.promise;
}

export function writableStreamClose(stream) {
  if (isOver(stream)) return promiseRejectedWith(new TypeError('the stream is closed, or has failed'));
  const request = new PromiseCapability();
  stream.closeRequest = request;
  const { writer } = stream;
  if (writer !== undefined && stream.backpressure && stream.state === 'writable') writer.ready.resolve(undefined);
  stream.controller.close();
  return request.promise;
}

function isOver({ state }) {
  return state === 'closed' || state === 'errored';
}

export function writableStreamAddWriteRequest(stream) {
  const request = new PromiseCapability();
  stream.writeRequests.append(request);
  return request.promise;
}

export function writableStreamCloseQueuedOrInFlight(stream) {
  return stream.closeRequest !== undefined || stream.inFlightCloseRequest !== undefined;
}

export function writableStreamDealWithRejection(stream, error) {
  if (stream.state === 'writable') writableStreamStartErroring(stream, error);
  else writableStreamFinishErroring(stream);
}

export function writableStreamStartErroring(stream, reason) {
  stream.state = 'erroring';
  stream.storedError = reason;
  const { controller, writer } = stream;
  if (writer !== undefined) writableStreamDefaultWriterEnsureReadyPromiseRejected(writer, reason);
  if (!writableStreamHasOperationMarkedInFlight(stream) && controller.started) writableStreamFinishErroring(stream);
}

export function writableStreamFinishErroring(stream) {
  stream.state = 'errored';
  stream.controller.errorSteps();
  const { storedError, writeRequests } = stream;
  stream.writeRequests = new List();
  while (writeRequests.length > 0) writeRequests.removeFirst().reject(storedError);
  const abortRequest = stream.pendingAbortRequest;
  stream.pendingAbortRequest = undefined;
  if (abortRequest === undefined) {
    writableStreamRejectCloseAndClosedPromiseIfNeeded(stream);
  } else if (abortRequest.wasAlreadyErroring) {
    abortRequest.capability.reject(storedError);
    writableStreamRejectCloseAndClosedPromiseIfNeeded(stream);
  } else {
    reactTo(stream.controller.abortSteps(abortRequest.reason), () => {
      abortRequest.capability.resolve(undefined);
      writableStreamRejectCloseAndClosedPromiseIfNeeded(stream);
    }, (reason) => {
      abortRequest.capability.reject(reason);
      writableStreamRejectCloseAndClosedPromiseIfNeeded(stream);
    });
  }
}

export function writableStreamFinishInFlightClose(stream) {
  stream.inFlightCloseRequest.resolve(undefined);
  stream.inFlightCloseRequest = undefined;
  if (stream.state === 'erroring') {
    // The error was too late to do anything, so it is ignored.
    stream.storedError = undefined;
    stream.pendingAbortRequest?.capability.resolve(undefined);
    stream.pendingAbortRequest = undefined;
  }
  stream.state = 'closed';
  stream.writer?.closed.resolve(undefined);
}

export function writableStreamFinishInFlightCloseWithError(stream, error) {
  stream.inFlightCloseRequest.reject(error);
  stream.inFlightCloseRequest = undefined;
  stream.pendingAbortRequest?.capability.reject(error);
  stream.pendingAbortRequest = undefined;
  writableStreamDealWithRejection(stream, error);
}

export function writableStreamFinishInFlightWrite(stream) {
  stream.inFlightWriteRequest.resolve(undefined);
  stream.inFlightWriteRequest = undefined;
}

export function writableStreamFinishInFlightWriteWithError(stream, error) {
  stream.inFlightWriteRequest.reject(error);
  stream.inFlightWriteRequest = undefined;
  writableStreamDealWithRejection(stream, error);
}

function writableStreamHasOperationMarkedInFlight(stream) {
  return stream.inFlightWriteRequest !== undefined || stream.inFlightCloseRequest !== undefined;
}

export function writableStreamMarkCloseRequestInFlight(stream) {
  stream.inFlightCloseRequest = stream.closeRequest;
  stream.closeRequest = undefined;
}

export function writableStreamMarkFirstWriteRequestInFlight(stream) {
  stream.inFlightWriteRequest = stream.writeRequests.removeFirst();
}

function writableStreamRejectCloseAndClosedPromiseIfNeeded(stream) {
  stream.closeRequest?.reject(stream.storedError);
  stream.closeRequest = undefined;
  const { writer } = stream;
  if (writer === undefined) return;
  writer.closed.reject(stream.storedError);
  setPromiseIsHandled(writer.closed.promise);
}

export function writableStreamUpdateBackpressure(stream, backpressure) {
  const { writer } = stream;
  if (writer !== undefined && backpressure !== stream.backpressure) {
    if (backpressure) writer.ready = new PromiseCapability();
    else writer.ready.resolve(undefined);
  }
  stream.backpressure = backpressure;
}

export function writableStreamDefaultWriterEnsureReadyPromiseRejected(writer, error) {
  if (writer.ready.isPending) {
    writer.ready.reject(error);
    setPromiseIsHandled(writer.ready.promise);
  } else {
    writer.ready = PromiseCapability.rejectedWith(error);
  }
}
