// The interfaces of the standard over the engine and the network of a host; and what a program may ask of their objects
// beyond the standard. Those are functions, so that the objects have the members of the standard and no others: what is
// written for a browser meets nothing it does not know, and nothing that a later standard adds is in the way.

import { takeBlobsOf } from './blobs.js';
import { openOver } from './connection.js';
import { CloseEvent, MessageEvent } from './events.js';
import { showAttributes, showAttributesOfError } from './inspection.js';
import { inNamesOfOptions, refuseInThirdArgument } from './options.js';
import { defineReconnectingWebSocket } from './reconnecting.js';
import { refuseInSecondArgument } from './reconnecting/settings.js';
import { defineWebSocketStream } from './stream.js';
import { toMessage, viewOfBytes } from './webidl.js';
import { asDOMException, defineWebSocket } from './websocket.js';

/** The most bytes of a control frame. */
const LONGEST_PING = 125;

/**
 * @typedef {object} Host
 * @property {import('./route.js').Connect} connect
 * @property {readonly string[]} obeyedOptions the options of the network that `connect` obeys
 * @property {boolean} [nestsTls] whether there can be TLS to a server within TLS to a proxy
 * @property {() => WebAssembly.Module} loadModule gives the engine's module
 * @property {typeof import('./turn.js').takeTurn} takeTurn
 * @property {() => (callback: () => void) => void} captureContext gives what calls back in the async context of this moment
 * @property {Function} [Blob] the host's own class, which an environment for tests leaves as it is
 */

/** @param {Host} host */
export function defineInterfaces(host) {
  const open = openOver(host);
  if (host.Blob) takeBlobsOf(host.Blob);
  const { WebSocket, connectionOf: connectionOfSocket } = defineWebSocket(open);
  const { WebSocketStream, WebSocketError, connectionOf: connectionOfStream } = defineWebSocketStream(open);
  const { ReconnectingWebSocket, socketOf } =
    defineReconnectingWebSocket(WebSocket, CloseEvent, MessageEvent, refuseInSecondArgument, refuseInThirdArgument);
  letConsolesShow({ WebSocket, WebSocketStream, WebSocketError, ReconnectingWebSocket });
  /**
   * None is behind a WebSocketStream that was aborted before it could be opened.
   *
   * @returns {any}
   */
  const connectionOf = (object) => {
    if (object instanceof WebSocketStream) return connectionOfStream(object);
    if (object instanceof WebSocket) return connectionOfSocket(object);
    throw new TypeError('the argument is neither a WebSocket nor a WebSocketStream of this module');
  };

  /** The connection that a ReconnectingWebSocket has now, or had last, if it has begun. */
  const connectionOfAny = (object) => {
    if (!(object instanceof ReconnectingWebSocket)) return connectionOf(object);
    const socket = socketOf(object);
    if (socket === undefined) return undefined;
    if (socket instanceof WebSocket) return connectionOfSocket(socket);
    throw new TypeError('the sockets of this ReconnectingWebSocket are of another class than the WebSocket of this module');
  };

  /** Why the connection failed, in words for the program's log; undefined if it did not. */
  const failure = (object) => connectionOfAny(object)?.failure;

  /** Ends the connection at once, without a closing handshake. The socket is CLOSING until the event. */
  const terminate = (object) => connectionOfAny(object)?.terminate();

  /** Lets the connection keep the process alive, as it does in the beginning. */
  const ref = (object) => {
    connectionOf(object)?.ref();
    return object;
  };

  /** Lets the process end though the connection is open. */
  const unref = (object) => {
    connectionOf(object)?.unref();
    return object;
  };

  /** Sends a ping; its answer is an event `pong` at the socket. */
  const ping = (socket, data = '') => {
    const connection = connectionOf(socket);
    const message = toMessage(data);
    if (typeof message !== 'string' && !ArrayBuffer.isView(message)) throw new TypeError('a Blob cannot be sent with a ping');
    const bytes = typeof message === 'string' ? new TextEncoder().encode(message) : viewOfBytes(message);
    if (bytes.length > LONGEST_PING) throw new RangeError(`a ping can carry ${LONGEST_PING} bytes, and not ${bytes.length}`);
    try {
      connection?.ping(bytes);
    } catch (error) {
      // As much waits as may: the engine has no RangeError of its own.
      throw error?.name === 'RangeError' ? new RangeError(inNamesOfOptions(error.message)) : asDOMException(error);
    }
  };

  return { WebSocket, WebSocketStream, WebSocketError, ReconnectingWebSocket, failure, terminate, ref, unref, ping };
}

const ATTRIBUTES = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol', 'binaryType'];

function letConsolesShow({ WebSocket, WebSocketStream, WebSocketError, ReconnectingWebSocket }) {
  showAttributes(WebSocket, ATTRIBUTES);
  showAttributes(WebSocketStream, ['url', 'opened', 'closed']);
  showAttributes(ReconnectingWebSocket, [...ATTRIBUTES, 'retryCount']);
  showAttributesOfError(WebSocketError, ['closeCode', 'reason']);
  // A class of the host's is the host's to show.
  if (CloseEvent !== globalThis.CloseEvent) showAttributes(CloseEvent, ['type', 'code', 'reason', 'wasClean']);
}
