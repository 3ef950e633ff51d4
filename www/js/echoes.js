// Recognizes what comes back as it was sent, by its SHA-256.

import { sizeOf } from './format.js';

/** As many as the log has rows. */
const REMEMBERED = 1000;
const MOST_BYTES = 256 * 1024 * 1024;

export class Echoes {
  /** What was sent and has not come back, oldest first. @type {{ shape: string, hash: Promise<string | undefined> }[]} */
  #sent = [];

  /** Remembers a message that is sent. */
  remember(data) {
    this.#sent.push({ shape: shapeOf(data), hash: hashOf(data) });
    if (this.#sent.length > REMEMBERED) this.#sent.shift();
  }

  /** The SHA-256 of a received message if it equals one that was sent; each is matched once. */
  async match(data) {
    // What can be none of those need not be hashed to know that.
    if (this.#sent.length === 0) return undefined;
    const shape = shapeOf(data);
    const alike = this.#sent.filter((sent) => sent.shape === shape);
    if (alike.length === 0) return undefined;
    const received = await hashOf(data);
    if (!received) return undefined;
    for (const sent of alike) {
      if (await sent.hash !== received) continue;
      const place = this.#sent.indexOf(sent);
      if (place < 0) continue;
      this.#sent.splice(place, 1);
      return received;
    }
    return undefined;
  }

  forget() {
    this.#sent = [];
  }
}

/** What of a message is known without its bytes. */
function shapeOf(data) {
  return `${typeof data === 'string' ? 'text' : 'binary'} ${sizeOf(data)}`;
}

/** The SHA-256. Undefined where it cannot be known: a page has a digest on secure origins only. */
async function hashOf(data) {
  if (!globalThis.crypto?.subtle || sizeOf(data) > MOST_BYTES) return undefined;
  try {
    const digest = await crypto.subtle.digest('SHA-256', await bytesOf(data));
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  } catch {
    // A file that has changed on the disk cannot be read any more.
    return undefined;
  }
}

function bytesOf(data) {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  return data instanceof Blob ? data.arrayBuffer() : data;
}
