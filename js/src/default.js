// `isosocket` where nothing says what the host is, as in what a bundler makes that was told of none: it is that of a host with a
// WebSocket of its own, and says so where there is none.

import * as own from './index.js';

/** A class of the host's, or one of which no object can be made. */
function classOf(name) {
  return own[name] ?? class {
    constructor() {
      throw new Error(
        `this host has no ${name}: 'isosocket' is to be resolved with the condition of the host, such as 'node', or to be 'isosocket/engine'`,
      );
    }
  };
}

export const WebSocket = /* @__PURE__ */ classOf('WebSocket');

export const CloseEvent = /* @__PURE__ */ classOf('CloseEvent');

export const WebSocketStream = /* @__PURE__ */ classOf('WebSocketStream');

export const WebSocketError = /* @__PURE__ */ classOf('WebSocketError');

export const ReconnectingWebSocket = /* @__PURE__ */ classOf('ReconnectingWebSocket');
