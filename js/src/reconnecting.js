// A WebSocket that connects again: the interface of the standard over one connection after the other.

import { defineCloseEvent } from './close-event.js';
import { defineHandlers, handlersFor } from './event-handler.js';
import { EventTarget } from './event-target.js';
import { refuseOptions } from './options.js';
import { CLOSED, CLOSING, CONNECTING, OPEN } from './ready-state.js';
import { ABNORMAL, Attempt } from './reconnecting/attempt.js';
import { BackOff } from './reconnecting/back-off.js';
import { after } from './reconnecting/delay.js';
import { KeepAlive } from './reconnecting/keep-alive.js';
import { Outbox, sizeOf } from './reconnecting/outbox.js';
import { Outlet } from './reconnecting/outlet.js';
import { toSecondArgument } from './reconnecting/second-argument.js';
import { toSettings } from './reconnecting/settings.js';
import { onWake } from './reconnecting/wake.js';
import { report } from './report.js';
import { defineInterface, requireArguments, toClampedUnsignedShort, toDOMString, toMessage, toUSVString } from './webidl.js';
import { validateCloseCodeAndReason } from './websocket-error.js';

const TYPES = ['open', 'message', 'error', 'close', 'reconnecting'];

/**
 * The class for those whose WebSocket is the host's own. Where a page is rendered on a server there may be none, nor what it takes.
 *
 * @param {any} host
 */
export function reconnectingFor(host) {
  if (!host.WebSocket || !host.EventTarget) return {};
  return defineReconnectingWebSocket(host.WebSocket, host.CloseEvent ?? defineCloseEvent(host.Event), host.MessageEvent, refuseOptions);
}

/**
 * Makes the class, and what tells of an object the socket of its connection, or of the last one.
 *
 * @param {any} WebSocket what connections are made with, unless the program says otherwise
 * @param {any} CloseEvent
 * @param {any} MessageEvent
 * @param {(options: any) => void} [checkSecondArgument] throws for options in the second argument that this class does not obey
 * @param {(options: any) => void} [checkThirdArgument] throws for a third argument that has in it what is not meant for it
 */
