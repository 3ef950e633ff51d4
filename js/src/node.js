// `isosocket` in Node, and `isosocket/engine`: the RFC 6455 engine behind the interfaces of the standard.

import { open } from './connection.js';
import { defineWebSocketStream } from './stream.js';
import { defineWebSocket } from './websocket.js';

export { CloseEvent } from './events.js';

const { WebSocket, connectionOf } = defineWebSocket(open);

export const { WebSocketStream, WebSocketError } = defineWebSocketStream(open);

/** Why a socket's connection failed, in words for the program's log; undefined if it did not. */
const failure = (socket) => connectionOf(socket).failure;

export { WebSocket, failure };
