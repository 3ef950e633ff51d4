// The WebSocketStream interface over the host's WebSocket, for browsers that have only that. It has to be small, because
// `isosocket` brings it into every page: what a WebSocket checks itself is left to it. The engine's is stream.js.
// https://github.com/whatwg/websockets/pull/48 (a proposal)

import { OPEN } from './ready-state.js';
import { setTimeout } from './timers.js';
import {
  defineInterface,
  newPromise,
  requireArguments,
  toDictionary,
  toWebSocketCloseInfo,
  TOKEN,
} from './webidl.js';
import { defineWebSocketError, validateCloseCodeAndReason } from './websocket-error.js';

/** How many bytes may wait for the network before a write has to wait, too: more than goes out between two looks. */
const BUFFER_SPACE = 4 << 20;

/** A WebSocket does not tell when something has gone out, so it is asked: after so many milliseconds, at first and at most. */
const FIRST_POLL = 1;
const SLOWEST_POLL = 64;

/** How much may wait for the reader, unless the program sets another limit: a WebSocket cannot make its peer wait. */
const INBOUND_BYTES = 16 << 20;
const INBOUND_MESSAGES = 65536;

/** The code for a peer that has sent more than that. */
const TOO_MUCH = 4009;

/**
 * The two classes: the host's own where it has them, for only those can make a peer wait; else classes over `WebSocket`.
 *
 * @param {any} host
 */
export function streamFor(host, WebSocket) {
  if (typeof host.WebSocketStream === 'function') return host;
  // Where a page is rendered on a server there may be none of these.
  return WebSocket && host.DOMException ? defineHostStream(WebSocket) : {};
}

/**
 * Makes the two classes.
 *
 * @param {typeof globalThis.WebSocket} WebSocket
 */
