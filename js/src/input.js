// What comes from the network: given to the session, but for the payload of long binary messages, which has no need to go
// through the engine's memory.

import { allocate, copyBytes, receiveFront } from './engine.js';
import { BATCH, TASKS, WHOLE } from './flags.js';

/** A chunk of which there is less than this is given to the session at once. */
const LONG = 4096;

/** The bytes at the front of a long chunk that are given to the session first: a header has no more. */
const FRONT = 16;

export class Input {
  #session;
  #batch;
  /** The parts of the message that is collected, and how many bytes it lacks: more than none while there is such a message. */
  #parts = [];
  #missing = 0;

  /**
   * @param {import('./wasm/isosocket_engine.js').Session} session
   * @param {import('./batch.js').Batch} batch gets the messages that are collected
   */
  constructor(session, batch) {
    this.#session = session;
    this.#batch = batch;
  }

  /** Takes what has come; gives what there is to be done. */
  receive(chunk, now) {
    const session = this.#session;
    let flags = 0;
    let place = 0;
    while (place < chunk.length) {
      if (this.#missing > 0) {
        const end = Math.min(place + this.#missing, chunk.length);
        flags |= this.#collect(viewOf(chunk, place, end), now);
        place = end;
      } else if (chunk.length - place < LONG || flags & (TASKS | BATCH)) {
        return flags | this.#give(chunk, place, now);
      } else {
        // What stands first may be a long message.
        flags |= receiveFront(session, chunk, place, FRONT, now);
        place += FRONT;
        if (!(flags & (TASKS | BATCH))) this.#begin(chunk, place);
        if (this.#missing === 0) return flags | this.#give(chunk, place, now);
      }
    }
    return flags;
  }

  /** Gives the rest of a chunk to the session. */
  #give(chunk, place, now) {
    const flags = this.#session.receive(viewOf(chunk, place, chunk.length), now);
    if (!(flags & (TASKS | BATCH))) this.#begin(chunk, chunk.length);
    return flags;
  }

  /** Begins to collect the message that is arriving, if it is a long one. The session has what comes before `place`. */
  #begin(chunk, place) {
    const session = this.#session;
    this.#missing = session.collect();
    if (this.#missing === 0) return;
    const length = session.task_length();
    // It may have begun in an earlier chunk.
    this.#parts[0] = length > place ? copyBytes(session.task_start(), length) : viewOf(chunk, place - length, place);
  }

  #collect(part, now) {
    this.#missing -= part.length;
    this.#parts[this.#parts.length] = part;
    const flags = this.#session.collected(part.length, now);
    if (this.#missing > 0) return flags;
    if (flags & WHOLE) this.#batch.add(joined(this.#parts).buffer);
    this.#parts.length = 0;
    return flags;
  }
}

/** A part of a chunk, which may be a Buffer: its own are made more slowly. */
const viewOf = ({ buffer, byteOffset }, start, end) => new Uint8Array(buffer, byteOffset + start, end - start);

/** The parts in memory of their own. */
function joined(parts) {
  let length = 0;
  for (let index = 0; index < parts.length; index += 1) length += parts[index].length;
  const whole = allocate(length);
  let place = 0;
  for (let index = 0; index < parts.length; index += 1) {
    whole.set(parts[index], place);
    place += parts[index].length;
  }
  return whole;
}
