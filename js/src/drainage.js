// Tells a program that something has gone out: when the event loop has come round, for what the peer has sent meanwhile comes
// first, which may be its Close frame.

import { clearImmediate, setImmediate } from './timers.js';

export class Drainage {
  #wake;
  #drained;
  #waiting;
  /** Whether the program is to be told. */
  isDue = false;

  /**
   * @param {() => void} wake is called when it is due
   * @param {() => void} [drained] tells the program, if that wants to know
   */
  constructor(wake, drained) {
    this.#wake = wake;
    this.#drained = drained;
  }

  /** Something has gone out. */
  begin() {
    if (!this.#drained) return;
    this.isDue = false;
    clearImmediate(this.#waiting);
    this.#waiting = setImmediate(() => {
      this.isDue = true;
      this.#wake();
    });
  }

  /** Tells the program, if it is due. */
  tell() {
    if (!this.isDue) return;
    this.isDue = false;
    this.#drained();
  }
}
