// What comes from the network: given to the session, but for the payload of long binary messages, which has no need to go
// through the engine's memory.

import { allocate, copyBytes } from './engine.js';

// What the session answers.
const TASKS = 1;
const BATCH = 16;
const WHOLE = 32;

/** A chunk that is shorter than this is given to the session at once. */
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
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing > 0) {
        const part = rest.subarray(0, this.#missing);
        rest = rest.subarray(part.length);
        flags |= this.#collect(part, now);
      } else if (rest.length >= LONG && !(flags & (TASKS | BATCH))) {
        // What stands first may be a long message.
        flags |= this.#give(rest.subarray(0, FRONT), now);
        rest = rest.subarray(FRONT);
        if (this.#missing === 0) return flags | this.#give(rest, now);
      } else {
        return flags | this.#give(rest, now);
      }
    }
    return flags;
  }

  /** Gives bytes to the session. The message that then is arriving is collected from here on, if it is a long one. */
  #give(bytes, now) {
    const session = this.#session;
    const flags = session.receive(bytes, now);
    if (!(flags & (TASKS | BATCH))) {
      this.#missing = session.collect();
      if (this.#missing > 0) this.#parts.push(copyBytes(session.task_start(), session.task_length()));
    }
    return flags;
  }

  #collect(part, now) {
    this.#parts.push(part);
    this.#missing -= part.length;
    const flags = this.#session.collected(part.length, now);
    if (this.#missing > 0) return flags;
    if (flags & WHOLE) this.#batch.add(joined(this.#parts).buffer);
    this.#parts = [];
    return flags;
  }
}

/** The parts in memory of their own. */
function joined(parts) {
  const whole = allocate(parts.reduce((length, part) => length + part.length, 0));
  let length = 0;
  for (const part of parts) {
    whole.set(part, length);
    length += part.length;
  }
  return whole;
}
