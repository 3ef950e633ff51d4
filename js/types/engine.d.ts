import type { WebSocket } from "./index.js";

export * from "./index.js";

/**
 * Why the connection of a socket of this module failed, in words for the program's log; undefined if it did not. Events
 * do not tell, because a script must not be able to explore its user's network.
 */
export declare function failure(socket: WebSocket): string | undefined;
