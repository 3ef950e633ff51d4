// Deviation: there is UTF-8 alone, and no shared memory.
// https://encoding.spec.whatwg.org/#api

import { bytesOfBufferSource, toDictionary, typedArrayName } from './conversion.js';
import { host } from './host.js';
import { charCodeAt, exec, includes, indexOf, setBytes, slice, subarray, toLowerCase } from './intrinsics.js';
import { defineInterface, requireArguments, toDOMString, toUSVString } from './webidl.js';

const ByteArray = Uint8Array;
const ENCODING = 'utf-8';

export class TextEncoder {
  /** What only an object of this class has. */
  #encoding = ENCODING;

  get encoding() {
    return this.#encoding;
  }

  encode(input = '') {
    this.#encoding;
    return host.encode(toUSVString(input));
  }

  /** https://encoding.spec.whatwg.org/#dom-textencoder-encodeinto */
  encodeInto(source, destination) {
    this.#encoding;
    requireArguments(arguments.length, 2, "Failed to execute 'encodeInto' on 'TextEncoder'");
    const text = toUSVString(source);
    if (typedArrayName(destination) !== 'Uint8Array') throw new TypeError('the destination is not a Uint8Array');
    const space = bytesOfBufferSource(destination).length;
    // 6.2. If destination's byte length − written is greater than or equal to the number of bytes in result, then:
    //      [...] Otherwise, break.
    let read = 0;
    let written = 0;
    while (read < text.length) {
      const size = encodedSize(charCodeAt(text, read));
      if (written + size > space) break;
      written += size;
      read += size === 4 ? 2 : 1;
    }
    setBytes(destination, host.encode(slice(text, 0, read)), 0);
    return { read, written };
  }
}

defineInterface(TextEncoder, ['encoding', 'encode', 'encodeInto']);

/** How many bytes a code point has that begins with this code unit; the text has no lone surrogates. */
function encodedSize(unit) {
  if (unit < 0x80) return 1;
  if (unit < 0x800) return 2;
  return unit >= 0xd800 && unit < 0xdc00 ? 4 : 3;
}

/** https://encoding.spec.whatwg.org/#names-and-labels */
const LABELS = ['unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'utf-8', 'utf8', 'x-unicode20utf8'];

/** What is between the ASCII whitespace around. */
const TRIMMED = /^[\t\n\f\r ]*(.*?)[\t\n\f\r ]*$/s;

const BYTE_ORDER_MARK = 0xfeff;
const NO_BYTES = new ByteArray(0);

export class TextDecoder {
  #encoding;
  #fatal;
  #ignoreBOM;
  /** The bytes at the end of a stream so far that are not yet a code point. */
  #rest = NO_BYTES;
  /** Whether a byte order mark would be no longer at the beginning. */
  #bomSeen = false;
  /** The do not flush flag: the last call said that more was to come. */
  #doNotFlush = false;

  constructor(label = 'utf-8', options = {}) {
    const name = toLowerCase(exec(TRIMMED, toDOMString(label))[1]);
    const init = toDictionary(options);
    const fatal = Boolean(init.fatal);
    const ignoreBOM = Boolean(init.ignoreBOM);
    // 2. If encoding is failure or replacement, then throw a RangeError.
    if (!includes(LABELS, name)) throw new RangeError(`the encoding '${name}' is not supported`);
    this.#encoding = ENCODING;
    this.#fatal = fatal;
    this.#ignoreBOM = ignoreBOM;
  }

  get encoding() {
    return this.#encoding;
  }

  get fatal() {
    return this.#fatal;
  }

  get ignoreBOM() {
    return this.#ignoreBOM;
  }

  /** https://encoding.spec.whatwg.org/#dom-textdecoder-decode */
  decode(input = undefined, options = {}) {
    this.#encoding;
    const given = input === undefined ? NO_BYTES : bytesOfBufferSource(input);
    if (given === undefined) throw new TypeError('the input is neither an ArrayBuffer nor a view of one');
    const stream = Boolean(toDictionary(options).stream);
    // 1. If this's do not flush is false, then set this's decoder to a new instance of this's encoding's decoder,
    //    this's I/O queue to the I/O queue of bytes « end-of-queue », and this's BOM seen to false.
    if (!this.#doNotFlush) this.#reset();
    // 2. Set this's do not flush to options["stream"].
    this.#doNotFlush = stream;
    // 3. If input is given, then push a copy of input to this's I/O queue.
    const bytes = joined(this.#rest, given);
    const complete = stream ? completeLength(bytes) : bytes.length;
    this.#rest = subarray(bytes, complete);
    return this.#decode(subarray(bytes, 0, complete));
  }

  #reset() {
    this.#rest = NO_BYTES;
    this.#bomSeen = false;
  }

  #decode(bytes) {
    const text = host.decode(bytes);
    if (this.#fatal && !isExact(bytes, text)) {
      this.#reset();
      throw new TypeError('the bytes are not valid UTF-8');
    }
    if (text === '' || this.#ignoreBOM || this.#bomSeen) return text;
    this.#bomSeen = true;
    return charCodeAt(text, 0) === BYTE_ORDER_MARK ? slice(text, 1) : text;
  }
}

defineInterface(TextDecoder, ['encoding', 'fatal', 'ignoreBOM', 'decode']);

/** Both, one after the other; not a view of the second one, which is the script's. */
function joined(first, second) {
  const bytes = new ByteArray(first.length + second.length);
  setBytes(bytes, first, 0);
  setBytes(bytes, second, first.length);
  return bytes;
}

/** Whether the text is what the bytes say, without a replacement for what was not valid. */
function isExact(bytes, text) {
  if (indexOf(text, '\ufffd') === -1) return true;
  const encoded = host.encode(text);
  if (encoded.length !== bytes.length) return false;
  for (let index = 0; index < bytes.length; index += 1) {
    if (encoded[index] !== bytes[index]) return false;
  }
  return true;
}

/** How many of the bytes are left without a code point at the end that may be completed by the bytes to come. */
function completeLength(bytes) {
  const { length } = bytes;
  for (let size = 1; size <= 3 && size <= length; size += 1) {
    const byte = bytes[length - size];
    if (isContinuation(byte)) continue;
    return size < sequenceLength(byte) && mayFollow(byte, bytes[length - size + 1]) ? length - size : length;
  }
  return length;
}

function isContinuation(byte) {
  return byte >= 0x80 && byte <= 0xbf;
}

/** How many bytes there are in a sequence that begins with this one; 1 also if none does. */
function sequenceLength(byte) {
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 1;
}

/** Whether the second byte of a sequence can be the one after the first: it is not known yet, or within its bounds. */
function mayFollow(first, second) {
  if (second === undefined) return true;
  // UTF-8 decoder: If byte is 0xE0, then set UTF-8 lower boundary to 0xA0. [And likewise the others.]
  if (first === 0xe0) return second >= 0xa0;
  if (first === 0xed) return second <= 0x9f;
  if (first === 0xf0) return second >= 0x90;
  if (first === 0xf4) return second <= 0x8f;
  return true;
}
