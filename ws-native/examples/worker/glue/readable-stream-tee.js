// https://streams.spec.whatwg.org/#readable-stream-tee

import { PromiseCapability, promiseResolvedWith, queueMicrotask, reactTo } from './promise.js';
import {
  createReadableStream,
  readableStreamDefaultControllerClose,
  readableStreamDefaultControllerEnqueue,
  readableStreamDefaultControllerError,
} from './readable-stream-default-controller.js';
import {
  acquireReadableStreamDefaultReader,
  readableStreamDefaultReaderRead,
} from './readable-stream-default-reader.js';
import { readableStreamCancel } from './readable-stream-slots.js';

/** Gives the records of two streams that both have what the one has. */
export function readableStreamDefaultTee(stream) {
  const reader = acquireReadableStreamDefaultReader(stream);
  const cancelPromise = new PromiseCapability();
  const branches = [newBranch(), newBranch()];
  let reading = false;
  let readAgain = false;

  const forEachBranch = (steps) => {
    for (let index = 0; index < 2; index += 1) if (!branches[index].canceled) steps(branches[index].stream.controller);
  };
  const resolveUnlessBothAreCanceled = () => {
    if (!branches[0].canceled || !branches[1].canceled) cancelPromise.resolve(undefined);
  };

  const readRequest = {
    chunkSteps: (chunk) => {
      // The microtask delay here is necessary because it takes at least a microtask to detect errors, when we use
      // reader.[[closedPromise]] below.
      queueMicrotask(() => {
        readAgain = false;
        forEachBranch((controller) => readableStreamDefaultControllerEnqueue(controller, chunk));
        reading = false;
        if (readAgain) pullAlgorithm();
      });
    },
    closeSteps: () => {
      reading = false;
      forEachBranch(readableStreamDefaultControllerClose);
      resolveUnlessBothAreCanceled();
    },
    errorSteps: () => {
      reading = false;
    },
  };

  function pullAlgorithm() {
    if (reading) {
      readAgain = true;
    } else {
      reading = true;
      readableStreamDefaultReaderRead(reader, readRequest);
    }
    return promiseResolvedWith(undefined);
  }

  const cancelAlgorithmOf = (branch) => (reason) => {
    branch.canceled = true;
    branch.reason = reason;
    if (branches[0].canceled && branches[1].canceled) {
      const compositeReason = [branches[0].reason, branches[1].reason];
      cancelPromise.resolve(readableStreamCancel(stream, compositeReason));
    }
    return cancelPromise.promise;
  };

  for (let index = 0; index < 2; index += 1) {
    branches[index].stream = createReadableStream(pullAlgorithm, cancelAlgorithmOf(branches[index]));
  }
  // 19. Upon rejection of reader.[[closedPromise]] with reason r,
  reactTo(reader.closed.promise, undefined, (r) => {
    readableStreamDefaultControllerError(branches[0].stream.controller, r);
    readableStreamDefaultControllerError(branches[1].stream.controller, r);
    resolveUnlessBothAreCanceled();
  });
  return [branches[0].stream, branches[1].stream];
}

function newBranch() {
  return { stream: undefined, canceled: false, reason: undefined };
}
