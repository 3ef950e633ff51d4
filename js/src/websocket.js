// The WebSocket interface: what Web IDL and the steps of the standard ask of the class itself. It knows nothing of the
// protocol; it is given a function that opens connections.
// https://websockets.spec.whatwg.org/#the-websocket-interface

import { defineHandlers, handlersFor } from './event-handler.js';
import { EventTarget } from './event-target.js';
import { CloseEvent, Event, fire, MessageEvent } from './events.js';
import { CLOSED, CLOSING, CONNECTING, OPEN } from './ready-state.js';
import {
  bare,
  defineInterface,
  requireArguments,
  toClampedUnsignedShort,
  toDOMString,
  toMessage,
  toUSVString,
  toWebSocketInit,
} from './webidl.js';

/** The host's own, whatever a program puts in their place. */
const { DOMException, URL } = globalThis;
const { isView } = ArrayBuffer;

const CONSTANTS = { CONNECTING, OPEN, CLOSING, CLOSED };

const BINARY_TYPES = ['blob', 'arraybuffer'];

/** The events that have a handler. */
const TYPES = ['open', 'message', 'error', 'close'];

const MEMBERS = [
  'url', 'readyState', 'bufferedAmount', 'onopen', 'onerror', 'onclose', 'extensions', 'protocol', 'close',
  'onmessage', 'binaryType', 'send',
];

/**
 * What a connection tells its object; each call is a task of its own.
 *
 * @typedef {object} Feedback
 * @property {EventTarget} target the object, for a host that has to know of its listeners
 * @property {() => void} opened
 * @property {(data: string | Blob | ArrayBuffer) => void} received
 * @property {(data: ArrayBuffer) => void} [ponged] a ping was answered that the program of a host has sent
 * @property {(how: { failed: boolean, code: number, reason: string, wasClean: boolean }) => void} closed
 */

/**
 * What an object asks of its connection. Misuse is an Error whose name is that of the DOMException to throw.
 *
 * @typedef {object} Connection
 * @property {number} readyState
 * @property {number} bufferedAmount
 * @property {string} extensions
 * @property {string} protocol
 * @property {string} binaryType
 * @property {(text: string) => void} sendText
 * @property {(bytes: Uint8Array) => void} sendBytes the bytes are the caller's again when it returns; they may be an array of
 * the program's: see `toMessage`
 * @property {(blob: Blob) => void} sendBlob
 * @property {(code?: number, reason?: string) => void} close
 */

/**
 * Makes a WebSocket class.
 *
 * @template {Connection} C
 * @param {(url: URL, init: { protocols: string[], headers: string[][], dictionary?: object }, feedback: Feedback) => C} open starts to
 * connect, and throws what the constructor is to throw
 * @returns the class, and a function that gives the connection behind an object of it
 */
