// `isosocket` in workerd: over the host's own WebSocket, because that reaches every server. The sockets that the engine would need
// do not reach Cloudflare's own addresses, and so not the many servers behind them.

import { defineCloseEvent } from './close-event.js';
import { defineHostStream } from './host-stream.js';
import { defineWorkerdSocket } from './host/workerd-socket.js';
import { refuseOptions } from './options.js';
import { defineReconnectingWebSocket } from './reconnecting.js';

/** @type {any} */
const host = globalThis;

export const CloseEvent = host.CloseEvent ?? /* @__PURE__ */ defineCloseEvent(host.Event);

export const WebSocket = /* @__PURE__ */ defineWorkerdSocket(host.WebSocket);

export const { WebSocketStream, WebSocketError } = /* @__PURE__ */ defineHostStream(WebSocket);

export const { ReconnectingWebSocket } = /* @__PURE__ */ defineReconnectingWebSocket(WebSocket, CloseEvent, host.MessageEvent, refuseOptions);
