// The RFC 6455 engine, compiled to WebAssembly, and its memory. It is loaded at the first use, and synchronously: a constructor
// cannot wait.

import { keepStack, MortalSession, stillborn } from './mortal-session.js';
import { Desk, initSync, Settings } from './wasm/isosocket_engine.js';
import { viewOfBytes } from './webidl.js';

/** The host's own, whatever a program puts in its place. */
const { RuntimeError } = WebAssembly;

/** Messages of up to so many bytes are written on the desk, where the engine reads them. Of a longer one it gets memory to keep. */
const DESK = 16384;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

let memory;
let desk;
let deskStart;
/** A view of all of the memory. Its length is 0 once the memory has grown. */
let bytes;
/** The same as a Uint8Array, whose slices are made faster than a Buffer's. */
let plain;

/** Makes the engine ready, with the module that `loadModule` gives the first time. */
export function loadEngine(loadModule) {
  if (memory) return;
  const { memory: own, __stack_pointer: stackPointer } = initSync({ module: loadModule() });
  if (!stackPointer) throw new Error('the engine is not that of this version of isosocket: it is built by `npm run build`, and comes with the package');
  keepStack(stackPointer);
  desk = new Desk(DESK);
  deskStart = desk.start();
  bytes = viewOf(own.buffer);
  plain = new Uint8Array(own.buffer);
  memory = own;
}

/**
 * Makes the engine's side of one connection.
 *
 * @param {{ authority: string, resource: string, protocols: string[], headers: string[] }} request what is asked for: `authority` is
 *   the value of the Host header, and the headers are a flat list
 * @param {(settings: Settings) => void} apply puts the program's settings in
 * @param {number} now
 * @param {() => void} died called when the engine cannot go on with it, if only to poll it
 */
export function createSession({ authority, resource, protocols, headers }, apply, now, died) {
  let settings;
  try {
    settings = new Settings();
  } catch (error) {
    return stillborn(error, died);
  }
  // The dictionary may have code of the program's: what that throws is for the program.
  try {
    apply(settings);
  } catch (error) {
    if (error instanceof RuntimeError) return stillborn(error, died);
    settings.free();
    throw error;
  }
  try {
    // The session takes the settings over.
    const session = new MortalSession(authority, resource, protocols, headers, settings, now);
    session.died = died;
    return session;
  } catch (error) {
    return stillborn(error, died);
  }
}

// Calls that may throw are not the usual way: to return a result that may be an exception costs as much as to send a short message.

/** Sends a text message. */
export function sendText(session, text) {
  // No character has more than three bytes, nor fewer than one.
  if (3 * text.length <= DESK && session.send_text_on(desk, writeText(text))) return;
  if (session.has_room(text.length) && session.send_text(text)) return;
  // It cannot be sent. To reserve its size does what send() does then: it throws while connecting, counts a message that is
  // discarded, and fails a connection whose queue is full. So nothing is ever left to be filled.
  session.reserve(lengthOfText(text));
}

/** Sends a binary message of so many bytes. A long one is copied when the session has said that it takes it. */
export function sendBytes(session, message, length) {
  if (length <= DESK && sendBytesOnDesk(session, message, length)) return;
  const id = session.reserve(length);
  if (id !== undefined) session.fill(id, viewOfBytes(message));
}

function sendBytesOnDesk(session, message, length) {
  viewed().set(message, deskStart);
  return session.send_bytes_on(desk, length);
}

/** Where the messages of a session's batch are: two numbers for each, as the engine has them. */
export function placesOf(session) {
  return new Uint32Array(memory.buffer, session.batch_places(), 2 * session.batch_count()).slice();
}

/** A copy of bytes in the engine's memory. */
export function copyBytes(start, length) {
  if (plain.length === 0) plain = new Uint8Array(memory.buffer);
  return plain.slice(start, start + length);
}

/** Copies bytes of the engine's memory to a place in other memory. */
export function copyInto(target, place, start, length) {
  if (plain.length === 0) plain = new Uint8Array(memory.buffer);
  target.set(plain.subarray(start, start + length), place);
}

/** New memory, which may hold anything: the caller has to write every byte. */
export const allocate = typeof Buffer === 'function'
  ? (length) => Buffer.allocUnsafeSlow(length)
  : (length) => new Uint8Array(length);

/** A view of all bytes of a buffer. Where there is a Buffer it is one: short text is read and written faster, and sockets take it. */
export const viewOf = typeof Buffer === 'function' ? (buffer) => Buffer.from(buffer) : (buffer) => new Uint8Array(buffer);

/** Text in the engine's memory. */
export const readText = typeof Buffer === 'function' ? readTextOfBuffer : readTextOfArray;

function readTextOfBuffer(start, length, isAscii) {
  const buffer = /** @type {any} */ (viewed());
  return isAscii ? buffer.latin1Slice(start, start + length) : buffer.utf8Slice(start, start + length);
}

function readTextOfArray(start, length) {
  return decoder.decode(viewed().subarray(start, start + length));
}

/** Writes text on the desk; gives the number of its bytes. */
const writeText = typeof Buffer === 'function'
  ? (text) => /** @type {any} */ (viewed()).utf8Write(text, deskStart, DESK)
  : (text) => encoder.encodeInto(text, viewed().subarray(deskStart, deskStart + DESK)).written;

/** The number of bytes of a text that is not written anywhere. */
const lengthOfText = typeof Buffer === 'function' ? (text) => Buffer.byteLength(text) : (text) => encoder.encode(text).length;

function viewed() {
  if (bytes.length === 0) bytes = viewOf(memory.buffer);
  return bytes;
}