export function defineWebSocket(open) {
  /** @type {(socket: WebSocket) => C} */
  let connectionOf;

  class WebSocket extends EventTarget {
    /** @type {URL} */
    #url;
    /** The serialization of its origin, which every message has. */
    #origin;
    /** @type {C} */
    #connection;
    #handlers = handlersFor(this, TYPES);

    static {
      connectionOf = (socket) => socket.#connection;
      defineHandlers(this.prototype, TYPES, (socket) => socket.#handlers);
    }

    constructor(url, protocols = []) {
      requireArguments(arguments.length, 1, "Failed to construct 'WebSocket'");
      const urlString = toUSVString(url);
      const init = toWebSocketInit(protocols);
      super();
      this.#url = getURLRecord(urlString);
      this.#origin = this.#url.origin;
      // 9. If any of the values in protocols occur more than once or otherwise fail to match the requirements for
      //    elements that comprise the value of `Sec-WebSocket-Protocol` fields as defined by The WebSocket protocol,
      //    then throw a "SyntaxError" DOMException.
      // 12. Run this step in parallel: Establish a WebSocket connection given urlRecord, protocols, and client.
      try {
        this.#connection = open(this.#url, init, this.#feedback());
      } catch (error) {
        throw asDOMException(error);
      }
    }

    get url() {
      return this.#url.href;
    }

    get readyState() {
      return this.#connection.readyState;
    }

    get bufferedAmount() {
      return this.#connection.bufferedAmount;
    }

    get extensions() {
      return this.#connection.extensions;
    }

    get protocol() {
      return this.#connection.protocol;
    }

    get binaryType() {
      return this.#connection.binaryType;
    }

    set binaryType(value) {
      const connection = this.#connection;
      const binaryType = toDOMString(value);
      // Web IDL: if the value is not one of the enumeration's values, the setter does nothing.
      if (BINARY_TYPES.includes(binaryType)) connection.binaryType = binaryType;
    }

    send(data) {
      const connection = this.#connection;
      requireArguments(arguments.length, 1, "Failed to execute 'send' on 'WebSocket'");
      const message = toMessage(data);
      // 1. If this's ready state is CONNECTING, then throw an "InvalidStateError" DOMException.
      // 2. Run the appropriate set of steps from the following list: [by the type of data]
      try {
        if (typeof message === 'string') connection.sendText(message);
        else if (isView(message)) connection.sendBytes(message);
        else connection.sendBlob(message);
      } catch (error) {
        throw asDOMException(error);
      }
    }

    close(code = undefined, reason = undefined) {
      const connection = this.#connection;
      const closeCode = code === undefined ? undefined : toClampedUnsignedShort(code);
      const closeReason = reason === undefined ? undefined : toUSVString(reason);
      // 1. If code is present, but is neither an integer equal to 1000 nor an integer in the range 3000 to 4999,
      //    inclusive, throw an "InvalidAccessError" DOMException.
      // 2. If reason is present, then run these substeps: [it has at most 123 bytes, else "SyntaxError"]
      // 3. Run the first matching steps from the following list: [by how far the connection is]
      try {
        connection.close(closeCode, closeReason);
      } catch (error) {
        throw asDOMException(error);
      }
    }

    /**
     * https://websockets.spec.whatwg.org/#feedback-from-the-protocol
     *
     * @returns {Feedback}
     */
    #feedback() {
      return bare({
        target: this,
        // 4. Fire an event named open at the WebSocket object.
        opened: () => fire(this, new Event('open')),
        received: (data) => {
          // 3. Fire an event named message at the WebSocket object, using MessageEvent, with the origin attribute
          //    initialized to the serialization of the WebSocket object's url's origin, and the data attribute
          //    initialized to dataForEvent.
          fire(this, new MessageEvent('message', { data, origin: this.#origin }));
        },
        ponged: (data) => fire(this, new MessageEvent('pong', { data, origin: this.#origin })),
        closed: ({ failed, code, reason, wasClean }) => {
          // 2. If the user agent was required to fail the WebSocket connection, or if the WebSocket connection was
          //    closed after being flagged as full, fire an event named error at the WebSocket object.
          if (failed) fire(this, new Event('error'));
          // 3. Fire an event named close at the WebSocket object, using CloseEvent, with the wasClean attribute
          //    initialized to true if the connection closed cleanly and false otherwise, the code attribute
          //    initialized to the WebSocket connection close code, and the reason attribute initialized to the result
          //    of applying UTF-8 decode without BOM to the WebSocket connection close reason.
          fire(this, new CloseEvent('close', { wasClean, code, reason }));
        },
      });
    }
  }

  defineInterface(WebSocket, MEMBERS, CONSTANTS);
  return { WebSocket, connectionOf };
}

/** The constructor's steps for the URL; they come before those for the subprotocols. */
export function getURLRecord(url) {
  // 1. Let baseURL be this's relevant settings object's API base URL.
  const baseURL = globalThis.document?.baseURI ?? globalThis.location?.href;
  // 2. Let urlRecord be the result of applying the URL parser to url with baseURL.
  // 3. If urlRecord is failure, then throw a "SyntaxError" DOMException.
  let urlRecord;
  try {
    urlRecord = new URL(url, baseURL);
  } catch {
    // There may be a password or a token in it, and this goes to logs.
    throw new DOMException('the URL is not valid, or is a relative one; an absolute one begins with ws:// or wss://', 'SyntaxError');
  }
  // 4. If urlRecord's scheme is "http", then set urlRecord's scheme to "ws".
  if (urlRecord.protocol === 'http:') urlRecord.protocol = 'ws:';
  // 5. Otherwise, if urlRecord's scheme is "https", set urlRecord's scheme to "wss".
  else if (urlRecord.protocol === 'https:') urlRecord.protocol = 'wss:';
  // 6. If urlRecord's scheme is not "ws" or "wss", then throw a "SyntaxError" DOMException.
  if (urlRecord.protocol !== 'ws:' && urlRecord.protocol !== 'wss:') {
    throw new DOMException(`the URL's scheme is '${urlRecord.protocol}', not 'ws:' or 'wss:'`, 'SyntaxError');
  }
  // 7. If urlRecord's fragment is non-null, then throw a "SyntaxError" DOMException. (The serializer keeps an empty
  //    fragment as a lone "#"; the hash attribute does not show it.)
  if (urlRecord.href.includes('#')) throw new DOMException('the URL has a fragment', 'SyntaxError');
  return urlRecord;
}

/** What a connection reports as misuse it names as the standard does, in an ordinary Error. */
const MISUSE = ['SyntaxError', 'InvalidAccessError', 'InvalidStateError'];

export function asDOMException(error) {
  const isMisuse = MISUSE.includes(error?.name) && !(error instanceof DOMException);
  return isMisuse ? new DOMException(error.message, error.name) : error;
}
