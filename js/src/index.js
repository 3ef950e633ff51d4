// `isosocket` where the host has a WebSocket of its own: browsers and workers. Not all of them have a WebSocketStream.
//
// Each export is marked as pure: a bundler leaves out what a program does not import, and all that is behind it.

import { streamFor } from './host-stream.js';
import { reconnectingFor } from './reconnecting.js';

/** Where a page is rendered on a server there may be none of these. @type {any} */
const host = globalThis;

export const { WebSocket, CloseEvent } = host;

const member = (classes, name) => classes[name];

const streams = /* @__PURE__ */ streamFor(host, WebSocket);

export const WebSocketStream = /* @__PURE__ */ member(streams, 'WebSocketStream');

export const WebSocketError = /* @__PURE__ */ member(streams, 'WebSocketError');

const reconnecting = /* @__PURE__ */ reconnectingFor(host);

export const ReconnectingWebSocket = /* @__PURE__ */ member(reconnecting, 'ReconnectingWebSocket');
