// `isosocket` where the host has a WebSocket of its own: browsers and workers. Not all of them have a WebSocketStream.

import { defineHostStream } from './host-stream.js';

/** Where a page is rendered on a server there may be none of these. @type {any} */
const host = globalThis;

export const { WebSocket, CloseEvent } = host;

export const { WebSocketStream, WebSocketError } = typeof host.WebSocketStream === 'function'
  ? host
  : definitionFor(host);

function definitionFor({ WebSocket, DOMException }) {
  return WebSocket && DOMException ? defineHostStream(WebSocket) : {};
}
