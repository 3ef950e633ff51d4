// Which messages are kept whole: as many of the newest as there is room for.

/** In all. What is not more than its row shows is no part of it. */
const MOST_BYTES = 16 * 1024 * 1024;

export class Kept {
  /** Oldest first. @type {Set<import('./entry.js').Entry>} */
  #entries = new Set();
  #bytes = 0;
  #letGo;

  /** `letGo` is told the entries for which there is no room any more. */
  constructor(letGo) {
    this.#letGo = letGo;
  }

  /** Keeps one as the newest, and lets go of those for which there is no room beside it; of itself if there never is. */
  keep(entry) {
    if (!entry.hasMore || this.#entries.has(entry)) return;
    if (entry.size > MOST_BYTES) {
      this.#letGo(entry);
      return;
    }
    this.#entries.add(entry);
    this.#bytes += entry.size;
    for (const oldest of this.#entries) {
      if (this.#bytes <= MOST_BYTES) break;
      this.release(oldest);
      this.#letGo(oldest);
    }
  }

  /** Takes no more care of one. */
  release(entry) {
    if (this.#entries.delete(entry)) this.#bytes -= entry.size;
  }

  clear() {
    this.#entries.clear();
    this.#bytes = 0;
  }
}
