// Conversions of JavaScript values to IDL values, as far as the interfaces of this package need them.
// https://webidl.spec.whatwg.org/#js-type-mapping
//
// What is computed as the module is loaded is marked as pure: a bundler leaves out what a program has no use for.

// The language's own, whatever a program puts in their place.
const { apply } = Reflect;
const { toWellFormed } = String.prototype;
const isView = /* @__PURE__ */ (() => ArrayBuffer.isView)();
const then = /* @__PURE__ */ (() => Promise.prototype.then)();
const getPrototypeOf = /* @__PURE__ */ (() => Object.getPrototypeOf)();
const setPrototypeOf = /* @__PURE__ */ (() => Object.setPrototypeOf)();

/** An attribute of a class, for objects of that class and nothing else, whatever properties of their own they have. */
export function attributeOf({ prototype }, name) {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name);
  return (object) => apply(get, object, []);
}

/** A test for objects of a class, whatever realm they come from, by an attribute that only they have. */
export function brandOf(Class, name) {
  const attribute = attributeOf(Class, name);
  return (value) => {
    try {
      attribute(value);
      return true;
    } catch {
      return false;
    }
  };
}

const TypedArray = /* @__PURE__ */ Object.getPrototypeOf(Uint8Array);
const isArrayBuffer = /* @__PURE__ */ brandOf(ArrayBuffer, 'byteLength');
/** Browsers have the class only where a page may use it. */
const isSharedArrayBuffer = typeof SharedArrayBuffer === 'function'
  ? /* @__PURE__ */ brandOf(SharedArrayBuffer, 'byteLength')
  : () => false;
/** The name of a typed array's class; undefined for everything else, without the cost of an exception. */
const classOfTypedArray = /* @__PURE__ */ attributeOf(TypedArray, Symbol.toStringTag);
const lengthOfBuffer = /* @__PURE__ */ attributeOf(ArrayBuffer, 'byteLength');

/** What a view shows of which buffer. */
const ofTypedArray = /* @__PURE__ */ attributesOfView(TypedArray);
const ofDataView = /* @__PURE__ */ attributesOfView(DataView);

/** How many bytes an array of bytes has, whatever properties of its own it has. */
export const lengthOfBytes = (bytes) => ofTypedArray.byteLength(bytes);

/** The prototypes of arrays of bytes that a host makes: Node's are Buffers. */
const prototypeOfArray = /* @__PURE__ */ (() => Uint8Array.prototype)();
const prototypeOfBuffer = /* @__PURE__ */ (() => globalThis.Buffer?.prototype)();

function isOfHost(bytes) {
  const prototype = getPrototypeOf(bytes);
  return prototype === prototypeOfArray || prototype === prototypeOfBuffer;
}

/** An array over the same bytes that has no properties of its own. */
export const viewOfBytes = (bytes) => bytesOfView(bytes, ofTypedArray);

function attributesOfView(Class) {
  return {
    buffer: attributeOf(Class, 'buffer'),
    byteOffset: attributeOf(Class, 'byteOffset'),
    byteLength: attributeOf(Class, 'byteLength'),
  };
}

/** A host may make the class after this module has been loaded, so it is looked for when it is needed. */
let isBlobOfHost;

/** Has what this function says stand for Blobs. */
export function recognizeBlobs(isBlob) {
  isBlobOfHost = isBlob;
}

function isBlob(value) {
  isBlobOfHost ??= brandOf(Blob, 'size');
  return isBlobOfHost(value);
}

function isBufferSource(value) {
  return isView(value) || isArrayBuffer(value) || isSharedArrayBuffer(value);
}

