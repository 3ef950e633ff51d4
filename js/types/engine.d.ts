import type { ReconnectingWebSocket, WebSocket, WebSocketStream } from "./index.js";
import type { InitSource } from "./wasm.js";

export * from "./index.js";

/**
 * Loads the engine, which is loaded at the first use otherwise, from beside the package. For a program that has its module elsewhere,
 * such as one that is bundled into one file; to be awaited before the first socket is made. Called again, it gives the same promise,
 * whatever its argument; after a failure it tries anew.
 *
 * @param source where the module `isosocket/isosocket_engine.wasm` is, a URL or the path of a file, or what it is
 *
 * @returns a promise that rejects with a TypeError for a source of another type, and with an Error that says what to do
 * when the module cannot be loaded.
 */
export declare function init(source?: InitSource | PromiseLike<InitSource>): Promise<void>;

/** A socket or a stream of this module, with one connection: a ReconnectingWebSocket, which has `retryCount`, is none. */
export type EngineObject = (WebSocket & { readonly retryCount?: never }) | WebSocketStream;

/**
 * Why the connection failed, in words for the program's log; undefined if it did not. Events do not tell, because a
 * script must not be able to explore its user's network. Of a ReconnectingWebSocket it is the connection it has now, or had last.
 *
 * This and the functions below throw a TypeError for an object that is not of this module, but of a browser, say, or of another copy of
 * this package; also for a ReconnectingWebSocket over a class that is not.
 */
export declare function failure(object: EngineObject | ReconnectingWebSocket): string | undefined;

/**
 * Ends the connection at once, without a closing handshake. The socket is CLOSING then, and what is sent is thrown away; a task later
 * come `error`, and `close` with code 1006; or, where the peer's Close frame was the next to be told of, `close` with its code.
 */
export declare function terminate(object: EngineObject | ReconnectingWebSocket): void;

/** Lets the connection keep the process alive, as it does in the beginning; returns its argument. */
export declare function ref<T extends EngineObject>(object: T): T;

/** Lets the process end though the connection is open; returns its argument. */
export declare function unref<T extends EngineObject>(object: T): T;

/**
 * Sends a ping of at most 125 bytes; its answer is an event `pong` at the socket, a MessageEvent with the bytes as an ArrayBuffer. A
 * stream has no events: it sends the ping, and nobody hears of the answer. Once the socket closes it does nothing.
 *
 * @throws {DOMException} "InvalidStateError" while connecting.
 * @throws {RangeError} for more bytes, and when as much waits to be sent as may: see `maxSendQueue`.
 */
export declare function ping(object: EngineObject, data?: string | ArrayBuffer | ArrayBufferView): void;
