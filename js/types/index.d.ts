import type { CloseEvent, Listened, WebSocketEventMap } from "./events.js";

export {
  CloseEvent,
  type CloseEventInit,
  type WebSocketAddListenerOptions,
  type WebSocketEventMap,
  type WebSocketListenerOptions,
} from "./events.js";
export * from "./reconnecting.js";

/** How binary messages are handed to scripts. */
export type BinaryType = "blob" | "arraybuffer";

/** What a message can be made of. Shared memory is refused with a TypeError. */
export type WebSocketData = string | ArrayBuffer | ArrayBufferView | Blob;

/**
 * What the engine can be told, in `isosocket/engine` and wherever `isosocket` is the engine: in Node, Deno and Bun. Its
 * constructors throw a TypeError for an option of another type, and for one that the host cannot obey: the engine in workerd
 * takes none of those for TLS. All times are milliseconds.
 *
 * Nobody else can obey one of these options. Classes of this package that are over a host's WebSocket throw a TypeError for
 * each that is not undefined: ReconnectingWebSocket, and WebSocket of `isosocket/wasm` and in workerd. A browser's own WebSocket
 * says what it does at its constructor, and WebSocketStream passes over what it does not know, be it the browser's own or not.
 */
export interface EngineOptions {
  /**
   * Headers for the opening handshake, besides those it is made of: an object, or a list of pairs. Each character, up to U+00FF, is
   * sent as one byte. A list of values in an object is one header, with commas between them, or semicolons in `Cookie`. A value
   * that is undefined or null is a TypeError.
   */
  headers?: Iterable<readonly string[]> | Record<string, string | readonly string[]> | undefined;
  /** The header `Origin`, instead of one among `headers`. Default: that of `globalThis.location`, if there is one. */
  origin?: string | undefined;
  /**
   * A proxy's URL, with its user and password: `http:`, `https:` (both by CONNECT), `socks5:` or `socks5h:`. Default: null,
   * which is none, whatever the environment says.
   */
  proxy?: string | URL | null | undefined;
  /** The authorities to trust, in PEM. Default: the host's own. */
  ca?: PemText | readonly PemText[] | undefined;
  /** This client's certificate, in PEM, which goes with a key. Default: none. */
  cert?: PemText | undefined;
  /** Its key, in PEM. */
  key?: PemText | undefined;
  /** What the key is encrypted with. */
  passphrase?: string | undefined;
  /** The name that the server's certificate has to be for. Default: that of the URL. */
  servername?: string | undefined;
  /** Whether the server's certificate has to be valid. Default: true. */
  rejectUnauthorized?: boolean | undefined;
  /** How long the opening handshake may take, with the transport's own, from when it is the socket's turn. Default: 20,000. */
  handshakeTimeout?: number | undefined;
  /**
   * Whether the socket waits while another one of this program connects to the same host and port, as the standard says; but no longer
   * than its `handshakeTimeout`, and then it connects all the same. With false it neither waits nor makes others wait, which is for
   * many sockets to a server of one's own. In workerd none waits, whatever this says. Default: true.
   */
  oneAtATime?: boolean | undefined;
  /**
   * How long the peer may take to answer a Close frame. Default: 10,000. To end the transport then it has as long, but no more
   * than 2000.
   */
  closeTimeout?: number | undefined;
  /** How long no message, and no part of one, may come or go; then the connection is closed with 1001. Default: for ever. */
  idleTimeout?: number | undefined;
  /**
   * The most bytes that a received message may have, decompressed, and a frame. Default: 67,108,864 (64 MiB); at most
   * 1,073,741,823. Beyond, the connection fails, and the peer is told 1009.
   */
  maxPayload?: number | undefined;
  /** The most frames that a received message may come in. Default: 131,072. Beyond, the connection fails, and the peer is told 1008. */
  maxFragments?: number | undefined;
  /** The most bytes that the server's answer to the opening handshake may have. Default: 65,536. Beyond, the connection fails. */
  maxHead?: number | undefined;
  /**
   * The most bytes that may wait to be sent. Default: 268,435,456 (256 MiB); at most 1,073,741,823. Beyond, the connection fails, as
   * the standard has it: a program that sends much looks at `bufferedAmount`, or writes to a stream.
   */
  maxSendQueue?: number | undefined;
  /**
   * Pings that are sent when nothing has come for the interval (30,000); a peer from which nothing comes for the timeout then
   * (10,000) is given up. Default: false, which is none.
   */
  heartbeat?: boolean | { interval?: number | undefined; timeout?: number | undefined } | undefined;
  /** Compression (RFC 7692): whether it is offered, and how. Default: true. */
  perMessageDeflate?: boolean | {
    /** 1 (fast) to 9 (small). Default: 1. */
    level?: number | undefined;
    /** The fewest bytes that a message has to have to be compressed. Default: 128. */
    threshold?: number | undefined;
    /**
     * Whether each message that is sent is compressed by itself. Default: false, and then a connection has some 260 KiB until it is
     * closed for what it compresses with, and some 40 KiB for the other direction.
     */
    clientNoContextTakeover?: boolean | undefined;
    /** Whether the server is to do so. Default: false. */
    serverNoContextTakeover?: boolean | undefined;
    /** The window for what is sent, as a power of two: 9 to 15. Default: 15. */
    clientMaxWindowBits?: number | undefined;
    /** That of the server: 8 to 15. Default: 15. */
    serverMaxWindowBits?: number | undefined;
  } | undefined;
}

