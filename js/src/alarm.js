// The timer of a connection: it has one deadline at a time.

import { clearImmediate, clearTimeout, LONGEST_DELAY, now, setImmediate, setTimeout } from './timers.js';

export class Alarm {
  #inContext;
  #deadline;
  #callback;
  #timer;
  /** The turn of the event loop after the deadline. */
  #turn;
  /** Whether the process is to go on until the deadline. */
  #keepsAlive = true;

  /** `inContext` runs a function in the async context in which the alarm is to call back. */
  constructor(inContext) {
    this.#inContext = inContext;
  }

  /** Calls back at this deadline, or never if there is none, and not at the one that was set before. */
  set(deadline, callback) {
    // A deadline that has passed is not put off: a peer that keeps sending would otherwise put it off for ever.
    if (deadline === this.#deadline && callback === this.#callback) return;
    this.clear();
    this.#deadline = deadline;
    this.#callback = callback;
    if (deadline !== undefined) this.#wait();
  }

  clear() {
    clearTimeout(this.#timer);
    clearImmediate(this.#turn);
    this.#deadline = undefined;
    this.#callback = undefined;
  }

  #wait() {
    const delay = Math.min(Math.ceil(Math.max(this.#deadline - now(), 0)), LONGEST_DELAY);
    this.#timer = setTimeout(() => {
      // The timer may be early. If it is not, what the host has got is received first: it may have come in time, while the program
      // was busy.
      if (now() < this.#deadline) this.#wait();
      else this.#turn = setImmediate(this.#ring);
    }, delay);
    if (!this.#keepsAlive) this.unref();
  }

  #ring = () => {
    const callback = this.#callback;
    this.clear();
    this.#inContext(callback);
  };

  // In hosts without ref() and unref(), a timer may be a number.

  ref() {
    this.#keepsAlive = true;
    this.#timer?.ref?.();
  }

  unref() {
    this.#keepsAlive = false;
    this.#timer?.unref?.();
  }
}
