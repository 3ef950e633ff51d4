import type { WebSocket, WebSocketStream } from "./index.js";

export * from "./index.js";

/**
 * Why the connection of a socket of this module failed, in words for the program's log; undefined if it did not. Events
 * do not tell, because a script must not be able to explore its user's network.
 */
export declare function failure(socket: WebSocket | WebSocketStream): string | undefined;

/**
 * Sends a ping. The answer is an event `pong` at the socket, a MessageEvent whose `data` is an ArrayBuffer. Once the
 * connection closes, it does nothing.
 *
 * @param data at most 125 bytes, in UTF-8 if it is a string
 * @throws {DOMException} "InvalidStateError" while connecting.
 * @throws {RangeError} for more bytes.
 */
export declare function ping(socket: WebSocket, data?: string | ArrayBuffer | ArrayBufferView): void;

/** Ends the connection at once, without a closing handshake and without what is queued: error and close 1006 follow. */
export declare function terminate(socket: WebSocket | WebSocketStream): void;

/** Lets the connection keep the process alive, as it does in the beginning. */
export declare function ref<Socket extends WebSocket | WebSocketStream>(socket: Socket): Socket;

/** Lets the process end though the connection is open. */
export declare function unref<Socket extends WebSocket | WebSocketStream>(socket: Socket): Socket;

/** Settings of permessage-deflate (RFC 7692). */
export interface PerMessageDeflateOptions {
  /** How hard to try, from 1 (fast, the default) to 9 (small). */
  level?: number;
  /** Messages with fewer bytes are sent as they are. Default: 128. */
  threshold?: number;
  /** Begin each message sent with an empty window. Default: false. */
  clientNoContextTakeover?: boolean;
  /** Make the server begin each message with an empty window. Default: false. */
  serverNoContextTakeover?: boolean;
  /** The base-2 logarithm of the window for messages sent, from 9 to 15. Default: 15. */
  clientMaxWindowBits?: number;
  /** The base-2 logarithm of the server's window, from 8 to 15. Default: 15. */
  serverMaxWindowBits?: number;
}

/** How a peer that is gone is noticed. */
export interface HeartbeatOptions {
  /** Milliseconds in which nothing comes before a ping is sent. Default: 30,000. */
  interval?: number;
  /** Milliseconds then before the connection is failed. Default: 10,000. */
  timeout?: number;
}

declare module "./index.js" {
  interface WebSocketInit extends EngineOptions {}
  interface WebSocketStreamOptions extends EngineOptions {}
}

/**
 * What the engine can be told, in the dictionary of either constructor. A value of the wrong type or out of range is a
 * TypeError, and so is an option that a host cannot obey: in workerd, those of TLS.
 */
export interface EngineOptions {
  /** The header Origin. */
  origin?: string;
  /** An HTTP or SOCKS 5 proxy, such as "http://name:password@host:port": http, https, socks5 or socks5h. */
  proxy?: string | URL | null;
  /** The authorities to trust instead of those of the host, as certificates in PEM. */
  ca?: string | Uint8Array | readonly (string | Uint8Array)[];
  /** The client's certificate, in PEM. */
  cert?: string | Uint8Array;
  /** Its private key, in PEM. */
  key?: string | Uint8Array;
  /** What the private key is locked with. */
  passphrase?: string;
  /** The name to ask for, and to be in the server's certificate, instead of the URL's. */
  servername?: string;
  /** Whether the server's certificate is checked. Default: true. */
  rejectUnauthorized?: boolean;
  /** false: permessage-deflate is not offered. Default: true. */
  perMessageDeflate?: boolean | PerMessageDeflateOptions;
  /** Milliseconds that connecting may take. Default: 20,000. */
  handshakeTimeout?: number;
  /** Milliseconds that the peer may take to answer a Close frame. Default: 10,000. */
  closeTimeout?: number;
  /** Milliseconds in which no message comes or goes before the connection is closed with 1001. Default: none. */
  idleTimeout?: number;
  /** Whether, and how, a peer that is gone is noticed. Default: false. */
  heartbeat?: boolean | HeartbeatOptions;
  /** The most bytes of a message that is received. Default: 64 MiB. */
  maxPayload?: number;
}
