// One connection: a socket of the host, which is known here by a number.

import { blobOfBytes, bytesOfBlob } from './blob.js';
import { listenerCount } from './event-target.js';
import { host } from './host.js';
import { apply, bufferOf, OwnMap, push } from './intrinsics.js';
import { queueMicrotask } from './microtask.js';

const OPEN = 1;

/** The connections whose objects a script may still hear of, by their numbers. */
const connections = new OwnMap();
/** Those whose objects must not be collected though no script can reach them. */
const kept = [];
/** Where among them to look next. */
let place = 0;

const WeakReference = WeakRef;
const { deref } = WeakRef.prototype;

/**
 * "If a WebSocket object is garbage collected while its connection is still open, the user agent must start the WebSocket
 * closing handshake, with no status code for the Close message."
 */
const collected = new FinalizationRegistry((id) => {
  connections.delete(id);
  host.collected(id);
});
const { register } = FinalizationRegistry.prototype;

/** Opens the connection of a WebSocket or a WebSocketStream object. */
export function open(url, { protocols, headers }, feedback) {
  const flat = [];
  for (let index = 0; index < headers.length; index += 1) push(flat, headers[index][0], headers[index][1]);
  const id = host.open(url.href, protocols, flat);
  const connection = new Connection(id, feedback);
  connections.set(id, new WeakReference(connection));
  apply(register, collected, [connection, id]);
  push(kept, connection);
  return connection;
}

class Connection {
  /** How binary messages are handed over. */
  binaryType = 'blob';
  #id;
  #feedback;
  /** Whether the host is going to say when less is left to be written. */
  #isWriting = false;

  constructor(id, feedback) {
    this.#id = id;
    this.#feedback = feedback;
  }

  get readyState() {
    return host.readyState(this.#id);
  }

  get bufferedAmount() {
    return host.bufferedAmount(this.#id);
  }

  get backlog() {
    return host.backlog(this.#id);
  }

  get extensions() {
    return host.extensions(this.#id);
  }

  get protocol() {
    return host.protocol(this.#id);
  }

  sendText(text) {
    host.sendText(this.#id, text);
    this.#writes();
  }

  sendBytes(bytes) {
    host.sendBytes(this.#id, bytes);
    this.#writes();
  }

  /** The host keeps the message's place in the order while the Blob is read: one that is a file would take its time. */
  sendBlob(blob) {
    const bytes = bytesOfBlob(blob);
    const place = host.sendBlob(this.#id, bytes.length);
    if (place === undefined) return;
    queueMicrotask(() => host.blobRead(this.#id, place, bytes));
  }

  close(code, reason) {
    host.close(this.#id, code, reason);
  }

  pause() {
    host.pause(this.#id);
  }

  resume() {
    host.resume(this.#id);
  }

  /** Whether its object must not be collected: https://websockets.spec.whatwg.org/#garbage-collection */
  mustBeKept() {
    const { target } = this.#feedback;
    // A WebSocketStream hears of all that happens by its promises and streams.
    if (target === undefined) return this.readyState !== 3;
    const listens = (type) => listenerCount(target, type) > 0;
    return host.mustBeKept(this.#id, listens('open'), listens('message'), listens('error'), listens('close'));
  }

  // What the host tells, each in a task.

  opened() {
    this.#feedback.opened();
  }

  received(data) {
    this.#feedback.received(typeof data === 'string' ? data : this.#dataForEvent(data));
  }

  written() {
    this.#isWriting = false;
    if (this.backlog > 0) this.#writes();
    this.#feedback.drained();
  }

  closed(how) {
    this.#feedback.closed(how);
  }

  // 2. Let dataForEvent be determined by switching on type and binary type:
  #dataForEvent(bytes) {
    // type indicates that the data is Binary and binary type is "blob": a new Blob object that represents data as its raw
    // data
    if (this.binaryType === 'blob') return blobOfBytes(bytes);
    // type indicates that the data is Binary and binary type is "arraybuffer": a new ArrayBuffer object whose contents are
    // data
    return bufferOf(bytes);
  }

  #writes() {
    if (this.#isWriting || this.#feedback.drained === undefined || this.readyState !== OPEN) return;
    this.#isWriting = true;
    host.whenWritten(this.#id);
  }
}

/** What the host calls, each in a task of its own. */
export const tasks = {
  opened: (id) => find(id)?.opened(),
  received: (id, data) => find(id)?.received(data),
  written: (id) => find(id)?.written(),
  closed: (id, failed, code, reason, wasClean) => find(id)?.closed({ failed, code, reason, wasClean }),
};

function find(id) {
  const reference = connections.get(id);
  return reference && apply(deref, reference, []);
}

/** How many connections are looked at after each task. */
const LOOKS = 16;

/**
 * To be called after each task: looks at some connections, by turns, whether they still have to be kept. A listener that is
 * removed makes no noise.
 */
export function lookAtConnections() {
  for (let looks = kept.length < LOOKS ? kept.length : LOOKS; looks > 0; looks -= 1) {
    if (place >= kept.length) place = 0;
    if (kept[place].mustBeKept()) {
      place += 1;
    } else {
      kept[place] = kept[kept.length - 1];
      kept.length -= 1;
    }
  }
}
