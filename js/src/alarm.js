// The timer of a connection: it has one deadline at a time.

import { clearTimeout, LONGEST_DELAY, now, setTimeout } from './timers.js';

export class Alarm {
  #inContext;
  #timer;
  /** Whether the process is to go on until the deadline. */
  #keepsAlive = true;

  /** `inContext` calls back in the async context in which this is to call back. */
  constructor(inContext) {
    this.#inContext = inContext;
  }

  /** Calls back at this deadline, or never if there is none, and not at the one that was set before. */
  set(deadline, callback) {
    this.clear();
    if (deadline === undefined) return;
    const delay = Math.min(Math.ceil(Math.max(deadline - now(), 0)), LONGEST_DELAY);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      // It may be early.
      if (now() < deadline) this.set(deadline, callback);
      else this.#inContext(callback);
    }, delay);
    if (!this.#keepsAlive) this.unref();
  }

  clear() {
    clearTimeout(this.#timer);
  }

  // Where nothing but the program's request keeps a process alive, a timer may be a number.

  ref() {
    this.#keepsAlive = true;
    this.#timer?.ref?.();
  }

  unref() {
    this.#keepsAlive = false;
    this.#timer?.unref?.();
  }
}
