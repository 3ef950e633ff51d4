// Whether the peer is still there: a browser can send no pings, so the program has a message for it that is answered.

import { toMessage } from '../webidl.js';
import { after, afterAll, time } from './delay.js';
import { sizeOf } from './outbox.js';
import { HEADER } from './outlet.js';
import { report } from '../report.js';

export class KeepAlive {
  #settings;
  #socket;
  #maxSendQueue;
  #giveUp;
  #cancelTimer = () => {};
  #isStopped = false;
  /** When the last message has come since the timer was set; undefined if none has. */
  #heardAt;
  /** Whether an answer is due. */
  #hasAsked = false;
  /** How many bytes were sent; and how many with the message for the peer, the last time, if there was room for that. */
  #sent = 0;
  #sentWithQuestion;

  /**
   * `giveUp` is called when nothing came behind the message for too long. `maxSendQueue` is how many bytes may wait in the socket.
   *
   * @param {{ message: any, interval: number, timeout: number }} settings
   */
  constructor(settings, { socket, maxSendQueue }, giveUp) {
    this.#settings = settings;
    this.#socket = socket;
    this.#maxSendQueue = maxSendQueue;
    this.#giveUp = giveUp;
    this.#wait();
  }

  /** A message has come. */
  heard() {
    this.#heardAt = time();
  }

  /** Sends a message of the program's. What is on its way shows that the peer takes something. */
  send(message) {
    this.#sent += sizeOf(message);
    this.#socket.send(message);
  }

  /** Asks the peer, in the interval or when the device may have slept meanwhile. */
  ask() {
    if (this.#hasAsked && this.#heardAt === undefined) return;
    const { bufferedAmount } = this.#socket;
    const { message } = this.#settings;
    this.#sentWithQuestion = undefined;
    try {
      const question = toMessage(typeof message === 'function' ? message() : message);
      // Without room it would fail a connection that may be well: as long as something goes out, the peer is there.
      if (!bufferedAmount || bufferedAmount + sizeOf(question) + HEADER <= this.#maxSendQueue) {
        this.send(question);
        this.#sentWithQuestion = this.#sent;
      }
    } catch (error) {
      report(error);
      this.#wait();
      return;
    }
    this.#hasAsked = true;
    this.#awaitAnswer(!bufferedAmount);
  }

  stop() {
    this.#isStopped = true;
    this.#cancelTimer();
  }

  /** Waits for the interval to be over: since so many milliseconds nothing has come. */
  #wait(silence = 0) {
    this.#hasAsked = false;
    this.#after(after, Math.max(this.#settings.interval - silence, 0), () => {
      if (!this.#waitOn()) this.ask();
    });
  }

  /** Waits again if a message has come meanwhile; says whether one has. */
  #waitOn() {
    if (this.#heardAt === undefined) return false;
    this.#wait(time() - this.#heardAt);
    return true;
  }

  /** The peer has the time for an answer from when the message has gone out: what was sent before may take longer. */
  #awaitAnswer(isOut) {
    const gone = this.#gone;
    this.#after(afterAll, this.#settings.timeout, () => {
      if (this.#waitOn()) return;
      if (isOut || this.#gone <= gone) this.#giveUp();
      else if (this.#sentWithQuestion !== undefined) this.#awaitAnswer(this.#gone >= this.#sentWithQuestion);
      else {
        this.#hasAsked = false;
        this.ask();
      }
    });
  }

  /** How many bytes of what was sent have gone out, or fewer by what was sent before this was made. */
  get #gone() {
    return this.#sent - this.#socket.bufferedAmount;
  }

  #after(start, delay, callback) {
    // The program may have ended it while it was asked for the message.
    if (this.#isStopped) return;
    this.#cancelTimer();
    this.#heardAt = undefined;
    this.#cancelTimer = start(delay, callback);
  }
}
