// The internal slots of a ReadableStream, and what the standard does with them. Neither streams nor readers nor
// controllers are objects of a script's here: they are records, which the classes have behind private members, so that
// nothing a script has patched is ever called. A function has the name of its abstract operation.
// https://streams.spec.whatwg.org/#rs-abstract-ops

import { promiseRejectedWith, promiseResolvedWith, reactTo, setPromiseIsHandled } from './promise.js';
import { List } from './queue-with-sizes.js';

/** A stream's record; `controller` comes when it is set up. */
export function initializeReadableStream() {
  return { state: 'readable', reader: undefined, storedError: undefined, disturbed: false, controller: undefined };
}

export function isReadableStreamLocked(stream) {
  return stream.reader !== undefined;
}

export function readableStreamAddReadRequest(stream, readRequest) {
  stream.reader.readRequests.append(readRequest);
}

export function readableStreamFulfillReadRequest(stream, chunk) {
  stream.reader.readRequests.removeFirst().chunkSteps(chunk);
}

export function readableStreamGetNumReadRequests(stream) {
  return stream.reader.readRequests.length;
}

export function readableStreamCancel(stream, reason) {
  stream.disturbed = true;
  if (stream.state === 'closed') return promiseResolvedWith(undefined);
  if (stream.state === 'errored') return promiseRejectedWith(stream.storedError);
  readableStreamClose(stream);
  const sourceCancelPromise = stream.controller.cancelSteps(reason);
  // 8. Return the result of reacting to sourceCancelPromise with a fulfillment step that returns undefined.
  return reactTo(sourceCancelPromise, () => undefined);
}

export function readableStreamClose(stream) {
  stream.state = 'closed';
  const { reader } = stream;
  if (reader === undefined) return;
  reader.closed.resolve(undefined);
  const { readRequests } = reader;
  reader.readRequests = new List();
  while (readRequests.length > 0) readRequests.removeFirst().closeSteps();
}

export function readableStreamError(stream, e) {
  stream.state = 'errored';
  stream.storedError = e;
  const { reader } = stream;
  if (reader === undefined) return;
  reader.closed.reject(e);
  setPromiseIsHandled(reader.closed.promise);
  readableStreamDefaultReaderErrorReadRequests(reader, e);
}

export function readableStreamDefaultReaderErrorReadRequests(reader, e) {
  const { readRequests } = reader;
  reader.readRequests = new List();
  while (readRequests.length > 0) readRequests.removeFirst().errorSteps(e);
}
