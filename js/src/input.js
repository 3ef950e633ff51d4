// What comes from the network goes to the session. Only the payload of a long binary message does not: it is copied to where the
// program gets it, and not into the engine's memory first.

import { allocate, copyInto } from './engine.js';
import { BATCH } from './flags.js';
import { OPEN } from './ready-state.js';

/** A payload, or what is left of one, goes past the session if it has at least so many bytes: with fewer it is not worth it. */
const LONG = 4096;

/** From how many bytes the session tells what message begins with them. */
const FRONT = 12;

/** The most room that is made only because a header announces so much. */
const FIRST_ROOM = 1048576;

/** After that: how much room is made for each byte that has come. */
const GROWTH = 4;

export class Input {
  #session;
  #batch;
  /** The message that is arriving: the room for it, which may grow, its length in bytes, and how many of them have come. */
  #room;
  #length = 0;
  #filled = 0;

  /**
   * @param {import('./wasm/isosocket_engine.js').Session} session
   * @param {import('./batch.js').Batch} batch gets the messages that were not given to the session
   */
  constructor(session, batch) {
    this.#session = session;
    this.#batch = batch;
  }

  /** Takes what has come; gives what there is to be done. */
  receive(chunk, now) {
    const session = this.#session;
    let place = this.#room !== undefined || this.#takeOver() ? this.#append(chunk, 0) : 0;
    while (place + FRONT <= chunk.length) {
      const length = session.find_aside(wordOf(chunk, place), wordOf(chunk, place + 4), wordOf(chunk, place + 8));
      if (length < LONG) break;
      place += length < 65536 ? 4 : 10;
      if (place + length <= chunk.length) {
        // A copy made like this is not filled with zeros first.
        this.#batch.add(new Uint8Array(viewOf(chunk, place, place + length)).buffer);
        place += length;
      } else {
        this.#begin(length, 0);
        place = this.#append(chunk, place);
      }
    }
    if (place === 0) return session.receive(chunk, now);
    session.heard();
    const flags = place === chunk.length ? session.poll(now) : session.receive(viewOf(chunk, place, chunk.length), now);
    return this.#batch.count > 0 ? flags | BATCH : flags;
  }

  /** Takes a message over that has begun to arrive in the session, if it is long enough. */
  #takeOver() {
    const session = this.#session;
    const missing = session.set_aside(LONG);
    if (missing === 0) return false;
    const arrived = session.task_length();
    this.#begin(arrived + missing, arrived);
    copyInto(this.#room, 0, session.task_start(), arrived);
    return true;
  }

  /** Begins a message, of which so many bytes have already come. */
  #begin(length, arrived) {
    this.#length = length;
    this.#filled = arrived;
    this.#room = allocate(Math.min(length, Math.max(FIRST_ROOM, GROWTH * arrived)));
  }

  /** Appends what a chunk has of the message from this place on; gives the place behind it. */
  #append(chunk, place) {
    const end = Math.min(place + this.#length - this.#filled, chunk.length);
    const filled = this.#filled + end - place;
    if (filled > this.#room.length) this.#makeRoom(filled);
    this.#room.set(viewOf(chunk, place, end), this.#filled);
    this.#filled = filled;
    if (filled === this.#length) this.#finish();
    return end;
  }

  /** Makes more room, when so many bytes have come. */
  #makeRoom(arrived) {
    const room = allocate(Math.min(this.#length, GROWTH * arrived));
    room.set(viewOf(this.#room, 0, this.#filled), 0);
    this.#room = room;
  }

  /** The message is complete. It is an event unless the socket was closed meanwhile. */
  #finish() {
    if (this.#session.ready_state === OPEN) this.#batch.add(this.#room.buffer);
    this.#room = undefined;
  }
}

/** Four bytes as one number. */
const wordOf = (chunk, place) => chunk[place] * 16777216 + (chunk[place + 1] << 16 | chunk[place + 2] << 8 | chunk[place + 3]);

/** A part of a chunk. If that is a Buffer, its own method is slower. */
const viewOf = ({ buffer, byteOffset }, start, end) => new Uint8Array(buffer, byteOffset + start, end - start);