/**
 * Text in PEM, or its bytes: several may be in one. What has no line with `-----BEGIN CERTIFICATE-----`, or that of a private key
 * where it is to be one, is a TypeError: DER is none.
 */
export type PemText = string | ArrayBufferView;

/** The second argument of the constructor, as a dictionary: not for a browser's own class. */
export interface WebSocketInit extends EngineOptions {
  /** The subprotocols to offer, in order of preference. */
  protocols?: string | Iterable<string> | undefined;
}

/** A WebSocket as the WHATWG standard defines it: https://websockets.spec.whatwg.org/ */
export declare class WebSocket extends Listened<WebSocketEventMap> {
  /**
   * Starts to connect.
   *
   * @throws {DOMException} "SyntaxError" for a URL that cannot be parsed, has another scheme than ws, wss, http or
   * https, or has a fragment; and for subprotocols that are no tokens or occur twice. Whatever goes wrong later is an
   * `error` event, followed by `close`.
   * @throws {TypeError} for an option of the dictionary that is wrong, or that cannot be obeyed.
   *
   * @param protocols the subprotocols to offer, in order of preference, or a dictionary; none for null. But where this is a
   * browser's own class, as `isosocket` is in a page, it takes a string or a list alone: a dictionary is a "SyntaxError" there,
   * and null offers a subprotocol with the name "null".
   */
  constructor(url: string | URL, protocols?: string | Iterable<string> | WebSocketInit | null);

  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** The URL, resolved and serialized. */
  readonly url: string;
  readonly readyState: 0 | 1 | 2 | 3;
  /** Bytes of application data that were given to send() and not yet to the network. */
  readonly bufferedAmount: number;
  /** The extensions the server selected; empty if there are none. */
  readonly extensions: string;
  /** The subprotocol the server selected; empty if there is none. */
  readonly protocol: string;
  binaryType: BinaryType;

  // `this` is the socket. It is not said here, for then the class would not be of the type of a host's own.
  onopen: ((this: any, event: Event) => any) | null;
  onmessage: ((this: any, event: MessageEvent) => any) | null;
  onerror: ((this: any, event: Event) => any) | null;
  onclose: ((this: any, event: CloseEvent) => any) | null;

  /** @throws {DOMException} "InvalidStateError" while connecting. */
  send(data: WebSocketData): void;

