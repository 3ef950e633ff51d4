// `isosocket` where the host has a WebSocket of its own. Not every browser has a WebSocketStream, too.

/** @type {any} */
const host = globalThis;

export const { WebSocket, WebSocketStream, WebSocketError, CloseEvent } = host;
