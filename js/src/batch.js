// Messages that stand in the engine's memory, taken from there one by one without asking the engine for each.

import { copyBytes, placesOf, readText } from './engine.js';

const NONE = new Uint32Array(0);

export class Batch {
  /** Whether the engine keeps messages for it. */
  isOpen = false;
  #places = NONE;
  /** The place of the next message. */
  #next = 0;

  /** How many messages are still to be taken. */
  get count() {
    return (this.#places.length - this.#next) / 2;
  }

  /** Takes over what the session has. */
  open(session) {
    this.isOpen = true;
    this.#places = placesOf(session);
    this.#next = 0;
  }

  /** The next message: text as a string, bytes as an ArrayBuffer. */
  take() {
    const start = this.#places[this.#next];
    const size = this.#places[this.#next + 1];
    this.#next += 2;
    const length = size >>> 2;
    return size & 2 ? readText(start, length, (size & 1) === 1) : copyBytes(start, length).buffer;
  }

  /** Hands the messages back, taken or not. */
  close(session) {
    if (!this.isOpen) return;
    session.end_batch();
    this.isOpen = false;
    this.#places = NONE;
    this.#next = 0;
  }
}
