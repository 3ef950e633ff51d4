// What leads from the outbox to a connection. What waits does so here as well as in a socket, where too much of it would fail the
// connection.

import { after } from './delay.js';
import { OPEN } from '../ready-state.js';
import { report } from '../report.js';

/** Which part of what is given to a socket at once may be left from before. */
const PART_LEFT = 1 / 16;

/** The most bytes that a message takes beside its own. */
export const HEADER = 14;

/** A socket does not tell when something has gone out: how often it is asked, at first and at most, in milliseconds. */
const SHORTEST_PAUSE = 5;
const LONGEST_PAUSE = 64;

/** How long a peer may take nothing once the program has closed the socket. Then what still waits is thrown away. */
const PATIENCE = 10_000;

export class Outlet {
  #outbox;
  #socket;
  #most;
  #send;
  /** How many bytes the socket had left when it was last asked, and how long was waited then. */
  #left = 0;
  #pause = SHORTEST_PAUSE;
  /** Takes back that it is asked again. @type {(() => void) | undefined} */
  #cancelLook;
  /** What is to be done behind the last message. @type {(() => void) | undefined} */
  #close;
  #cancelPatience = () => {};

  /**
   * @param {import('./outbox.js').Outbox} outbox
   * @param {any} socket that of the connection
   * @param {number} maxSendQueue more than this fails it. Half is given to it at once: the rest is for control frames, and for what
   *   a handler of `open` sends
   * @param {(message: any) => void} send
   */
  constructor(outbox, socket, maxSendQueue, send) {
    this.#outbox = outbox;
    this.#socket = socket;
    this.#most = maxSendQueue / 2;
    this.#send = send;
  }

  /** Whether messages wait for room: what is sent waits behind them. */
  get isDraining() {
    return this.#cancelLook !== undefined;
  }

  /** Sends what waits, as far as there is room, and the rest later. */
  drain() {
    this.#stopLooking();
    const left = this.#whatIsLeft();
    let room = left <= this.#most * PART_LEFT ? this.#most - left : 0;
    let hasMoved = left < this.#left;
    // One that is too large goes alone.
    let isAlone = left === 0;
    while (!this.#outbox.isEmpty && this.#socket.readyState === OPEN) {
      room -= this.#outbox.nextSize + HEADER;
      if (room < 0 && !isAlone) {
        this.#lookLater(hasMoved);
        return;
      }
      isAlone = false;
      hasMoved = true;
      try {
        this.#send(this.#outbox.take());
      } catch (error) {
        report(error);
      }
    }
    this.#finish();
  }

  /** Calls `close` when all has gone to the socket, or when nobody takes it. */
  drainAndClose(close) {
    this.#close = close;
    this.#waitPatiently();
    this.drain();
  }

  stop() {
    this.#stopLooking();
    this.#cancelPatience();
  }

  #lookLater(hasMoved) {
    this.#left = this.#whatIsLeft();
    this.#pause = hasMoved ? SHORTEST_PAUSE : Math.min(2 * this.#pause, LONGEST_PAUSE);
    if (hasMoved && this.#close) this.#waitPatiently();
    // The connection keeps the process alive, unless the program says otherwise.
    this.#cancelLook = after(this.#pause, () => this.drain(), false);
  }

  #waitPatiently() {
    this.#cancelPatience();
    this.#cancelPatience = after(PATIENCE, () => {
      // The program may have been busy all the time: what the peer has taken meanwhile is seen when the socket was asked again.
      this.#cancelPatience = after(2 * LONGEST_PAUSE, () => this.#finish(), false);
    }, false);
  }

  #finish() {
    this.stop();
    const close = this.#close;
    this.#close = undefined;
    close?.();
  }

  #stopLooking() {
    this.#cancelLook?.();
    this.#cancelLook = undefined;
  }

  /** workerd's WebSocket does not say. */
  #whatIsLeft() {
    return this.#socket.bufferedAmount ?? 0;
  }
}
