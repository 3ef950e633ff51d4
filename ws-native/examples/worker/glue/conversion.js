// Conversions of JavaScript values to IDL values that only the worker's globals need, beside those of webidl.js.
// https://webidl.spec.whatwg.org/#js-type-mapping

import { apply, getOwnPropertyDescriptor, getPrototypeOf, getterOf, isView, push } from './intrinsics.js';

const { abs, floor, max, min, trunc } = Math;
const { isFinite, isNaN, MAX_SAFE_INTEGER } = Number;
const ByteArray = Uint8Array;

/** Whether `value` is an Object in the sense of ECMAScript: functions are. */
export function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

const NO_MEMBERS = Object.freeze(Object.create(null));

/** A dictionary: an object to read the members of, in lexicographical order. */
export function toDictionary(value) {
  if (value === undefined || value === null) return NO_MEMBERS;
  if (!isObject(value)) throw new TypeError('the value is no object, as a dictionary has to be');
  return value;
}

/** long: the integer part, modulo 2^32, of both signs. */
export function toLong(value) {
  return +value | 0;
}

/** unsigned long: the integer part, modulo 2^32. */
export function toUnsignedLong(value) {
  return +value >>> 0;
}

/** [EnforceRange] unsigned long long: the integer part; what is out of range throws a TypeError. */
export function toEnforcedUnsignedLongLong(value) {
  const number = +value;
  const integer = trunc(number);
  if (!isFinite(number) || integer < 0 || integer > MAX_SAFE_INTEGER) {
    throw new TypeError(`${number} is not an integer from 0 to ${MAX_SAFE_INTEGER}`);
  }
  return abs(integer);
}

/** [Clamp] long long: the nearest integer in range, of two equally near ones the even one. */
export function toClampedLongLong(value) {
  const number = +value;
  if (isNaN(number)) return 0;
  const clamped = min(max(number, -MAX_SAFE_INTEGER), MAX_SAFE_INTEGER);
  const below = floor(clamped);
  const fraction = clamped - below;
  const roundsUp = fraction > 0.5 || (fraction === 0.5 && below % 2 !== 0);
  return roundsUp ? below + 1 : below;
}

/** sequence<T>, of an object whose iterator method has been read. */
export function toSequence(value, iteratorMethod, toItem) {
  if (typeof iteratorMethod !== 'function') throw new TypeError('the value is not iterable');
  const iterator = apply(iteratorMethod, value, []);
  if (!isObject(iterator)) throw new TypeError('the iterator is not an object');
  const { next } = iterator;
  const items = [];
  for (;;) {
    const result = apply(next, iterator, []);
    if (!isObject(result)) throw new TypeError('what the iterator gives is not an object');
    if (result.done) return items;
    push(items, toItem(result.value));
  }
}

const TypedArrayPrototype = getPrototypeOf(Uint8Array.prototype);
const attributesOfTypedArray = attributesOf(TypedArrayPrototype);
const attributesOfDataView = attributesOf(DataView.prototype);
const typeOfTypedArray = getterOf(TypedArrayPrototype, Symbol.toStringTag);
const byteLengthOfBuffer = getterOf(ArrayBuffer.prototype, 'byteLength');
/** Engines that know only buffers of a fixed size have no such attribute. */
const isResizable = getOwnPropertyDescriptor(ArrayBuffer.prototype, 'resizable')
  ? getterOf(ArrayBuffer.prototype, 'resizable')
  : () => false;
const byteLengthOfSharedBuffer = typeof SharedArrayBuffer === 'function'
  ? getterOf(SharedArrayBuffer.prototype, 'byteLength')
  : refuse;

function attributesOf(prototype) {
  return {
    buffer: getterOf(prototype, 'buffer'),
    byteOffset: getterOf(prototype, 'byteOffset'),
    byteLength: getterOf(prototype, 'byteLength'),
  };
}

function refuse() {
  throw new TypeError('there is no shared memory');
}

/** Whether a getter, which only objects of its own kind have, takes the value. */
export function hasBrand(getter, value) {
  try {
    getter(value);
    return true;
  } catch {
    return false;
  }
}

/** The name of a typed array's class, or nothing when the value is no typed array. */
export function typedArrayName(value) {
  return isView(value) ? typeOfTypedArray(value) : undefined;
}

/** The bytes that a BufferSource is about, which are not a copy; nothing when the value is no BufferSource. */
export function bytesOfBufferSource(value) {
  if (isView(value)) {
    const attributes = typeOfTypedArray(value) === undefined ? attributesOfDataView : attributesOfTypedArray;
    return bytesOf(attributes.buffer(value), attributes.byteOffset(value), attributes.byteLength(value));
  }
  if (!isObject(value)) return undefined;
  if (hasBrand(byteLengthOfBuffer, value)) return bytesOf(value, 0, byteLengthOfBuffer(value));
  if (hasBrand(byteLengthOfSharedBuffer, value)) throw new TypeError('the data is in shared memory');
  return undefined;
}

function bytesOf(buffer, offset, length) {
  if (!hasBrand(byteLengthOfBuffer, buffer)) throw new TypeError('the data is in shared memory');
  if (isResizable(buffer)) throw new TypeError('the data is in a resizable ArrayBuffer');
  // A detached buffer counts as one without bytes; a view over it could not even be made.
  return length === 0 ? new ByteArray(0) : new ByteArray(buffer, offset, length);
}
