// Puts classes in the place of Node's, as environments for tests do, and does what they do: happy-dom's EventTarget reads the
// property `on…` behind the listeners, its AbortSignal inherits the getters, and jsdom's Blob can be read by a FileReader only.

class Event {
  eventPhase = 0;
  defaultPrevented = false;

  constructor(type, { cancelable = false } = {}) {
    Object.assign(this, { type, cancelable });
  }

  preventDefault() {
    this.defaultPrevented = this.cancelable;
  }
}

class MessageEvent extends Event {
  constructor(type, { data = null, origin = '', ...init } = {}) {
    super(type, init);
    Object.assign(this, { data, origin });
  }
}

class CloseEvent extends Event {}

class EventTarget {
  #listeners = [];

  addEventListener(type, listener, options = undefined) {
    this.#listeners.push({ type, listener, once: options?.once });
  }

  removeEventListener(type, listener) {
    this.#listeners = this.#listeners.filter((other) => other.type !== type || other.listener !== listener);
  }

  dispatchEvent(event) {
    if (event.eventPhase === 0) {
      for (event.eventPhase = 1; event.eventPhase <= 3; event.eventPhase += 1) this.dispatchEvent(event);
      event.eventPhase = 0;
    } else if (event.eventPhase === 2) {
      this.#callListeners(event);
    }
    return !event.defaultPrevented;
  }

  #callListeners(event) {
    const { type } = event;
    for (const { listener, once } of this.#listeners.filter((other) => other.type === type)) {
      if (once) this.removeEventListener(type, listener);
      listener.call(this, event);
    }
    const handler = this[`on${type}`];
    if (typeof handler === 'function') handler(event);
  }
}

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

Object.assign(globalThis, { Event, MessageEvent, CloseEvent, EventTarget, AbortSignal, AbortController, Blob, FileReader });
