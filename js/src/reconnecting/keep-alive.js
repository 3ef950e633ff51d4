// Whether the peer is still there: a browser can send no pings, so the program has a message for it that is answered.

import { report } from './report.js';

export class KeepAlive {
  #settings;
  #socket;
  #lose;
  #timer;
  /** Whether a message has come since the timer was set. */
  #heard = false;
  /** Whether an answer is due. */
  #hasAsked = false;

  /**
   * `lose` is called when nothing came behind the message for too long.
   *
   * @param {{ message: any, interval: number, timeout: number }} settings
   */
  constructor(settings, socket, lose) {
    this.#settings = settings;
    this.#socket = socket;
    this.#lose = lose;
    this.#wait();
  }

  /** A message has come. */
  heard() {
    this.#heard = true;
  }

  /** Asks the peer, in the interval or when the device may have slept meanwhile. */
  ask() {
    if (this.#hasAsked) return;
    const { message } = this.#settings;
    try {
      this.#socket.send(typeof message === 'function' ? message() : message);
    } catch (error) {
      report(error);
      this.#wait();
      return;
    }
    this.#hasAsked = true;
    this.#awaitAnswer();
  }

  stop() {
    clearTimeout(this.#timer);
    this.#hasAsked = true;
  }

  #wait() {
    this.#hasAsked = false;
    this.#after(this.#settings.interval, () => (this.#heard ? this.#wait() : this.ask()));
  }

  #awaitAnswer() {
    const left = this.#socket.bufferedAmount;
    this.#after(this.#settings.timeout, () => {
      if (this.#heard) this.#wait();
      // What was to be sent before the message is still on its way to the peer.
      else if (this.#socket.bufferedAmount < left) this.#awaitAnswer();
      else this.#lose();
    });
  }

  #after(delay, callback) {
    clearTimeout(this.#timer);
    this.#heard = false;
    this.#timer = setTimeout(callback, delay);
  }
}
