// The two ways to a WebSocket, with one small interface:
//
//   connect(url, protocols, listener) -> Promise of a connection
//   connection: url, readyState, bufferedAmount, extensions, protocol, setBinaryType(type), sendText(text),
//               sendBytes(bytes), sendBlob(blob), close(code?, reason?), free()
//   listener:   open(), message(data: string | Uint8Array | Blob), error(), close(code, reason, wasClean)

import { WebSocket } from '../isosocket/index.js';

let rust;

async function connectRust(url, protocols, listener) {
  // One that failed, as it may with a server that is down, is tried again.
  rust ??= loadRust().catch((error) => {
    rust = undefined;
    throw error;
  });
  const { RustSocket } = await rust;
  return new RustSocket(url, protocols, listener);
}

async function loadRust() {
  const module = await import('../rust/isosocket_www.js');
  await module.default();
  return module;
}

/** A WebSocket of the npm package, in the shape of the Rust one. */
class PackageSocket {
  #socket;

  constructor(url, protocols, listener) {
    this.#socket = new WebSocket(url, protocols);
    this.#socket.onopen = () => listener.open();
    this.#socket.onmessage = ({ data }) => listener.message(data instanceof ArrayBuffer ? new Uint8Array(data) : data);
    this.#socket.onerror = () => listener.error();
    this.#socket.onclose = ({ code, reason, wasClean }) => listener.close(code, reason, wasClean);
  }

  get url() {
    return this.#socket.url;
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

  setBinaryType(type) {
    this.#socket.binaryType = type;
  }

  sendText(text) {
    this.#socket.send(text);
  }

  sendBytes(bytes) {
    this.#socket.send(bytes);
  }

  sendBlob(blob) {
    this.#socket.send(blob);
  }

  close(code, reason) {
    this.#socket.close(code, reason);
  }

  free() {}
}

export const IMPLEMENTATIONS = {
  rust: { name: 'Rust (WebAssembly)', connect: connectRust },
  javascript: {
    name: 'JavaScript (npm package)',
    connect: async (url, protocols, listener) => new PackageSocket(url, protocols, listener),
  },
};
