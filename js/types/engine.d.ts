import type { ReconnectingWebSocket, WebSocket, WebSocketStream } from "./index.js";

export * from "./index.js";

/** What is behind a socket or a stream of this module. */
export type EngineObject = WebSocket | WebSocketStream;

/**
 * Why the connection failed, in words for the program's log; undefined if it did not. Events do not tell, because a
 * script must not be able to explore its user's network. Of a ReconnectingWebSocket it is the connection it has now, or had last.
 */
export declare function failure(object: EngineObject | ReconnectingWebSocket): string | undefined;

/** Ends the connection at once, without a closing handshake. */
export declare function terminate(object: EngineObject | ReconnectingWebSocket): void;

/** Lets the connection keep the process alive, as it does in the beginning; gives its argument. */
export declare function ref<T extends EngineObject>(object: T): T;

/** Lets the process end though the connection is open; gives its argument. */
export declare function unref<T extends EngineObject>(object: T): T;

/** Sends a ping of at most 125 bytes; its answer is an event `pong` at the socket, a MessageEvent with the bytes. */
export declare function ping(object: EngineObject, data?: string | ArrayBuffer | ArrayBufferView): void;
