// Messages that come before the next task. Either the host has them itself, or they are in the engine's memory and are read there
// one by one, without a call of the engine for each.

import { copyBytes, placesOf, readText } from './engine.js';

const NONE = new Uint32Array(0);

export class Batch {
  #session;
  /** The messages that the host has itself, and how many of them were taken. The engine gives none as long as there are such. */
  #own = [];
  #taken = 0;
  /** Whether the engine keeps messages for it. */
  #isKept = false;
  #places = NONE;
  /** The place of the next message. */
  #next = 0;

  /** @param {import('./wasm/isosocket_engine.js').Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** How many messages are still to be taken. */
  get count() {
    return this.#own.length - this.#taken + (this.#places.length - this.#next) / 2;
  }

  /** Whether it has to be closed: until then nothing is parsed that comes after it. */
  get isOpen() {
    return this.#isKept || this.#own.length > 0;
  }

  /** Adds a message that the host has. */
  add(message) {
    if (this.#own.length === 0) this.#session.hold();
    this.#own[this.#own.length] = message;
  }

  /** Takes over what the session has, if that has not been done. */
  open() {
    if (this.isOpen) return;
    this.#isKept = true;
    this.#places = placesOf(this.#session);
    this.#next = 0;
  }

  /** The next message: text as a string, bytes as an ArrayBuffer. */
  take() {
    if (this.#taken < this.#own.length) return this.#takeOwn();
    const start = this.#places[this.#next];
    const size = this.#places[this.#next + 1];
    this.#next += 2;
    const length = size >>> 2;
    return size & 2 ? readText(start, length, (size & 1) === 1) : copyBytes(start, length).buffer;
  }

  #takeOwn() {
    const message = this.#own[this.#taken];
    this.#own[this.#taken] = undefined;
    this.#taken += 1;
    return message;
  }

  /** Hands the messages back, taken or not. */
  close() {
    if (this.#own.length > 0) {
      this.#own.length = 0;
      this.#taken = 0;
      this.#session.release();
    }
    if (!this.#isKept) return;
    this.#isKept = false;
    this.#places = NONE;
    this.#next = 0;
    this.#session.end_batch();
  }
}
