// `isosocket` where the host is not known, for example in the output of a bundler that was not told of one. It takes the host to
// have a WebSocket of its own, and says so if there is none.

import * as own from './index.js';

/** The host's class, or a class whose constructor throws. */
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
