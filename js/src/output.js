// What is to be transmitted: taken out of the engine's memory, in pieces for the host.

import { allocate, copyInto, viewOf } from './engine.js';

/** The most bytes given to the host at once. */
const LARGEST_PIECE = 65536;

/** How much of the memory of pieces that have gone is kept for others: a turn's messages find it in the processor's caches. */
const MOST_SPARE = 32;

/** Memory for pieces, of all outputs. */
const spare = [];

export class Output {
  #session;
  /** The pieces that were taken from the session, behind `#given` of them that were given to the host. */
  #pieces = [];
  #given = 0;
  /** How many bytes were taken from the session and have not reached the network. */
  #taken = 0;
  /** How many bytes came, of messages, since something was last taken, and were left then. */
  #fresh = 0;
  /** The piece that is with the host. */
  #writing;

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
   * leaves the engine's memory to the next messages: whole pieces, for what is left begins a piece with them. What is left of
   * a long one does not, for it would keep all the memory of that message. Text counts as its string is long.
   */
  sent(length) {
    this.#fresh += length;
    if (this.#fresh >= LARGEST_PIECE) this.#take(length < LARGEST_PIECE ? LARGEST_PIECE : 1);
  }

  /** The next piece for the host, if there is one. */
  next() {
    if (this.#pieces.length === 0) this.#take();
    if (this.#pieces.length === 0) return undefined;
    this.#writing = this.#pieces[this.#given];
    this.#pieces[this.#given] = undefined;
    this.#given += 1;
    // Where there is always something left, the places of those that have gone would be kept for ever.
    if (2 * this.#given > this.#pieces.length) this.#forgetGiven();
    return this.#writing;
  }

  /** The piece that was with the host is with the network, as the host says: nobody needs its memory any more. */
  written() {
    const piece = this.#writing;
    this.#count();
    giveBack(piece);
  }

  /** All that is left, in one piece, which may be empty. A piece that is still with the host counts as written. */
  rest() {
    if (this.isWriting) this.#count();
    this.#take();
    let left = 0;
    for (let index = this.#given; index < this.#pieces.length; index += 1) left += this.#pieces[index].length;
    const rest = allocate(left);
    let length = 0;
    for (; this.#given < this.#pieces.length; this.#given += 1) {
      rest.set(this.#pieces[this.#given], length);
      length += this.#pieces[this.#given].length;
    }
    this.#forgetGiven();
    return rest;
  }

  #count() {
    const { length } = this.#writing;
    this.#writing = undefined;
    this.#taken -= length;
    this.#session.transmitted(length);
  }

  #forgetGiven() {
    this.#pieces.splice(0, this.#given);
    this.#given = 0;
  }

  /** Takes what there is, in pieces that have so many bytes at least. */
  #take(least = 1) {
    const session = this.#session;
    this.#fresh = 0;
    let left = session.backlog - this.#taken;
    while (left >= least) {
      const piece = pieceOf(Math.min(left, LARGEST_PIECE));
      let filled = 0;
      while (filled < piece.length) {
        const length = Math.min(session.output_length(), piece.length - filled);
        if (length === 0) break;
        copyInto(piece, filled, session.output_start(), length);
        session.output_taken(length);
        filled += length;
      }
      if (filled === 0) return;
      this.#pieces[this.#pieces.length] = filled < piece.length ? piece.subarray(0, filled) : piece;
      this.#taken += filled;
      left -= filled;
    }
    this.#fresh = Math.max(left, 0);
  }
}

/** Memory for so many bytes. */
function pieceOf(length) {
  const memory = spare.pop();
  if (memory === undefined) return allocate(length);
  return length < LARGEST_PIECE ? memory.subarray(0, length) : memory;
}

function giveBack({ buffer }) {
  if (buffer.byteLength === LARGEST_PIECE && spare.length < MOST_SPARE) spare[spare.length] = viewOf(buffer);
}
