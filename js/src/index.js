// `isosocket` where the host has a WebSocket of its own.

export const { WebSocket, CloseEvent } = globalThis;
