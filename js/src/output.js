// What is to be transmitted: taken out of the engine's memory, in pieces for the host.

import { allocate, copyInto } from './engine.js';

/**
 * How many bytes are given to the host at once, at first and at most: it says nothing of how far a piece has come, so that
 * only a network that has taken the last one quickly, within so many milliseconds, gets a larger one.
 */
const PIECE = 65536;
const LARGEST_PIECE = 262144;
const QUICK = 2;

/** Pieces of the largest size which have gone out, for any connection to use again, and how many are kept at the most. */
const spare = [];
const MOST_SPARE = 8;

export class Output {
  #session;
  #pieces = [];
  /** How many bytes were taken from the session and have not reached the network. */
  #taken = 0;
  /** How many bytes of messages came since something was last taken. */
  #fresh = 0;
  /** The piece that is with the host, and since when it is. */
  #writing;
  #since = 0;
  /** How large pieces are. */
  #size = PIECE;

  /** @param {import('./wasm/isosocket_engine.js').Session} session */
  constructor(session) {
    this.#session = session;
  }

  /** Whether a piece is with the host. */
  get isWriting() {
    return this.#writing !== undefined;
  }

  /**
   * To be told of every message that was sent. Much is taken out there and then, while it is in the processor's caches, and
   * leaves the engine's memory to the next messages.
   */
  sent(length) {
    this.#fresh += length;
    if (this.#fresh >= this.#size) this.#take();
  }

  /** The next piece for the host, if there is one. */
  next(now) {
    if (this.#pieces.length === 0) this.#take();
    this.#writing = this.#pieces.shift();
    this.#since = now;
    return this.#writing;
  }

  /** The piece that was with the host is with the network. */
  written(now) {
    const piece = this.#writing;
    if (now - this.#since > QUICK) this.#size = PIECE;
    else if (piece.length === this.#size) this.#size = Math.min(2 * this.#size, LARGEST_PIECE);
    this.#writing = undefined;
    this.#taken -= piece.length;
    this.#session.transmitted(piece.length);
    if (piece.length === LARGEST_PIECE && spare.length < MOST_SPARE) spare.push(piece);
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
      const piece = newPiece(Math.min(left, this.#size));
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

const newPiece = (length) => (length === LARGEST_PIECE && spare.pop()) || allocate(length);
