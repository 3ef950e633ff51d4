// One connection: a socket of the host, which is known here by a number.

import { blobOfBytes, bytesOfBlob } from './blob.js';
import { listenerCount, provide } from './event-target.js';
import { host } from './host.js';
import { apply, bufferOf, OwnMap, OwnWeakMap, push } from './intrinsics.js';
import { queueMicrotask } from './microtask.js';

const OPEN = 1;
const CLOSED = 3;

/**
 * What is known of a connection whose object a script may still hear of.
 *
 * @typedef {object} Entry
 * @property {number} id
 * @property {WeakRef<Connection>} reference
 * @property {Connection | undefined} kept the connection while its object must not be collected, though no script may reach it
 * @property {boolean} isAwaited whether the program waits for it before it ends
 * @property {boolean} isToBeLookedAt
 */

/** @type {Map<number, Entry>} by their numbers */
const entries = new OwnMap();
/** @type {WeakMap<EventTarget, Entry>} by their objects */
const entriesOfTargets = new OwnWeakMap();
/** @type {Entry[]} those of which something has changed in this task */
let changed = [];

const WeakReference = WeakRef;
const { deref } = WeakRef.prototype;

/**
 * "If a WebSocket object is garbage collected while its connection is still open, the user agent must start the WebSocket
 * closing handshake, with no status code for the Close message."
 */
const collected = new FinalizationRegistry((id) => {
  entries.delete(id);
  host.collected(id);
});
const { register } = FinalizationRegistry.prototype;

provide({ listenersChanged: (target) => change(entriesOfTargets.get(target)) });

/** Opens the connection of a WebSocket or a WebSocketStream object. */
export function open(url, { protocols, headers }, feedback) {
  const flat = [];
  for (let index = 0; index < headers.length; index += 1) push(flat, headers[index][0], headers[index][1]);
  const id = host.open(url.href, protocols, flat);
  const connection = new Connection(id, feedback);
  const entry = { id, reference: new WeakReference(connection), kept: connection, isAwaited: true, isToBeLookedAt: false };
  entries.set(id, entry);
  if (feedback.target) entriesOfTargets.set(feedback.target, entry);
  apply(register, collected, [connection, id]);
  change(entry);
  return connection;
}

/** Has the entry looked at when the task is over. */
function change(entry) {
  if (entry === undefined || entry.isToBeLookedAt) return;
  entry.isToBeLookedAt = true;
  push(changed, entry);
}

/** To be called after each task: finds out which objects have to be kept, and which the program waits for. */
export function lookAtConnections() {
  const entriesToLookAt = changed;
  changed = [];
  for (let index = 0; index < entriesToLookAt.length; index += 1) look(entriesToLookAt[index]);
}

function look(entry) {
  entry.isToBeLookedAt = false;
  const connection = entry.kept ?? apply(deref, entry.reference, []);
  const mustBeKept = connection !== undefined && connection.mustBeKept();
  entry.kept = mustBeKept ? connection : undefined;
  // Nothing that comes of one that need not be kept could be heard by anybody.
  if (entry.isAwaited === mustBeKept || connection === undefined) return;
  entry.isAwaited = mustBeKept;
  host.setAwaited(entry.id, mustBeKept);
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
    if (this.#feedback.drained !== undefined) this.#writes();
  }

  sendBytes(bytes) {
    host.sendBytes(this.#id, bytes);
    if (this.#feedback.drained !== undefined) this.#writes();
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
    if (this.readyState === CLOSED) return false;
    // A WebSocketStream hears of all that happens by its promises and streams.
    if (target === undefined) return true;
    // Without a listener: something is still to be transmitted, whether or not the script has called close() since. It may be
    // that nothing else is to come.
    const isSending = host.mustBeKept(this.#id, false, false, false, false);
    if (isSending) this.#writes();
    const listens = (type) => listenerCount(target, type) > 0;
    return isSending || host.mustBeKept(this.#id, listens('open'), listens('message'), listens('error'), listens('close'));
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
    if (this.#feedback.drained === undefined) return;
    if (this.backlog > 0 && this.readyState === OPEN) this.#writes();
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
    if (this.#isWriting) return;
    this.#isWriting = true;
    host.whenWritten(this.#id);
  }
}

/** What the host calls, each in a task of its own. */
export const tasks = {
  opened: (id) => run(id, (connection) => connection.opened()),
  received: (id, data) => run(id, (connection) => connection.received(data)),
  written: (id) => run(id, (connection) => connection.written()),
  closed: (id, failed, code, reason, wasClean) => run(id, (connection) => connection.closed({ failed, code, reason, wasClean })),
};

function run(id, task) {
  const entry = entries.get(id);
  const connection = entry && (entry.kept ?? apply(deref, entry.reference, []));
  if (connection === undefined) return;
  change(entry);
  task(connection);
}
