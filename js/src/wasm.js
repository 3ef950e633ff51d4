// `isosocket/wasm`: the browser runtime, in WebAssembly over the browser's own socket.

import load, { Socket } from './wasm/isosocket_browser.js';
import { defineWebSocket } from './websocket.js';

export { CloseEvent } from './events.js';

let loading;
let loaded = false;

/** Loads the module, from beside this one or from `source`. */
export function init(source) {
  loading ??= load(source && { module_or_path: source }).then(
    () => { loaded = true; },
    (error) => {
      loading = undefined;
      throw error;
    },
  );
  return loading;
}

/** Opens the connection of a WebSocket object. */
function open(url, { protocols }, feedback) {
  if (!loaded) throw new Error('isosocket/wasm: init() is to be awaited before the first WebSocket is made');
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
    this.#socket.send_bytes(bytes);
  }

  sendBlob(blob) {
    this.#socket.send_blob(blob);
  }

  close(code, reason) {
    this.#socket.close(code, reason);
  }
}

export const { WebSocket } = defineWebSocket(open);
