// The WebSocket task source: one task per event, in order, with the microtasks of each run before the next.
// https://html.spec.whatwg.org/multipage/webappapis.html#event-loops

/** The most tasks run in one go, or put into the host's queue at once. */
const LARGEST_BURST = 1024;

/**
 * What Node itself calls between two callbacks of its queue: it lets all microtasks run, and what `process.nextTick` has
 * put off. It is not documented, so it is taken only where it is what it is known as. Elsewhere, and for a program that has
 * asked to be warned of such use, it is undefined: a callback of the queue for each task costs more, and does the same.
 */
const { _tickCallback } = /** @type {any} */ (globalThis.process ?? {});
export const hostCheckpoint = _tickCallback?.name === 'runNextTicks' ? _tickCallback : undefined;

/**
 * Runs the tasks of one socket. Where they come from is the business of `runNext`, which runs the next one, if there is
 * one, and says whether there are more: true, or how many it knows of.
 *
 * What one chunk from the network brings may be many tasks. The host's callback that delivers the chunk is a task
 * itself, so the first of them runs there and then; the others are deferred, in bursts that grow while there are more.
 */
export class TaskSource {
  #runNext;
  #onIdle;
  /** Ends a task as the host does, or undefined: then each has to be a callback of the host. */
  #checkpoint;
  /** How many calls of `#deferred` are in the host's queue, or running. */
  #queued = 0;
  /** How many to queue when the last burst has not been enough. */
  #burst = 1;
  /** Whether a task has run whose microtasks have not. */
  #running = false;

  /** `onIdle` is called when no task is left after some had to be deferred. */
  constructor(runNext, onIdle = () => {}, checkpoint = hostCheckpoint) {
    this.#runNext = runNext;
    this.#onIdle = onIdle;
    this.#checkpoint = checkpoint;
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
    const more = this.#runNext();
    queueMicrotask(this.#rest);
    if (more) this.#queue(Number(more));
  }

  /** To be called by anything else: the next task runs later. */
  wake() {
    if (!this.busy) this.#queue(1);
  }

  #queue(count) {
    if (this.#checkpoint) {
      this.#queued = 1;
      setImmediate(this.#together);
      return;
    }
    const most = Math.min(count, LARGEST_BURST);
    for (; this.#queued < most; this.#queued += 1) setImmediate(this.#deferred);
  }

  #rest = () => {
    this.#running = false;
  };

  /** Runs tasks one after the other, each to its end, in one callback of the host. */
  #together = () => {
    const checkpoint = this.#checkpoint;
    // True as well when what the checkpoint runs has thrown: the host reports that, and the tasks go on.
    let more = true;
    try {
      for (let left = LARGEST_BURST; more && left > 0; left -= 1) {
        more = this.#runNext();
        if (more) checkpoint();
      }
    } finally {
      this.#queued = 0;
      if (more) this.#queue(1);
      else this.#onIdle();
    }
  };

  #deferred = () => {
    const more = this.#runNext();
    this.#queued -= 1;
    if (this.busy) return;
    if (more) {
      this.#burst = Math.min(2 * this.#burst, LARGEST_BURST);
      this.#queue(Math.max(this.#burst, Number(more)));
    } else {
      this.#burst = 1;
      this.#onIdle();
    }
  };
}
