// https://w3c.github.io/FileAPI/#blob-section

import { bytesOfBufferSource, isObject, toClampedLongLong, toDictionary, toSequence } from './conversion.js';
import { host } from './host.js';
import { bufferOf, charCodeAt, push, setBytes, slice, subarray, toLowerCase } from './intrinsics.js';
import { defineInterface, toDOMString, toUSVString } from './webidl.js';

/** How much of a Blob its stream gives at once. */
const CHUNK = 0x10000;

const ByteArray = Uint8Array;

/** @type {(blob: Blob) => Uint8Array} the bytes themselves, not to be changed; throws a TypeError for other objects */
export let bytesOfBlob;

/** @type {(bytes: Uint8Array) => Blob} a Blob of the bytes, which are its own from now on */
export let blobOfBytes;

let isBlob;

export class Blob {
  /** They never change, and so may be a part of those of another Blob. */
  #bytes;
  #type;

  static {
    isBlob = (value) => #bytes in value;
    bytesOfBlob = (blob) => blob.#bytes;
    blobOfBytes = (bytes, type = '') => {
      const blob = new Blob();
      blob.#bytes = bytes;
      blob.#type = type;
      return blob;
    };
  }

  constructor(blobParts = undefined, options = {}) {
    const parts = toBlobParts(blobParts);
    const init = toDictionary(options);
    const endings = toEndings(init.endings);
    const type = init.type === undefined ? '' : toDOMString(init.type);
    this.#bytes = process(parts, endings);
    this.#type = toType(type);
  }

  get size() {
    return this.#bytes.length;
  }

  get type() {
    return this.#type;
  }

  /** https://w3c.github.io/FileAPI/#slice-blob */
  slice(start = undefined, end = undefined, contentType = undefined) {
    const bytes = this.#bytes;
    const size = bytes.length;
    const relativeStart = start === undefined ? 0 : withinSize(toClampedLongLong(start), size);
    const relativeEnd = end === undefined ? size : withinSize(toClampedLongLong(end), size);
    const relativeContentType = contentType === undefined ? '' : toType(toDOMString(contentType));
    // Let span be max((relativeEnd - relativeStart), 0).
    const span = relativeEnd > relativeStart ? relativeEnd - relativeStart : 0;
    return blobOfBytes(subarray(bytes, relativeStart, relativeStart + span), relativeContentType);
  }

  /** Deviation: a stream without BYOB readers; what it gives is the same. */
  stream() {
    const bytes = this.#bytes;
    const { ReadableStream } = globalThis;
    let position = 0;
    return new ReadableStream({
      pull(controller) {
        if (position < bytes.length) controller.enqueue(copyOf(subarray(bytes, position, position + CHUNK)));
        position += CHUNK;
        if (position >= bytes.length) controller.close();
      },
    }, { highWaterMark: 0 });
  }

  async text() {
    const bytes = this.#bytes;
    // UTF-8 decode takes a byte order mark away.
    const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    return host.decode(hasMark ? subarray(bytes, 3) : bytes);
  }

  async arrayBuffer() {
    return bufferOf(copyOf(this.#bytes));
  }

  async bytes() {
    return copyOf(this.#bytes);
  }
}

defineInterface(Blob, ['size', 'type', 'slice', 'stream', 'text', 'arrayBuffer', 'bytes']);

/** sequence<(BufferSource or Blob or USVString)> */
function toBlobParts(value) {
  if (value === undefined) return [];
  if (!isObject(value)) throw new TypeError('the parts are not a sequence');
  return toSequence(value, value[Symbol.iterator], (part) => {
    if (isObject(part) && isBlob(part)) return bytesOfBlob(part);
    // A sequence is converted as a whole before the bytes are read.
    return bytesOfBufferSource(part) === undefined ? toUSVString(part) : part;
  });
}

function toEndings(value) {
  if (value === undefined) return 'transparent';
  const endings = toDOMString(value);
  if (endings !== 'transparent' && endings !== 'native') throw new TypeError(`'${endings}' is not a kind of endings`);
  return endings;
}

/** https://w3c.github.io/FileAPI/#process-blob-parts */
function process(parts, endings) {
  const pieces = [];
  let size = 0;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    // If the endings member of options is "native", set s to the result of converting line endings to native of
    // element.
    const text = typeof part === 'string' && endings === 'native' ? toNativeEndings(part) : part;
    // Append the result of UTF-8 encoding s to bytes.
    const piece = typeof text === 'string' ? host.encode(text) : bytesOfBufferSource(text);
    push(pieces, piece);
    size += piece.length;
  }
  const bytes = new ByteArray(size);
  let position = 0;
  for (let index = 0; index < pieces.length; index += 1) {
    setBytes(bytes, pieces[index], position);
    position += pieces[index].length;
  }
  return bytes;
}

/** https://w3c.github.io/FileAPI/#convert-line-endings-to-native */
function toNativeEndings(text) {
  let result = '';
  let begin = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (charCodeAt(text, index) !== 0x0d) continue;
    result += `${slice(text, begin, index)}\n`;
    if (charCodeAt(text, index + 1) === 0x0a) index += 1;
    begin = index + 1;
  }
  return result + slice(text, begin);
}

/** The type that a Blob gets: in small letters, or none when it has characters outside of U+0020 to U+007E. */
function toType(type) {
  for (let index = 0; index < type.length; index += 1) {
    const unit = charCodeAt(type, index);
    if (unit < 0x20 || unit > 0x7e) return '';
  }
  return toLowerCase(type);
}

function withinSize(place, size) {
  const fromStart = place < 0 ? size + place : place;
  if (fromStart < 0) return 0;
  return fromStart > size ? size : fromStart;
}

function copyOf(bytes) {
  const copy = new ByteArray(bytes.length);
  setBytes(copy, bytes, 0);
  return copy;
}
