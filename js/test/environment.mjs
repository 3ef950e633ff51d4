// Puts classes in the place of Node's, as environments for tests do, and does what they do: happy-dom's AbortSignal inherits the
// getters, and jsdom's Blob can be read by a FileReader only.

class Signal extends EventTarget {
  state = { aborted: false, reason: undefined };

  get aborted() {
    return this.state?.aborted;
  }

  get reason() {
    return this.state?.reason;
  }
}

class AbortSignal extends Signal {
  static any([signal]) {
    const { state } = signal;
    const dependent = Object.assign(new AbortSignal(), { state });
    signal.addEventListener('abort', (event) => dependent.dispatchEvent(new Event(event.type)));
    return dependent;
  }
}

class AbortController {
  signal = new AbortSignal();

  abort(reason) {
    Object.assign(this.signal.state, { aborted: true, reason });
    this.signal.dispatchEvent(new Event('abort'));
  }
}

let bytesOf;

class Blob {
  #bytes;

  static {
    bytesOf = (blob) => blob.#bytes;
  }

  constructor(parts, { type = '' } = {}) {
    this.#bytes = Buffer.concat(parts.map((part) => Buffer.from(part)));
    this.type = type;
  }

  get size() {
    return this.#bytes.length;
  }
}

class FileReader {
  readAsArrayBuffer(blob) {
    if (blob.type === 'unreadable') throw new TypeError('unreadable');
    queueMicrotask(() => {
      this.result = new Uint8Array(bytesOf(blob)).buffer;
      this.onload();
    });
  }
}

Object.assign(globalThis, { AbortSignal, AbortController, Blob, FileReader });
