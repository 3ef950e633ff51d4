// Recognizes what comes back as it was sent, by its SHA-256.

import { sizeOf } from './format.js';

/** As many as the log has rows. */
const REMEMBERED = 1000;
const MOST_BYTES = 256 * 1024 * 1024;

export class Echoes {
  /** Promises of what was sent and has not come back, oldest first. */
  #sent = [];

  /** Remembers a message that is sent. */
  remember(data) {
    this.#sent.push(fingerprint(data));
    if (this.#sent.length > REMEMBERED) this.#sent.shift();
  }

  /** The SHA-256 of a received message if it equals one that was sent; each is matched once. */
  async match(data) {
    // What nobody has sent need not be hashed to know that.
    if (this.#sent.length === 0) return undefined;
    const earlier = [...this.#sent];
    const [received, ...sent] = await Promise.all([fingerprint(data), ...earlier]);
    if (!received) return undefined;
    for (const [index, candidate] of sent.entries()) {
      const place = this.#sent.indexOf(earlier[index]);
      if (candidate?.key !== received.key || place < 0) continue;
      this.#sent.splice(place, 1);
      return received.hash;
    }
    return undefined;
  }

  forget() {
    this.#sent = [];
  }
}

/**
 * What tells one message from another. Undefined where it cannot be known: a page has a digest on secure origins only.
 */
async function fingerprint(data) {
  if (!globalThis.crypto?.subtle || sizeOf(data) > MOST_BYTES) return undefined;
  try {
    const digest = await crypto.subtle.digest('SHA-256', await bytesOf(data));
    const hash = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
    return { hash, key: `${typeof data === 'string' ? 'text' : 'binary'} ${hash}` };
  } catch {
    // A file that has changed on the disk cannot be read any more.
    return undefined;
  }
}

function bytesOf(data) {
  if (typeof data === 'string') return new TextEncoder().encode(data);
  return data instanceof Blob ? data.arrayBuffer() : data;
}