export function defineReconnectingWebSocket(WebSocket, CloseEvent, MessageEvent, checkSecondArgument, checkThirdArgument) {
  // The host's own, whatever a program puts in its place.
  const { Event } = globalThis;
  /** @type {(object: ReconnectingWebSocket) => any} */
  let socketOf;

  class ReconnectingWebSocket extends EventTarget {
    static {
      socketOf = (object) => object.#socket;
      defineHandlers(this.prototype, TYPES, (object) => object.#handlers);
    }

    #url;
    #protocols;
    #settings;
    #state = CLOSED;
    #binaryType = 'blob';
    #backOff;
    #outbox;
    /** There is to be no connection, until it is begun anew. */
    #hasEnded = false;
    /** The bytes of what was thrown away for that. */
    #discarded = 0;
    /** The connection that there is or is to be. @type {Attempt | undefined} */
    #attempt;
    /** What leads to it from the outbox, once it is open. @type {Outlet | undefined} */
    #outlet;
    /** What is asked for its attributes when there is no connection. */
    #lastSocket;
    /** The retry that is waited for. @type {{ attempt: number, delay: number } | undefined} */
    #retry;
    /** Takes back that it begins; or that the end is told where nothing else tells it. */
    #cancelTimer = () => {};
    /** Takes back that the connection has lasted. */
    #cancelUptime = () => {};
    /** @type {KeepAlive | undefined} */
    #keepAlive;
    #ignoreWake = () => {};
    #handlers = handlersFor(this, TYPES);

    constructor(url, protocols = undefined, options = {}) {
      requireArguments(arguments.length, 1, "Failed to construct 'ReconnectingWebSocket'");
      super();
      this.#url = url;
      this.#settings = toSettings(options, WebSocket);
      checkThirdArgument?.(options);
      const check = this.#settings.WebSocket === WebSocket ? checkSecondArgument : undefined;
      this.#protocols = typeof protocols === 'function'
        ? async () => toSecondArgument(await protocols(), check)
        : toSecondArgument(protocols, check);
      this.#backOff = new BackOff(this.#settings);
      this.#outbox = new Outbox(this.#settings);
      if (!this.#settings.startClosed) this.#connect();
    }

    get url() {
      return this.#socket?.url ?? '';
    }

    get readyState() {
      return this.#state;
    }

    get bufferedAmount() {
      return this.#discarded + this.#outbox.bytes + (this.#attempt?.socket?.bufferedAmount ?? 0);
    }

    get extensions() {
      return this.#socket?.extensions ?? '';
    }

    get protocol() {
      return this.#socket?.protocol ?? '';
    }

    get binaryType() {
      return this.#binaryType;
    }

    set binaryType(value) {
      const binaryType = toDOMString(value);
      if (binaryType !== 'blob' && binaryType !== 'arraybuffer') return;
      this.#binaryType = binaryType;
      if (this.#attempt?.socket) this.#attempt.socket.binaryType = binaryType;
    }

    /** Which retry is under way, or waited for, since a connection has lasted for `minUptime`. */
    get retryCount() {
      return this.#backOff.count;
    }

    send(data) {
      requireArguments(arguments.length, 1, "Failed to execute 'send'");
      if (this.#canSend && !this.#keepAlive) {
        this.#attempt.socket.send(data);
        return;
      }
      const message = toMessage(data);
      // To make a message of an object is the program's code, which may have closed it.
      if (this.#canSend) this.#transmit(message);
      else if (this.#hasEnded) this.#discarded += sizeOf(message);
      else this.#outbox.put(message);
    }

    close(code = undefined, reason = undefined) {
      const [number, text] = toClose(code, reason);
      this.#hasEnded = true;
      if (this.#state === CLOSED) this.#discard();
      if (this.#state === CLOSING || this.#state === CLOSED) return;
      this.#stopWaiting();
      this.#state = CLOSING;
      const attempt = this.#attempt;
      if (attempt?.socket && !attempt.isOver) {
        const close = () => {
          this.#discard();
          attempt.socket.close(number, text);
        };
        // What has waited goes first, also what a handler of `open` leaves behind.
        if (this.#outlet) this.#outlet.drainAndClose(close);
        else close();
      } else {
        this.#discard();
        attempt?.abandon();
        this.#attempt = undefined;
        this.#cancelTimer = after(0, () => this.#end(ABNORMAL));
      }
    }

    /** Drops the connection, if there is one, and makes another at once, also after the last one. */
    reconnect(code = 1000, reason = '') {
      const [number, text] = toClose(code, reason);
      // In a handler of `error` it may be one that was open.
      const hadConnection = this.#attempt !== undefined && (this.#state !== CONNECTING || this.#outlet !== undefined);
      const how = this.#isConnected ? { code: number, reason: text } : ABNORMAL;
      this.#stopWaiting();
      this.#lastSocket = this.#socket;
      this.#attempt?.abandon(number, text);
      this.#backOff.reset();
      // After close() it may still have waited for its turn.
      if (this.#hasEnded) this.#outbox.clear();
      this.#hasEnded = false;
      this.#discarded = 0;
      this.#tryToConnect();
      if (hadConnection) this.dispatchEvent(new CloseEvent('close', how));
    }

    get #socket() {
      return this.#attempt?.socket ?? this.#lastSocket;
    }

    /** Whether there is a connection that takes messages, which is not so when the peer has begun to close. */
    get #isConnected() {
      return this.#state === OPEN && this.#attempt.socket.readyState === OPEN;
    }

    /** Whether what is sent goes out, and nothing waits to go before it. */
    get #canSend() {
      return this.#isConnected && !this.#outlet.isDraining;
    }

    /** @throws what the constructor of WebSocket throws */
    #connect() {
      this.#state = CONNECTING;
      this.#outlet = undefined;
      const attempt = new Attempt(this.#settings, {
        opened: () => this.#opened(attempt),
        received: ({ data, origin }) => {
          // The connection may still be open when the program has closed.
          if (this.#state !== OPEN) return;
          this.#keepAlive?.heard();
          this.dispatchEvent(new MessageEvent('message', { data, origin }));
        },
        failed: (error) => this.#failed(error),
        // In a handler of `error` the program may have begun anew.
        ended: (event) => {
          if (this.#attempt === attempt) this.#end(event);
        },
      });
      this.#attempt = attempt;
      attempt.start(this.#url, this.#protocols, this.#binaryType);
    }

    /** As that, but what is thrown is a failed attempt, of which is told in a task of its own. */
    #tryToConnect() {
      try {
        this.#connect();
      } catch (error) {
        const attempt = this.#attempt;
        this.#cancelTimer = after(0, () => {
          this.#failed(error);
          if (this.#attempt === attempt) this.#end(ABNORMAL);
        });
      }
    }

    #failed(error) {
      // The connection is lost, and there may be another one.
      if (this.#state === OPEN) this.#state = CONNECTING;
      this.dispatchEvent(Object.assign(new Event('error'), error === undefined ? {} : { error }));
    }

    #opened(attempt) {
      if (this.#state !== CONNECTING) return;
      this.#state = OPEN;
      this.#outlet = new Outlet(this.#outbox, attempt.socket, attempt.maxSendQueue, (message) => this.#transmit(message));
      this.#cancelUptime = after(this.#settings.minUptime, () => this.#backOff.reset(), false);
      this.#startKeepAlive();
      this.dispatchEvent(new Event('open'));
      // A handler may have closed it, or begun anew.
      if (this.#isConnected) this.#outlet.drain();
    }

    #transmit(message) {
      (this.#keepAlive ?? this.#attempt.socket).send(message);
    }

    #discard() {
      this.#discarded += this.#outbox.bytes;
      this.#outbox.clear();
    }

    #startKeepAlive() {
      const { keepAlive } = this.#settings;
      if (!keepAlive) return;
      const attempt = this.#attempt;
      this.#keepAlive = new KeepAlive(keepAlive, attempt, () => {
        attempt.fail(new DOMException(`the peer said nothing for ${keepAlive.timeout} ms`, 'TimeoutError'));
      });
      this.#ignoreWake = onWake(() => this.#keepAlive.ask());
    }

    /** There is no connection any more, and there may be another one. */
    #end({ code, reason, wasClean }) {
      this.#stopWaiting();
      this.#lastSocket = this.#socket;
      const unsent = this.#attempt?.socket?.bufferedAmount ?? 0;
      this.#attempt = undefined;
      const event = new CloseEvent('close', { code, reason, wasClean });
      const wasClosed = this.#state === CLOSING;
      // The program is asked between two connections.
      if (!wasClosed) this.#state = CONNECTING;
      const mayRetry = !wasClosed && this.#mayRetry(event);
      let retry;
      // When it was asked, the program may have begun anew.
      if (this.#attempt === undefined) {
        if (mayRetry && this.#state === CONNECTING) retry = this.#scheduleRetry();
        else this.#finish(unsent);
      }
      this.dispatchEvent(event);
      if (retry && this.#retry === retry) this.dispatchEvent(Object.assign(new Event('reconnecting'), retry));
    }

    /** Whether to connect again after such an end. A program that throws is told so, and keeps its socket. */
    #mayRetry(event) {
      if (!this.#backOff.isLeft) return false;
      try {
        return this.#settings.shouldReconnect(event);
      } catch (error) {
        report(error);
        return true;
      }
    }

    #scheduleRetry() {
      const begin = () => {
        this.#stopWaiting();
        this.#tryToConnect();
      };
      const attempt = this.#backOff.count + 1;
      const delay = this.#backOff.next();
      this.#retry = { attempt, delay };
      this.#cancelTimer = after(delay, begin);
      this.#ignoreWake = onWake(() => {
        this.#backOff.uncount();
        begin();
      });
      return this.#retry;
    }

    #finish(unsent) {
      this.#stopWaiting();
      this.#state = CLOSED;
      this.#hasEnded = true;
      this.#discard();
      this.#discarded += unsent;
    }

    #stopWaiting() {
      this.#retry = undefined;
      this.#cancelTimer();
      this.#cancelUptime();
      this.#keepAlive?.stop();
      this.#keepAlive = undefined;
      this.#outlet?.stop();
      this.#ignoreWake();
      this.#ignoreWake = () => {};
    }
  }

  defineInterface(
    ReconnectingWebSocket,
    [
      'url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType', 'retryCount',
      ...TYPES.map((type) => `on${type}`), 'send', 'close', 'reconnect',
    ],
    { CONNECTING, OPEN, CLOSING, CLOSED },
  );
  return { ReconnectingWebSocket, socketOf };
}

/** The arguments of `close()`, checked. */
function toClose(code, reason) {
  const number = code === undefined ? undefined : toClampedUnsignedShort(code);
  const text = reason === undefined ? '' : toUSVString(reason);
  validateCloseCodeAndReason(number, text);
  return [number, reason === undefined ? undefined : text];
}
