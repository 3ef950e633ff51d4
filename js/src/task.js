// The WebSocket task source: one task per event, in order, with the microtasks of each run before the next.
// https://html.spec.whatwg.org/multipage/webappapis.html#event-loops

import { queueMicrotask, setImmediate } from './timers.js';

/** The most tasks put into the host's queue at once. */
const LARGEST_BURST = 1024;

/**
 * Runs the tasks of one socket. Where they come from is the business of `runNext`, which runs the next one, if there is
 * one, and gives how many are left, or 1 if it only knows that there are some.
 *
 * What one chunk from the network brings may be many tasks. The host's callback that delivers the chunk is a task
 * itself, so the first of them runs there and then; the others are deferred, in bursts that grow while there are more.
 */
export class TaskSource {
  #runNext;
  #onIdle;
  #inContext;
  /** How many calls of `#deferred` are in the host's queue. */
  #queued = 0;
  /** How many to queue when the last burst has not been enough. */
  #burst = 1;
  /** Whether a task has run whose microtasks have not. */
  #running = false;

  /**
   * `onIdle` is called when no task is left after some had to be deferred. `inContext` calls back in the async context in which
   * tasks are to run: without that it would be the one of whoever has the next task run.
   */
  constructor(runNext, onIdle = () => {}, inContext = (callback) => callback()) {
    this.#runNext = runNext;
    this.#onIdle = onIdle;
    this.#inContext = inContext;
  }

  /** Whether tasks may be waiting for their turn. */
  get busy() {
    return this.#queued > 0;
  }

  /** To be called by a callback of the host, which is a task: runs the next one in it, if it is its turn. */
  run() {
    if (this.busy) return;
    // A host may call back twice in one task.
    if (this.#running) {
      this.#queue(1);
      return;
    }
    this.#running = true;
    let left;
    // Also when the task throws: there may be others behind it.
    try {
      left = this.#runNext();
    } finally {
      queueMicrotask(this.#rest);
    }
    if (left > 0) this.#queue(Math.min(left, LARGEST_BURST));
  }

  /** To be called by anything else: the next task runs later. */
  wake() {
    if (!this.busy) this.#queue(1);
  }

  #queue(count) {
    this.#inContext(() => {
      for (; this.#queued < count; this.#queued += 1) setImmediate(this.#deferred);
    });
  }

  #rest = () => {
    this.#running = false;
  };

  #deferred = () => {
    let left;
    try {
      left = this.#runNext();
    } finally {
      this.#queued -= 1;
    }
    if (this.busy) return;
    if (left > 0) {
      this.#burst = Math.min(2 * this.#burst, LARGEST_BURST);
      this.#queue(Math.min(Math.max(this.#burst, left), LARGEST_BURST));
    } else {
      this.#burst = 1;
      this.#onIdle();
    }
  };
}