export function defineHostStream(WebSocket) {
  const { WebSocketError, createWebSocketError, closeInfoOf } = defineWebSocketError();

  class WebSocketStream {
    /** Undefined if the signal was already aborted. */
    #socket;
    #url;
    #opened = newPromise();
    #closed = newPromise();
    /**
     * The messages for the reader, which has got those before `#taken`; how large the others are, of text in code units; and how
     * much of them there may be.
     */
    #inbox = [];
    #taken = 0;
    #unread = 0;
    #limit;
    /** The readable stream's controller, until that is cancelled or ended. */
    #readable;
    /** The writable stream's. */
    #writable;
    /** The write whose message was sent and has to wait for buffer space. */
    #waitingWrite;
    /** The writable stream's close(), which waits for the end of the connection. */
    #waitingClose;
    /** Set when the connection has ended; has an error unless it ended cleanly. */
    #ending;

    constructor(url, options = {}) {
      requireArguments(arguments.length, 1, 'WebSocketStream');
      // Where there is no such class, as in jsdom, it throws here, and not when the connection is open.
      new ReadableStream();
      new WritableStream().getWriter();
      // The members of a dictionary are read in lexicographical order.
      const { inboundLimit, protocols, signal } = toDictionary(options, 'options');
      this.#limit = toInboundLimit(inboundLimit);
      // JavaScript can iterate over a string, but to Web IDL it is not a sequence.
      if (protocols !== undefined && (typeof protocols === 'string' || !protocols?.[Symbol.iterator])) throw new TypeError('protocols is not a sequence');
      if (signal !== undefined && !(signal instanceof AbortSignal)) throw new TypeError('signal is not an AbortSignal');
      const protocolList = protocols === undefined ? [] : [...protocols];
      if (signal?.aborted) {
        this.#url = checkedURL(url, protocolList);
        this.#reject(signal.reason);
        return;
      }
      // For a URL or protocols that are not valid it throws what this constructor has to throw.
      const socket = new WebSocket(url, protocolList);
      this.#socket = socket;
      this.#url = socket.url;
      socket.binaryType = 'arraybuffer';
      const abort = () => {
        // What a script dispatches is no abort.
        if (!signal.aborted) return;
        // First, for some hosts tell of the end within close().
        this.#reject(signal.reason);
        socket.onopen = null;
        socket.close();
      };
      const end = (event) => {
        signal?.removeEventListener('abort', abort);
        this.#end(event);
      };
      socket.onopen = () => {
        signal?.removeEventListener('abort', abort);
        this.#establish();
      };
      socket.onmessage = ({ data }) => this.#receive(data);
      // Before `open` it is the end, for some browsers fire no `close` behind it. One that comes changes nothing: both promises are
      // settled.
      socket.onerror = () => {
        if (!this.#writable) end({ code: 1006 });
      };
      socket.onclose = end;
      signal?.addEventListener('abort', abort);
    }

    get url() {
      return this.#url;
    }

    // An attribute whose type is a promise throws nothing: it rejects.
    get opened() {
      return #socket in this ? this.#opened.promise : Promise.reject(new TypeError('Illegal invocation'));
    }

    get closed() {
      return #socket in this ? this.#closed.promise : Promise.reject(new TypeError('Illegal invocation'));
    }

    close(closeInfo = {}) {
      // Only for the brand.
      this.#url;
      const { closeCode, reason } = toWebSocketCloseInfo(closeInfo);
      this.#closeWebSocket(closeCode, reason);
    }

    #reject(reason) {
      this.#opened.reject(reason);
      this.#closed.reject(reason);
    }

    #establish() {
      const { extensions, protocol } = this.#socket;
      const readable = new ReadableStream({
        start: (controller) => {
          this.#readable = controller;
        },
        pull: () => this.#deliver(),
        cancel: (reason) => {
          this.#readable = undefined;
          this.#inbox = [];
          this.#closeUsingReason(reason);
        },
      });
      const writable = new WritableStream({
        start: (controller) => {
          this.#writable = controller;
          // The stream calls abort() only when the write that is under way has ended.
          const { signal } = controller;
          signal.addEventListener('abort', () => this.#settleWrite('reject', signal.reason));
        },
        write: (chunk) => this.#write(chunk),
        close: () => {
          this.#closeWebSocket();
          this.#waitingClose = newPromise();
          return this.#waitingClose.promise;
        },
        abort: (reason) => this.#closeUsingReason(reason),
      });
      this.#opened.resolve({ extensions, protocol, readable, writable });
    }

    /** Keeps a message for the reader. One message is always kept, whatever its size. */
    #receive(data) {
      if (!this.#readable) return;
      const size = sizeOf(data);
      const waiting = this.#inbox.length - this.#taken;
      if (waiting > 0 && (waiting >= this.#limit.messages || this.#unread + size > this.#limit.bytes)) {
        const reason = 'the reader is too slow';
        this.#socket.onmessage = null;
        this.#socket.onclose = null;
        this.#socket.close(TOO_MUCH, reason);
        this.#end({ code: TOO_MUCH, reason, wasClean: false });
        return;
      }
      this.#inbox.push(data);
      this.#unread += size;
      this.#deliver();
    }

    /** Gives the reader as many messages as it has room for, and after the last one the end. */
    #deliver() {
      const controller = this.#readable;
      while (controller?.desiredSize > 0 && this.#inbox.length > this.#taken) {
        const data = this.#inbox[this.#taken];
        this.#inbox[this.#taken] = undefined;
        this.#taken += 1;
        // To remove them one by one would move all the others each time.
        if (2 * this.#taken > this.#inbox.length) {
          this.#inbox.splice(0, this.#taken);
          this.#taken = 0;
        }
        this.#unread -= sizeOf(data);
        controller.enqueue(typeof data === 'string' ? data : new Uint8Array(data));
      }
      // An error would discard what the stream still holds, so the reader has to take that first.
      if (!this.#ending || !(controller?.desiredSize > 0)) return;
      this.#readable = undefined;
      if (this.#ending.error) controller.error(this.#ending.error);
      else controller.close();
    }

    #write(chunk) {
      const isBuffer = ArrayBuffer.isView(chunk) || /ArrayBuffer\]$/.test(Object.prototype.toString.call(chunk));
      const data = isBuffer ? chunk : `${chunk}`;
      // The message would be thrown away, so the write waits for the end of the connection.
      if (this.#socket.readyState !== OPEN) return this.#closed.promise.then(() => {}, () => {});
      this.#socket.send(data);
      if (this.#hasBufferSpace()) return undefined;
      this.#waitingWrite = newPromise();
      this.#poll(FIRST_POLL);
      return this.#waitingWrite.promise;
    }

    #hasBufferSpace() {
      // workerd's WebSocket does not say how much waits.
      return !(this.#socket.bufferedAmount > BUFFER_SPACE);
    }

    #poll(delay) {
      later(() => {
        if (!this.#waitingWrite) return;
        if (this.#hasBufferSpace() && this.#socket.readyState === OPEN) this.#settleWrite('resolve');
        else this.#poll(Math.min(2 * delay, SLOWEST_POLL));
      }, delay);
    }

    #settleWrite(how, value) {
      this.#waitingWrite?.[how](value);
      this.#waitingWrite = undefined;
    }

    #closeUsingReason(reason) {
      const info = closeInfoOf(reason);
      try {
        this.#closeWebSocket(info?.closeCode, info?.reason);
      } catch {
        this.#closeWebSocket();
      }
    }

    #closeWebSocket(code, reason = '') {
      const socket = this.#socket;
      if (!socket) {
        validateCloseCodeAndReason(code, reason);
        return;
      }
      const wasOpen = socket.readyState === OPEN;
      if (code === undefined && reason === '') socket.close();
      else socket.close(code ?? 1000, reason);
      // What was sent goes out before the Close frame.
      if (wasOpen) this.#settleWrite('resolve');
    }

    /** The connection is closed. */
    #end({ code, reason, wasClean }) {
      const cannotWrite = new DOMException('the WebSocketStream is closed', 'InvalidStateError');
      // If a write still waits, its message is lost, and the connection has not ended cleanly.
      const isIncomplete = this.#waitingWrite !== undefined;
      this.#settleWrite('reject', cannotWrite);
      const error = wasClean && !isIncomplete
        ? undefined
        : createWebSocketError('the connection was not closed cleanly', code, reason);
      if (!this.#writable) this.#opened.reject(createWebSocketError('the connection could not be established'));
      this.#writable?.error(isIncomplete ? cannotWrite : error ?? cannotWrite);
      if (error) {
        this.#waitingClose?.reject(error);
        this.#closed.reject(error);
      } else {
        this.#waitingClose?.resolve();
        this.#closed.resolve({ closeCode: code, reason });
      }
      this.#ending = { error };
      this.#deliver();
    }
  }

  defineInterface(WebSocketStream, ['url', 'opened', 'closed', 'close']);
  return { WebSocketStream, WebSocketError };
}

