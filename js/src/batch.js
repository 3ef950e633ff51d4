// Messages that are there and come before the next task: those that the host has collected, and behind them those that stand
// in the engine's memory, taken from there one by one without asking the engine for each.

import { copyBytes, placesOf, readText } from './engine.js';

const NONE = new Uint32Array(0);

export class Batch {
  /** Messages that the host has collected, in order, and how many of them were taken. */
  #collected = [];
  #taken = 0;
  /** Whether the engine keeps messages for it. */
  #isKept = false;
  #places = NONE;
  /** The place of the next message. */
  #next = 0;
  /** How many messages are still to be taken. */
  count = 0;

  /** Whether there is something to be closed. */
  get isOpen() {
    return this.#isKept || this.#collected.length > 0;
  }

  /** Adds a message that was collected, while the engine has none. */
  add(message) {
    this.#collected[this.#collected.length] = message;
    this.count += 1;
  }

  /** Takes over what the session has, if that has not been done. */
  open(session) {
    if (this.#isKept) return;
    this.#isKept = true;
    this.#places = placesOf(session);
    this.#next = 0;
    this.count += this.#places.length / 2;
  }

  /** The next message: text as a string, bytes as an ArrayBuffer. */
  take() {
    this.count -= 1;
    if (this.#taken < this.#collected.length) {
      this.#taken += 1;
      return this.#collected[this.#taken - 1];
    }
    const start = this.#places[this.#next];
    const size = this.#places[this.#next + 1];
    this.#next += 2;
    const length = size >>> 2;
    return size & 2 ? readText(start, length, (size & 1) === 1) : copyBytes(start, length).buffer;
  }

  /** Hands the messages back, taken or not. */
  close(session) {
    this.#collected.length = 0;
    this.#taken = 0;
    this.count = 0;
    if (!this.#isKept) return;
    session.end_batch();
    this.#isKept = false;
    this.#places = NONE;
    this.#next = 0;
  }
}
