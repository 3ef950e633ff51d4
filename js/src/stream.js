// The WebSocketStream interface. As in websocket.js, nothing is known of the protocol here.
// https://github.com/whatwg/websockets/pull/48 (a proposal: the sections are those of its text)

import { defineAbortSteps } from './abort-steps.js';
import { OPEN } from './ready-state.js';
import {
  bare,
  defineInterface,
  newPromise,
  react,
  requireArguments,
  requireStreams,
  toBufferSourceOrUSVString,
  toUSVString,
  toWebSocketCloseInfo,
  toWebSocketStreamOptions,
  TOKEN,
} from './webidl.js';
import { defineWebSocketError, validateCloseCodeAndReason } from './websocket-error.js';
import { asDOMException, getURLRecord } from './websocket.js';

/** How many bytes may wait for the network before a write has to: "the user agent's buffers". */
const BUFFER_SPACE = 65536;

/**
 * What a connection tells its object; each call is a task of its own.
 *
 * @typedef {object} StreamFeedback
 * @property {() => void} opened
 * @property {(data: string | ArrayBuffer) => void} received a message. Not called between `pause()` and `resume()`, but
 * for messages in front of the end of a connection that has failed
 * @property {() => void} drained the backlog has become smaller since the last call. What the peer has sent before is
 * looked at before, for it may have closed; but neither `pause()` nor a message that is held back puts this off
 * @property {(how: { failed: boolean, code: number, reason: string, wasClean: boolean }) => void} closed the connection
 * is closed. Messages in front of it that are held back put it off, but `pause()` alone does not; and nothing does when
 * the transport is lost
 */

/**
 * What an object asks of its connection, besides what a WebSocket object does.
 *
 * @typedef {object} StreamConnectionMembers
 * @property {number} backlog how many bytes that were sent, frames and all, have not been handed to the network yet. It
 * may change at any time
 * @property {() => void} pause holds messages back from now on. The peer has to feel it: once a message is held back,
 * no more is parsed and nothing is read from the network. May be called while it is paused, and before it is open
 * @property {() => void} resume takes `pause()` back: the next message is reported in a task of its own, not in this
 * call. May be called while it is not paused
 *
 * @typedef {import('./websocket.js').Connection & StreamConnectionMembers} StreamConnection
 *
 * @callback Open starts to connect, and throws what the constructor is to throw
 * @param {URL} url
 * @param {{ protocols: string[], headers: string[][], dictionary?: object }} init
 * @param {StreamFeedback} feedback
 * @returns {StreamConnection}
 */

/**
 * Makes the two classes, over the host's DOMException, AbortSignal and streams as they are at this moment.
 *
 * @param {Open} open
 */