/**
 * The URL that a WebSocket with these arguments would have; throws what its constructor would throw for their syntax. This is for
 * a signal that is already aborted: no WebSocket may be made then, because the browser might send the request before it can be
 * closed. The steps are those of `getURLRecord`, whose error messages are too long for the size budget of pages.
 */
function checkedURL(url, protocols) {
  const baseURL = globalThis.document?.baseURI ?? globalThis.location?.href;
  const input = `${url}`;
  const areProtocols = protocols.every((protocol) => TOKEN.test(protocol)) && new Set(protocols.map(String)).size === protocols.length;
  const href = areProtocols && URL.canParse(input, baseURL) ? new URL(input, baseURL).href : '';
  if (!/^(ws|http)s?:[^#]*$/.test(href)) throw new DOMException('the URL or a protocol is not valid', 'SyntaxError');
  return href.replace(/^http/, 'ws');
}

/** The option `inboundLimit`. */
function toInboundLimit(value) {
  const { bytes = INBOUND_BYTES, messages = INBOUND_MESSAGES } = toDictionary(value, 'inboundLimit');
  const isLimit = (value) => typeof value === 'number' && value >= 0;
  if (!isLimit(bytes) || !isLimit(messages)) throw new TypeError('the members of inboundLimit are numbers from 0');
  return { bytes, messages };
}

/** Calls back after so many milliseconds. The scheduler is better where there is one: nested timers take at least 4 ms each. */
function later(callback, delay) {
  const { scheduler } = globalThis;
  if (typeof scheduler?.postTask === 'function') scheduler.postTask(callback, { delay });
  else setTimeout(callback, delay);
}

const sizeOf = (data) => data.byteLength ?? data.length;
