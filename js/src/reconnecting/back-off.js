// When to connect again: later and later, and never all at the same time.
// https://www.rfc-editor.org/rfc/rfc6455#section-7.2.3

/** How far the first delay may be above the shortest: with a second as the shortest, up to the RFC's five. */
const FIRST_SPREAD = 5;

export class BackOff {
  #settings;
  /** How many retries there were since a connection lasted. */
  #count = 0;

  /** @param {import('./settings.js').Settings} settings */
  constructor(settings) {
    this.#settings = settings;
  }

  get count() {
    return this.#count;
  }

  /** Whether another retry is allowed. */
  get isLeft() {
    return this.#count < this.#settings.maxRetries;
  }

  /** Counts a retry, and says how long to wait before it, in milliseconds. */
  next() {
    const { minReconnectionDelay: least, maxReconnectionDelay, reconnectionDelayGrowFactor } = this.#settings;
    const bound = Math.min(FIRST_SPREAD * least * reconnectionDelayGrowFactor ** this.#count, maxReconnectionDelay);
    this.#count += 1;
    return Math.round(least + Math.random() * Math.max(bound - least, 0));
  }

  /** What is tried because the browser says that it is worth while is no retry that counts. */
  uncount() {
    this.#count -= 1;
  }

  /** A connection has lasted, or the program begins anew. */
  reset() {
    this.#count = 0;
  }
}