/** Whether `value` is an Object in the sense of ECMAScript: functions are. */
function isObject(value) {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/**
 * Members without a prototype: what a script gives to all objects is not among them.
 *
 * @template {object} T
 * @param {T} members
 * @returns {T}
 */
export const bare = (members) => setPrototypeOf(members, null);

/** Gives a class what Web IDL asks of an interface object and a class definition does not do by itself. */
export function defineInterface(interfaceObject, members, constants = {}) {
  const { prototype } = interfaceObject;
  for (const name of members) Object.defineProperty(prototype, name, { enumerable: true });
  for (const [name, value] of Object.entries(constants)) {
    const descriptor = { value, enumerable: true, writable: false, configurable: false };
    Object.defineProperty(interfaceObject, name, descriptor);
    Object.defineProperty(prototype, name, descriptor);
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: interfaceObject.name, configurable: true });
}

/** A token of RFC 9110, section 5.6.2, as the name of a header is one, and that of a subprotocol. */
export const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/;

/**
 * To create a new promise; gives it, and what settles it. It is marked as handled: one failure rejects several of these promises,
 * and a program need not look at all of them.
 */
export function newPromise() {
  let settle;
  const promise = new Promise((resolve, reject) => {
    settle = { resolve, reject };
  });
  react(promise, undefined, () => {});
  return { promise, ...settle };
}

/** To react to a promise. */
export const react = (promise, onFulfilled, onRejected) => apply(then, promise, [onFulfilled, onRejected]);

/** Throws unless at least `required` arguments were given. */
export function requireArguments(given, required, what) {
  if (given < required) {
    throw new TypeError(`${what}: arguments required: ${required}, given: ${given}`);
  }
}

// What cannot be converted is a TypeError that says what it was to be: `what`.

/** DOMString: a Symbol cannot be converted. */
export function toDOMString(value, what = 'the value') {
  if (typeof value === 'symbol') throw new TypeError(`${what} is a Symbol`);
  return `${value}`;
}

/** USVString: a DOMString whose lone surrogates are replaced by U+FFFD. */
export function toUSVString(value, what = undefined) {
  return apply(toWellFormed, toDOMString(value, what), []);
}

/** ByteString: a DOMString without a code unit above 255. */
export function toByteString(value, what = 'the value') {
  const string = toDOMString(value, what);
  for (let index = 0; index < string.length; index += 1) {
    if (string.charCodeAt(index) > 0xff) throw new TypeError(`character ${index} of ${what} is greater than 255`);
  }
  return string;
}

/** unsigned short: the integer part, modulo 2^16. */
export function toUnsignedShort(value) {
  const number = Math.trunc(+value);
  return Number.isFinite(number) ? ((number % 0x10000) + 0x10000) % 0x10000 : 0;
}

/** [EnforceRange] unsigned short: the integer part, which has to be in range. */
function toEnforcedUnsignedShort(value) {
  const number = Math.trunc(+value);
  if (!(number >= 0 && number <= 0xffff)) throw new TypeError(`${value} is not in the range of an unsigned short`);
  // -0 is 0.
  return number + 0;
}

/** [Clamp] unsigned short: the nearest integer in range, of two equally near ones the even one. */
export function toClampedUnsignedShort(value) {
  const number = +value;
  if (Number.isNaN(number)) return 0;
  const clamped = Math.min(Math.max(number, 0), 0xffff);
  const below = Math.floor(clamped);
  const fraction = clamped - below;
  const roundsUp = fraction > 0.5 || (fraction === 0.5 && below % 2 === 1);
  return roundsUp ? below + 1 : below;
}

/** sequence<T>, given the method that makes the iterator. */
function toSequence(value, iteratorMethod, toItem, what) {
  if (typeof iteratorMethod !== 'function') throw new TypeError(`${what} is not a sequence`);
  const iterator = apply(iteratorMethod, value, []);
  if (!isObject(iterator)) throw new TypeError(`the iterator of ${what} is not an object`);
  const { next } = iterator;
  const items = [];
  // Unlike a loop of the language, this does not close the iterator when an item cannot be converted.
  for (;;) {
    const result = apply(next, iterator, []);
    if (!isObject(result)) throw new TypeError(`what the iterator of ${what} gives is not an object`);
    if (result.done) return items;
    items[items.length] = toItem(result.value, `an item of ${what}`);
  }
}