export function defineWebSocketStream(open) {
  const { ReadableStream, WritableStream } = globalThis;
  const { isAbortedSignal, abortStepsOf } = defineAbortSteps();
  const { WebSocketError, createWebSocketError, closeInfoOf } = defineWebSocketError();

  /** @type {(stream: WebSocketStream) => StreamConnection | undefined} */
  let connectionOf;

  class WebSocketStream {
    /** @type {URL} */
    #url;
    /** None if the signal was aborted before it could be opened. @type {StreamConnection | undefined} */
    #connection;
    #opened = newPromise();
    #closed = newPromise();
    #handshakeAborted = false;
    /** @type {ReadableStreamDefaultController | undefined} the readable stream's, until that is cancelled */
    #readable;
    /** @type {WritableStreamDefaultController | undefined} the writable stream's */
    #writable;
    /** Why the readable stream ends, once what has come was read. */
    #failure;
    /**
     * That of the options, as long as the handshake lasts. In Node 20 what depends on it does not keep it, and a time-out that nobody
     * keeps is never over.
     */
    #signal;
    /** The write whose message was sent and has to wait for buffer space. */
    #waitingWrite;
    /** The writable stream's close(), which waits for the end of the connection. */
    #waitingClose;

    static {
      connectionOf = (stream) => stream.#connection;
    }

    // https://websockets.spec.whatwg.org/#dom-websocketstream-websocketstream
    constructor(url, options = {}) {
      requireArguments(arguments.length, 1, "Failed to construct 'WebSocketStream'");
      requireStreams({ ReadableStream, WritableStream });
      const urlString = toUSVString(url);
      const { protocols, headers, signal, dictionary } = toWebSocketStreamOptions(options);
      const isAborted = signal !== undefined && isAbortedSignal(signal);
      // 2. Let urlRecord be the result of getting a URL record given url and baseURL.
      this.#url = getURLRecord(urlString);
      requireSubprotocols(protocols);
      // 8.2. If signal is aborted, then reject this's opened promise and closed promise with signal's abort reason and
      //      return.
      if (isAborted) {
        this.#reject(signal.reason);
        return;
      }
      // 10.1. Establish a WebSocket connection given urlRecord, protocols, and client.
      try {
        this.#connection = open(this.#url, { protocols, headers, dictionary }, this.#feedback());
      } catch (error) {
        throw asDOMException(error);
      }
      this.#connection.binaryType = 'arraybuffer';
      // 7. Apply backpressure to the WebSocket.
      this.#connection.pause();
      // 8.3. Add the following abort steps to signal:
      if (signal === undefined) return;
      this.#signal = signal;
      abortStepsOf(signal).add(this.#abortHandshake);
    }

    get url() {
      return this.#url.href;
    }

    get opened() {
      return promiseOf(() => this.#opened.promise);
    }

    get closed() {
      return promiseOf(() => this.#closed.promise);
    }

    close(closeInfo = {}) {
      // Only for the brand.
      this.#url;
      const { closeCode, reason } = toWebSocketCloseInfo(closeInfo);
      this.#closeWebSocket(closeCode, reason);
    }

    #abortHandshake = (reason) => {
      // 1. If the WebSocket connection is not yet established:
      // 1.1. Fail the WebSocket connection.
      // 1.2. Set this's ready state to CLOSING.
      this.#connection.close();
      // 1.3. Reject this's opened promise and closed promise with signal's abort reason.
      this.#reject(reason);
      // 1.4. Set this's handshake aborted to true.
      this.#handshakeAborted = true;
    };

    /** Aborting means nothing any more. */
    #forgetSignal() {
      if (this.#signal) abortStepsOf(this.#signal).delete(this.#abortHandshake);
      this.#signal = undefined;
    }

    #reject(reason) {
      this.#opened.reject(reason);
      this.#closed.reject(reason);
    }

    /**
     * https://websockets.spec.whatwg.org/#feedback-to-websocket-stream-from-the-protocol
     *
     * @returns {StreamFeedback}
     */
    #feedback() {
      return bare({
        opened: () => {
          this.#forgetSignal();
          this.#establish();
        },
        received: (data) => this.#receive(data),
        drained: () => {
          // A peer that has started the closing handshake does not look at what it gets.
          const isOpen = this.#connection.readyState === OPEN;
          if (isOpen && this.#hasBufferSpace()) this.#settleWrite(({ resolve }) => resolve());
        },
        closed: (how) => {
          this.#forgetSignal();
          this.#end(how);
        },
      });
    }

    /** Handle WebSocketStream connection establishment. */
    #establish() {
      const { extensions, protocol } = this.#connection;
      // 8. Set up readable with pullAlgorithm and cancelAlgorithm.
      const readable = new ReadableStream(bare(/** @type {UnderlyingDefaultSource} */ ({
        start: (controller) => {
          this.#readable = controller;
        },
        // To pull bytes from a WebSocketStream stream, if stream is currently applying backpressure, release
        // backpressure.
        pull: () => {
          if (this.#failure) this.#readable.error(this.#failure);
          else this.#connection.resume();
        },
        cancel: (reason) => {
          this.#readable = undefined;
          this.#closeUsingReason(reason);
        },
      })));
      // 13. Set up writable with writeAlgorithm, closeAlgorithm, and abortAlgorithm.
      const writable = new WritableStream(bare({
        start: (controller) => {
          this.#writable = controller;
          // The stream calls abort() only when the write that is under way has ended.
          const { signal } = controller;
          signal.addEventListener('abort', () => this.#settleWrite(({ reject }) => reject(signal.reason)));
        },
        write: (chunk) => this.#write(chunk),
        close: () => this.#closeWritable(),
        abort: (reason) => this.#closeUsingReason(reason),
      }));
      // 16. Resolve stream's opened promise with WebSocketOpenInfo
      this.#opened.resolve({ extensions, protocol, readable, writable });
    }

    /** Handle a WebSocketStream message. */
    #receive(data) {
      // 1. If stream's ready state is not OPEN (1), then return.
      if (this.#connection.readyState !== OPEN) return;
      // 4. Apply backpressure to the WebSocket.
      //
      // Deviation: it comes before step 3, which may pull, and that is to release it.
      this.#connection.pause();
      // 3. Enqueue chunk into stream's readable stream.
      this.#readable.enqueue(typeof data === 'string' ? data : new Uint8Array(data));
    }

    /** To write chunk to a WebSocketStream stream; what is thrown is a promise rejected with it. */
    #write(chunk) {
      const data = toBufferSourceOrUSVString(chunk);
      // 6.2. If the closing handshake has not yet started, Send a WebSocket Message to stream comprised of data using
      //      opcode.
      //
      // If it has, there is nothing to wait for but the end: a program that goes on writing would else never let the
      // event loop reach it.
      if (this.#connection.readyState !== OPEN) return this.#whenClosed();
      if (typeof data === 'string') this.#connection.sendText(data);
      else this.#connection.sendBytes(data);
      // 6.1. Wait until there is sufficient buffer space in stream to send the message.
      //
      // A connection takes a message whole, whatever its size. It is in the buffer when no more than that waits.
      //
      // Deviation: where nothing has to wait, no task is queued for it.
      if (this.#hasBufferSpace()) return undefined;
      this.#waitingWrite = newPromise();
      return this.#waitingWrite.promise;
    }

    #whenClosed() {
      return react(this.#closed.promise, () => undefined, () => undefined);
    }

    /** The backlog counts frames without content, the buffered amount what a connection that closes has thrown away. */
    #hasBufferSpace() {
      const { backlog, bufferedAmount } = this.#connection;
      return Math.max(backlog, bufferedAmount) <= BUFFER_SPACE;
    }

    #settleWrite(settle) {
      if (this.#waitingWrite) settle(this.#waitingWrite);
      this.#waitingWrite = undefined;
    }

    /**
     * To close a WebSocketStream stream, close the WebSocket with stream.
     *
     * Deviation: the text lets the writable stream be closed as soon as that has begun. It is when the connection is,
     * as the web-platform-tests have it.
     */
    #closeWritable() {
      this.#closeWebSocket();
      this.#waitingClose = newPromise();
      return this.#waitingClose.promise;
    }

    /** To close using reason a WebSocketStream stream given reason: */
    #closeUsingReason(reason) {
      // 3. If reason implements WebSocketError,
      // 3.1. Set code to reason's closeCode.
      // 3.2. Set reasonString to reason's reason.
      const info = closeInfoOf(reason);
      // 4. Close the WebSocket with stream, code, and reasonString. If this throws an exception, discard code and
      //    reasonString and close the WebSocket with stream.
      try {
        this.#closeWebSocket(info?.closeCode, info?.reason);
      } catch {
        this.#closeWebSocket();
      }
    }

    /** To close the WebSocket for a WebSocket or WebSocketStream object, given optional code and optional reason: */
    #closeWebSocket(code = undefined, reason = '') {
      // 3. Validate close code and reason with code and reason.
      validateCloseCodeAndReason(code, reason);
      // What was sent goes out before the Close frame.
      if (this.#connection?.readyState === OPEN) this.#settleWrite(({ resolve }) => resolve());
      // 4. Run the first matching steps from the following list: [by how far the connection is]
      this.#connection?.close(code, reason);
      // No message is taken from now on; but the peer's Close frame is behind those that wait.
      this.#connection?.resume();
    }

    /** Handle WebSocketStream connection close. */
    #end({ code, reason, wasClean }) {
      // 2. If stream's handshake aborted is true, then return.
      if (this.#handshakeAborted) return;
      // 3. If stream's was ever connected is false, then reject stream's opened promise with a new WebSocketError.
      if (!this.#writable) this.#opened.reject(createWebSocketError('the connection could not be established'));
      // 7.1. Let error be a new WebSocketError whose closeCode is code and reason is reason.
      const error = createWebSocketError('the connection was not closed cleanly', code, reason);
      const cannotWrite = new DOMException('a closed WebSocketStream cannot be written to', 'InvalidStateError');
      // Deviation: the text says nothing of a write that still waits. Its message is lost, so that the end is not a
      // clean one, as the web-platform-tests have it.
      const isIncomplete = this.#waitingWrite !== undefined;
      this.#settleWrite(({ reject }) => reject(cannotWrite));
      if (wasClean && !isIncomplete) {
        // 6.1. Close stream's readable stream.
        this.#readable?.close();
        // 6.2. Error stream's writable stream with an "InvalidStateError" DOMException indicating that a closed
        //      WebSocketStream cannot be written to.
        this.#writable.error(cannotWrite);
        this.#waitingClose?.resolve();
        // 6.3. Resolve stream's closed promise with WebSocketCloseInfo
        this.#closed.resolve({ closeCode: code, reason });
      } else {
        // 7.2. Error stream's readable stream with error.
        //
        // Deviation: that takes away what waits in the readable stream, so this is read before; of one that was teed all but the
        // last message.
        this.#failure = error;
        if (this.#readable?.desiredSize > 0) this.#readable.error(error);
        // 7.3. Error stream's writable stream with error.
        this.#writable?.error(isIncomplete ? cannotWrite : error);
        this.#waitingClose?.reject(error);
        // 7.4. Reject stream's closed promise with error.
        this.#closed.reject(error);
      }
    }
  }

  defineInterface(WebSocketStream, ['url', 'opened', 'closed', 'close']);
  return { WebSocketStream, WebSocketError, connectionOf };
}

/** The constructor's step 4. A connection would check them, too; but one that is aborted before is never opened. */
function requireSubprotocols(protocols) {
  // 4. If any of the values in protocols occur more than once or otherwise fail to match the requirements for elements
  //    that comprise the value of `Sec-WebSocket-Protocol` fields as defined by The WebSocket Protocol, then throw a
  //    "SyntaxError" DOMException.
  for (const protocol of protocols) {
    if (!TOKEN.test(protocol)) throw new DOMException(`'${protocol}' is not a subprotocol's name`, 'SyntaxError');
  }
  if (new Set(protocols).size < protocols.length) throw new DOMException('a subprotocol occurs twice', 'SyntaxError');
}

/** An attribute whose type is a promise throws nothing: it rejects. */
function promiseOf(steps) {
  try {
    return steps();
  } catch (error) {
    return Promise.reject(error);
  }
}
