// `isosocket` where the host has a WebSocket of its own: browsers and workers. Not all of them have a WebSocketStream.

import { streamFor } from './host-stream.js';

/** Where a page is rendered on a server there may be none of these. @type {any} */
const host = globalThis;

export const { WebSocket, CloseEvent } = host;

export const { WebSocketStream, WebSocketError } = streamFor(host, WebSocket);
