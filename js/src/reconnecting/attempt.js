// One connection, from asking the program for its URL to its end.

import { afterAll } from './delay.js';
import { report } from '../report.js';

/**
 * @typedef {object} Owner
 * @property {() => void} opened
 * @property {(event: MessageEvent) => void} received
 * @property {(error?: unknown) => void} failed the connection fails; its end is told behind it
 * @property {(event: { code: number, reason: string, wasClean: boolean }) => void} ended
 */

/** How a connection ends that never was one, or that was given up. */
export const ABNORMAL = { code: 1006, reason: '', wasClean: false };

/** The default of the engine's class. Others have no such bound, and so much is as good as none. */
const MAX_SEND_QUEUE = 268_435_456;

export class Attempt {
  #owner;
  #settings;
  /** Ends the time for connecting. */
  #stopTimer = () => {};
  /** Nothing is told any more. */
  #isOver = false;
  /** The socket, once there is one. */
  socket;
  /** How many bytes may wait in it: beyond, it fails. */
  maxSendQueue = MAX_SEND_QUEUE;

  /**
   * @param {import('./settings.js').Settings} settings
   * @param {Owner} owner
   */
  constructor(settings, owner) {
    this.#settings = settings;
    this.#owner = owner;
  }

  /** Whether it has ended, or was given up. */
  get isOver() {
    return this.#isOver;
  }

  /**
   * Starts to connect: each of the two is what WebSocket's constructor takes, or a function that gives that or a promise of it.
   *
   * @throws what that constructor throws, unless one of the two is to be asked for
   */
  start(url, protocols, binaryType) {
    const isAsked = typeof url === 'function' || typeof protocols === 'function';
    if (!isAsked) this.#openAtOnce(url, protocols, binaryType);
    const { connectionTimeout } = this.#settings;
    this.#stopTimer = afterAll(connectionTimeout, () => {
      this.fail(new DOMException(`there was no connection within ${connectionTimeout} ms`, 'TimeoutError'));
    });
    if (!isAsked) return;
    Promise.all([ask(url), ask(protocols)])
      .then((given) => {
        if (!this.#isOver) this.#open(given[0], given[1], binaryType);
      })
      .catch((error) => this.fail(error));
  }

  /** Gives it up, and tells so. */
  fail(error) {
    if (this.#isOver) return;
    this.abandon();
    this.#owner.failed(error);
    this.#owner.ended(ABNORMAL);
  }

  /** Gives it up without a word. */
  abandon(code, reason) {
    this.#end();
    try {
      this.socket?.close(code, reason);
    } catch (error) {
      report(error);
    }
  }

  #end() {
    this.#isOver = true;
    this.#stopTimer();
  }

  #openAtOnce(url, protocols, binaryType) {
    try {
      this.#open(url, protocols, binaryType);
    } catch (error) {
      this.abandon();
      throw error;
    }
  }

  #open(url, protocols, binaryType) {
    const socket = new this.#settings.WebSocket(url, protocols);
    // It is closed with this from here on, whatever the class makes of the rest.
    this.socket = socket;
    this.maxSendQueue = protocols?.maxSendQueue ?? MAX_SEND_QUEUE;
    const listen = (type, tell) => socket.addEventListener(type, (event) => {
      if (!this.#isOver) tell(event);
    });
    // Before `open` it is the end: some browsers fire no `close` behind it.
    let failed = (error) => this.fail(error);
    listen('open', () => {
      failed = this.#owner.failed;
      this.#stopTimer();
      this.#owner.opened();
    });
    listen('message', (event) => this.#owner.received(event));
    listen('error', ({ error }) => failed(error));
    listen('close', (event) => {
      this.#end();
      this.#owner.ended(event);
    });
    // Not every class knows all of the names.
    if (socket.binaryType !== binaryType) socket.binaryType = binaryType;
  }
}

async function ask(value) {
  return typeof value === 'function' ? value() : value;
}