/** A dictionary, whose members are still to be read: undefined and null stand for one without any. */
export function toDictionary(value, what) {
  if (value === undefined || value === null) return Object.create(null);
  if (!isObject(value)) throw new TypeError(`${what} is not an object`);
  return value;
}

/**
 * What a dictionary has a value for, its own members and those of its prototypes; but no methods of a class, and nothing that a script
 * has put on all objects.
 */
export function membersOf(dictionary) {
  const members = {};
  for (const name in dictionary) {
    const value = dictionary[name];
    if (value !== undefined && (Object.hasOwn(dictionary, name) || !(name in {} || typeof value === 'function'))) members[name] = value;
  }
  return members;
}

/** Throws where there are no streams as the standard has them: jsdom has none, and happy-dom has Node's in their place. */
export function requireStreams({ ReadableStream, WritableStream }) {
  if (!ReadableStream || !WritableStream?.prototype.getWriter) {
    throw new TypeError('a WebSocketStream needs ReadableStream and WritableStream, which this host does not have');
  }
}

/** sequence<USVString> */
function toUSVStringSequence(value, what) {
  if (!isObject(value)) throw new TypeError(`${what} is not a sequence`);
  return toSequence(value, value[Symbol.iterator], toUSVString, what);
}

/**
 * The union (DOMString or sequence<DOMString>); gives what it was, a string or an array. A lone surrogate is in no
 * subprotocol, and neither is U+FFFD, which an engine whose strings are UTF-8 can be given.
 */
function toStringOrSequence(value, what) {
  if (isObject(value)) {
    const iteratorMethod = value[Symbol.iterator];
    if (iteratorMethod !== undefined && iteratorMethod !== null) return toSequence(value, iteratorMethod, toUSVString, what);
  }
  return toUSVString(value, what);
}

/** The union (sequence<sequence<ByteString>> or record<ByteString, ByteString>); gives a list of pairs. */
function toHeaderList(value) {
  if (!isObject(value)) throw new TypeError('headers is neither a sequence of pairs nor a record');
  const iteratorMethod = value[Symbol.iterator];
  if (iteratorMethod !== undefined && iteratorMethod !== null) {
    return toSequence(value, iteratorMethod, (item, what) => {
      const pair = isObject(item) ? toSequence(item, item[Symbol.iterator], (part) => part, what) : [];
      if (pair.length !== 2) throw new TypeError(`${what} is not a pair of a name and a value`);
      const name = toByteString(pair[0], `${what}[0]`);
      return [name, toHeaderValue(pair[1], name)];
    }, 'headers');
  }
  const list = [];
  for (const key of Reflect.ownKeys(value)) {
    const isEnumerable = Object.getOwnPropertyDescriptor(value, key)?.enumerable;
    if (!isEnumerable) continue;
    const name = toByteString(key, 'a name of headers');
    list.push([name, toHeaderValue(value[key], name)]);
  }
  return list;
}

/** What is not set is no value, though Web IDL would make "undefined" of it. A list is joined as its header has it. */
function toHeaderValue(value, name) {
  for (const item of Array.isArray(value) ? value : [value]) {
    if (item === undefined || item === null) throw new TypeError(`headers['${name}'] has a value that is ${item}`);
  }
  const isListOfCookies = Array.isArray(value) && name.toLowerCase() === 'cookie';
  return toByteString(isListOfCookies ? value.join('; ') : value, `headers['${name}']`);
}

/**
 * The constructor's second argument, (DOMString or sequence<DOMString> or WebSocketInit), as what all of them stand
 * for: a list of subprotocols and a list of request headers. A host may know more members of the dictionary itself.
 */