  /**
   * Starts the closing handshake; a socket that is connecting fails.
   *
   * @param code 1000, or 3000 to 4999
   * @param reason at most 123 bytes in UTF-8
   * @throws {DOMException} "InvalidAccessError" for another code, "SyntaxError" for a longer reason.
   */
  close(code?: number, reason?: string): void;
}

/** How a connection was closed, or is to be. */
export interface WebSocketCloseInfo {
  /** 1000, or 3000 to 4999; what a peer has sent may be another one. */
  closeCode?: number | undefined;
  /** At most 123 bytes in UTF-8. Without a code, 1000 is sent. */
  reason?: string | undefined;
}

/** The reason of a connection that was not closed cleanly; or, given to `cancel()` or `abort()`, how to close one. */
export declare class WebSocketError extends DOMException {
  /**
   * @throws {DOMException} "InvalidAccessError" for a code that a program may not send, "SyntaxError" for a longer
   * reason.
   */
  constructor(message?: string, init?: WebSocketCloseInfo);
  readonly closeCode: number | null;
  readonly reason: string;
}

export interface WebSocketStreamOptions extends EngineOptions {
  /** The subprotocols to offer, in order of preference. A string is no list of them. */
  protocols?: (Iterable<string> & object) | undefined;
  /** Gives up connecting; it does nothing once the connection is open. */
  signal?: AbortSignal | undefined;
  /**
   * How much may wait for the reader where the peer cannot be made to wait, which is in browsers that have a WebSocket
   * and no WebSocketStream: 16 MiB (of text, characters) and 65,536 messages, unless the program says otherwise. What
   * exceeds that closes the connection with code 4009; the reader is given what waited for it, and then a
   * {@link WebSocketError} with that code. A message that is alone may be larger.
   */
  inboundLimit?: { bytes?: number | undefined; messages?: number | undefined } | undefined;
}

/** What there is once the connection is open. */
export interface WebSocketOpenInfo {
  /**
   * A chunk for each message. A reader that is slow lets the peer wait: what is read ahead is a message or two, and
   * what the network has under way. Where a browser has no way to do that, {@link WebSocketStreamOptions.inboundLimit}
   * holds. Cancelling it closes the connection.
   *
   * A binary message is a Uint8Array; Chromium's own class gives an ArrayBuffer. `new Uint8Array(chunk)` takes both.
   */
  readable: ReadableStream<string | Uint8Array | ArrayBuffer>;
  /**
   * Sends a message for each chunk. `write()` lasts until there is room: no more than 64 KiB wait for the network after
   * it, or 4 MiB over a browser's WebSocket. Closing or aborting it closes the connection, and `close()` lasts until that is done.
   */
  writable: WritableStream<string | ArrayBuffer | ArrayBufferView>;
  /** The extensions the server selected; empty if there are none. */
  extensions: string;
  /** The subprotocol the server selected; empty if there is none. */
  protocol: string;
}

/**
 * A WebSocket as a pair of streams, with back-pressure in both directions: what the WHATWG is discussing in
 * https://github.com/whatwg/websockets/pull/48. It is the browser's own where it has one.
 */
export declare class WebSocketStream {
  /**
   * Starts to connect.
   *
   * @throws {DOMException} "SyntaxError" as the constructor of {@link WebSocket}.
   */
  constructor(url: string | URL, options?: WebSocketStreamOptions);
  /** The URL, resolved and serialized. */
  readonly url: string;
  /** Rejects with a {@link WebSocketError} if there is no connection, or with the signal's reason. */
  readonly opened: Promise<WebSocketOpenInfo>;
  /** Rejects with a {@link WebSocketError} if the connection was not closed cleanly, or with the signal's reason. */
  readonly closed: Promise<{ closeCode: number; reason: string }>;
  /**
   * Starts the closing handshake; a stream that is connecting fails.
   *
   * @throws {DOMException} as the constructor of {@link WebSocketError}.
   */
  close(closeInfo?: WebSocketCloseInfo): void;
}
