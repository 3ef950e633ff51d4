// What waits for a connection.

import { lengthOfBytes, viewOfBytes } from '../webidl.js';
import { utf8Length } from '../websocket-error.js';

export class Outbox {
  #messages = [];
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

  /** Takes a message, as `toMessage` gives it; what is the program's to change is copied. */
  put(message) {
    const bytes = this.#bytes + sizeOf(message);
    if (this.#messages.length >= this.#limit.messages) throw tooMuch(`${this.#limit.messages} messages`);
    if (bytes > this.#limit.bytes) throw tooMuch(`${this.#limit.bytes} bytes`);
    this.#bytes = bytes;
    this.#messages.push(message instanceof Uint8Array ? viewOfBytes(message).slice() : message);
  }

  /** Gives all that there is, in order. */
  takeAll() {
    const messages = this.#messages;
    this.#messages = [];
    this.#bytes = 0;
    return messages;
  }
}

/** How many bytes a message counts in `bufferedAmount`. */
export function sizeOf(message) {
  if (typeof message === 'string') return utf8Length(message);
  return message instanceof Blob ? message.size : lengthOfBytes(message);
}

function tooMuch(limit) {
  return new DOMException(`no more than ${limit} can wait for a connection`, 'QuotaExceededError');
}