export function toWebSocketInit(value) {
  if (value === null || value === undefined) return { protocols: [], headers: [] };
  if (isObject(value)) {
    const iteratorMethod = value[Symbol.iterator];
    if (iteratorMethod !== undefined && iteratorMethod !== null) {
      return { protocols: toSequence(value, iteratorMethod, toUSVString, 'protocols'), headers: [] };
    }
    // The members of a dictionary are read in lexicographical order.
    const headers = value.headers;
    const headerList = headers === undefined ? [] : toHeaderList(headers);
    const protocols = value.protocols;
    const protocolList = protocols === undefined ? [] : toStringOrSequence(protocols, 'protocols');
    // 8. If protocols is a string, set protocols to a sequence consisting of just that string.
    return {
      protocols: typeof protocolList === 'string' ? [protocolList] : protocolList,
      headers: headerList,
      dictionary: value,
    };
  }
  // 8. If protocols is a string, set protocols to a sequence consisting of just that string.
  return { protocols: [toUSVString(value, 'protocols')], headers: [] };
}

/**
 * WebSocketStreamOptions, and the request headers that WebSocketInit has; a signal is still to be looked at, and so are
 * the members that a host may know.
 */
export function toWebSocketStreamOptions(value) {
  const dictionary = toDictionary(value, 'options');
  // The members of a dictionary are read in lexicographical order.
  const { headers } = dictionary;
  const headerList = headers === undefined ? [] : toHeaderList(headers);
  const { protocols } = dictionary;
  const protocolList = protocols === undefined ? [] : toUSVStringSequence(protocols, 'protocols');
  return { protocols: protocolList, headers: headerList, signal: dictionary.signal, dictionary };
}

/** WebSocketCloseInfo; a close code that does not exist is undefined. */
export function toWebSocketCloseInfo(value) {
  const dictionary = toDictionary(value, 'closeInfo');
  // The members of a dictionary are read in lexicographical order.
  const { closeCode } = dictionary;
  const code = closeCode === undefined ? undefined : toEnforcedUnsignedShort(closeCode);
  const { reason } = dictionary;
  return { closeCode: code, reason: reason === undefined ? '' : toUSVString(reason) };
}

/**
 * The union (BufferSource or Blob or USVString), the argument of send().
 *
 * @returns {string | Uint8Array | Blob}
 */
export function toMessage(value) {
  return isObject(value) && !isBufferSource(value) && isBlob(value) ? /** @type {any} */ (value) : toBufferSourceOrUSVString(value);
}

/**
 * The union (BufferSource or USVString): a string, or a Uint8Array over the bytes that are meant, which is not a copy. It may be
 * the program's, with properties of its own: see `lengthOfBytes` and `viewOfBytes`.
 *
 * @returns {string | Uint8Array}
 */
export function toBufferSourceOrUSVString(value) {
  if (!isObject(value) || !isBufferSource(value)) return toUSVString(value);
  if (!isView(value)) return bytesOf(value);
  const name = classOfTypedArray(value);
  // To make an array costs as much as to send a short message.
  if (name === 'Uint8Array' && isOfHost(value) && requireBytes(ofTypedArray.buffer(value)) > 0) return /** @type {any} */ (value);
  return bytesOfView(value, name === undefined ? ofDataView : ofTypedArray);
}

/** A detached buffer counts as one without bytes; a view over it could not even be made. */
const bytesOf = (buffer) => (requireBytes(buffer) === 0 ? new Uint8Array(0) : new Uint8Array(buffer));

/** How many bytes there are in a buffer that can be sent from. */
function requireBytes(buffer) {
  if (!isArrayBuffer(buffer)) throw new TypeError('the data is in shared memory');
  if (buffer.resizable) throw new TypeError('the data is in a resizable ArrayBuffer');
  return lengthOfBuffer(buffer);
}

function bytesOfView(view, { buffer, byteOffset, byteLength }) {
  const whole = buffer(view);
  // A DataView of a detached buffer has no length that could be asked for.
  return requireBytes(whole) === 0 ? new Uint8Array(0) : new Uint8Array(whole, byteOffset(view), byteLength(view));
}
