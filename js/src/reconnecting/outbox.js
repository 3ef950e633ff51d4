// What waits for a connection.

import { lengthOfBytes, viewOfBytes } from '../webidl.js';
import { utf8Length } from '../websocket-error.js';

export class Outbox {
  #messages = [];
  /** How many of them were taken out. */
  #taken = 0;
  #bytes = 0;
  #limit;

  /** @param {import('./settings.js').Settings} settings */
  constructor({ maxEnqueuedMessages, maxEnqueuedBytes }) {
    this.#limit = { messages: maxEnqueuedMessages, bytes: maxEnqueuedBytes };
  }

  /** How many bytes it has. */
  get bytes() {
    return this.#bytes;
  }

  get isEmpty() {
    return this.#length === 0;
  }

  /** How many bytes the first message has, of which there has to be one. */
  get nextSize() {
    return sizeOf(this.#messages[this.#taken]);
  }

  get #length() {
    return this.#messages.length - this.#taken;
  }

  /** Takes a message, as `toMessage` gives it; what is the program's to change is copied. */
  put(message) {
    const bytes = this.#bytes + sizeOf(message);
    if (this.#length >= this.#limit.messages) throw tooMuch(`${this.#limit.messages} messages`);
    if (bytes > this.#limit.bytes) throw tooMuch(`${this.#limit.bytes} bytes`);
    this.#bytes = bytes;
    // A Buffer may be of another realm.
    this.#messages.push(ArrayBuffer.isView(message) ? viewOfBytes(message).slice() : message);
  }

  /** Takes the first message out, of which there has to be one. */
  take() {
    const message = this.#messages[this.#taken];
    this.#messages[this.#taken] = undefined;
    this.#taken += 1;
    // To take each from the front would move all the others.
    if (2 * this.#taken > this.#messages.length) {
      this.#messages.splice(0, this.#taken);
      this.#taken = 0;
    }
    this.#bytes -= sizeOf(message);
    return message;
  }

  clear() {
    this.#messages = [];
    this.#taken = 0;
    this.#bytes = 0;
  }
}

/** How many bytes a message counts in `bufferedAmount`. */
export function sizeOf(message) {
  if (typeof message === 'string') return utf8Length(message);
  return ArrayBuffer.isView(message) ? lengthOfBytes(message) : message.size;
}

function tooMuch(limit) {
  return new DOMException(`no more than ${limit} can wait for a connection`, 'QuotaExceededError');
}
