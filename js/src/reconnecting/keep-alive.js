// Whether the peer is still there: a browser can send no pings, so the program has a message for it that is answered.

export class KeepAlive {
  #settings;
  #send;
  #lose;
  #timer;
  /** Whether something has come since the timer was set. */
  #heard = false;

  /**
   * `send` is called with a message for the peer, and `lose` when nothing came behind it for too long.
   *
   * @param {{ message: any, interval: number, timeout: number }} settings
   */
  constructor(settings, { send, lose }) {
    this.#settings = settings;
    this.#send = send;
    this.#lose = lose;
    this.#wait();
  }

  /** Something has come. */
  heard() {
    this.#heard = true;
  }

  /** Asks the peer, in the interval or when the device may have slept meanwhile. */
  ask() {
    const { message, timeout } = this.#settings;
    this.#after(timeout, () => (this.#heard ? this.#wait() : this.#lose()));
    this.#send(typeof message === 'function' ? message() : message);
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #wait() {
    this.#after(this.#settings.interval, () => (this.#heard ? this.#wait() : this.ask()));
  }

  #after(delay, callback) {
    clearTimeout(this.#timer);
    this.#heard = false;
    this.#timer = setTimeout(callback, delay);
  }
}
