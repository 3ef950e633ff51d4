// `isosocket/wasm`: the browser runtime, in WebAssembly over the browser's own socket.

import load, { Socket } from './wasm/isosocket_browser.js';
import { CloseEvent, MessageEvent } from './events.js';
import { streamFor } from './host-stream.js';
import { loadingOnce, placeOf } from './module-source.js';
import { refuseOptions } from './options.js';
import { defineReconnectingWebSocket } from './reconnecting.js';
import { viewOfBytes } from './webidl.js';
import { defineWebSocket } from './websocket.js';

export { CloseEvent };

const NAME = 'isosocket/wasm';

let loaded = false;

/** Loads the module, from beside this one or from `source`; what has failed can be tried again. */
export const init = loadingOnce(NAME, async (source) => {
  try {
    await load({ module_or_path: source });
  } catch (error) {
    throw explained(error, source);
  }
  loaded = true;
});

/** Browsers name what is forbidden, each in its own words. */
const FORBIDDEN = /Content Security|CSP|unsafe-eval/i;

/** What the program can do about it, with the browser's own words behind. */
function explained(error, source) {
  const reason = FORBIDDEN.test(error?.message)
    ? "the Content Security Policy of this page forbids WebAssembly: add 'wasm-unsafe-eval' to its script-src"
    : `isosocket_browser.wasm could not be loaded from ${placeOf(source)}`;
  return new Error(`${NAME}: ${reason} (${error?.message})`, { cause: error });
}

/** Whether there is what the runtime is over: it has taken it as it was loaded. */
const hasSocket = typeof globalThis.WebSocket === 'function';

/** Opens the connection of a WebSocket object. */
function open(url, { protocols, dictionary = {} }, feedback) {
  refuseOptions(dictionary);
  if (!hasSocket) throw new Error(`${NAME}: this host has no WebSocket of its own, over which the runtime is one; see 'isosocket/engine'`);
  if (!loaded) throw new Error(`${NAME}: init() is to be awaited before the first WebSocket is made`);
  let failed = false;
  return new Connection(new Socket(url.href, protocols, (kind, ...parameters) => {
    if (kind === 'open') feedback.opened();
    else if (kind === 'message') feedback.received(parameters[0]);
    else if (kind === 'error') failed = true;
    else {
      const [wasClean, code, reason] = parameters;
      feedback.closed({ failed, code, reason, wasClean });
    }
  }));
}

/** The runtime's socket under the names the interface asks for. */
class Connection {
  #socket;

  constructor(socket) {
    this.#socket = socket;
  }

  get readyState() {
    return this.#socket.readyState;
  }

  get bufferedAmount() {
    return this.#socket.bufferedAmount;
  }

  get extensions() {
    return this.#socket.extensions;
  }

  get protocol() {
    return this.#socket.protocol;
  }

  get binaryType() {
    return this.#socket.binaryType;
  }

  set binaryType(binaryType) {
    this.#socket.binaryType = binaryType;
  }

  sendText(text) {
    this.#socket.send_text(text);
  }

  sendBytes(bytes) {
    this.#socket.send_bytes(viewOfBytes(bytes));
  }

  sendBlob(blob) {
    this.#socket.send_blob(blob);
  }

  close(code, reason) {
    this.#socket.close(code, reason);
  }
}

export const { WebSocket } = defineWebSocket(open);

export const { WebSocketStream, WebSocketError } = streamFor(globalThis, WebSocket);

export const { ReconnectingWebSocket } = defineReconnectingWebSocket(WebSocket, CloseEvent, MessageEvent);
