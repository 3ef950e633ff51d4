// What is to be transmitted: taken out of the engine's memory, in pieces for the host.

import { allocate, copyInto } from './engine.js';

/** The most bytes given to the host at once. */
const LARGEST_PIECE = 65536;

export class Output {
  #session;
  #pieces = [];
  /** How many bytes were taken from the session and have not reached the network. */
  #taken = 0;
  /** How many bytes of messages came since something was last taken. */
  #fresh = 0;
  /** How many bytes are with the host. */
  #writing = 0;

  /** @param {import('./wasm/isosocket_engine.js').Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** Whether a piece is with the host. */
  get isWriting() {
    return this.#writing > 0;
  }

  /**
   * To be told of every message that was sent. Much is taken out there and then, while it is in the processor's caches, and
   * leaves the engine's memory to the next messages.
   */
  sent(length) {
    this.#fresh += length;
    if (this.#fresh >= LARGEST_PIECE) this.#take();
  }

  /** The next piece for the host, if there is one. */
  next() {
    if (this.#pieces.length === 0) this.#take();
    const piece = this.#pieces.shift();
    this.#writing = piece?.length ?? 0;
    return piece;
  }

  /** The piece that was with the host is with the network. */
  written() {
    this.#session.transmitted(this.#writing);
    this.#taken -= this.#writing;
    this.#writing = 0;
  }

  /** All that is left, in one piece, which may be empty. */
  rest() {
    this.#take();
    const pieces = this.#pieces;
    this.#pieces = [];
    if (pieces.length === 1) return pieces[0];
    const rest = allocate(pieces.reduce((length, piece) => length + piece.length, 0));
    let length = 0;
    for (const piece of pieces) {
      rest.set(piece, length);
      length += piece.length;
    }
    return rest;
  }

  #take() {
    const session = this.#session;
    this.#fresh = 0;
    let left = session.backlog - this.#taken;
    while (left > 0) {
      const piece = allocate(Math.min(left, LARGEST_PIECE));
      let filled = 0;
      while (filled < piece.length) {
        const length = Math.min(session.output_length(), piece.length - filled);
        if (length === 0) return;
        copyInto(piece, filled, session.output_start(), length);
        session.output_taken(length);
        filled += length;
      }
      this.#pieces.push(piece);
      this.#taken += filled;
      left -= filled;
    }
  }
}
