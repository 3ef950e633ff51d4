// https://streams.spec.whatwg.org/#qs

import { callbackMember } from './callback.js';
import { defineInterface, requireArguments, toDictionary } from './webidl.js';

/** QueuingStrategyInit: a dictionary with one member, which is required. */
function toHighWaterMark(init) {
  const { highWaterMark } = toDictionary(init, 'init');
  if (highWaterMark === undefined) throw new TypeError('init has no highWaterMark');
  return +highWaterMark;
}

// A function and no method: it does not look at its `this`.
const countSize = { size: () => 1 }.size;
const byteLengthSize = { size: (chunk) => chunk.byteLength }.size;

/** https://streams.spec.whatwg.org/#cqs-class */
export class CountQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    requireArguments(arguments.length, 1, "Failed to construct 'CountQueuingStrategy'");
    this.#highWaterMark = toHighWaterMark(init);
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    // Only for the brand: the function is the same for all.
    this.#highWaterMark;
    return countSize;
  }
}

/** https://streams.spec.whatwg.org/#blqs-class */
export class ByteLengthQueuingStrategy {
  #highWaterMark;

  constructor(init) {
    requireArguments(arguments.length, 1, "Failed to construct 'ByteLengthQueuingStrategy'");
    this.#highWaterMark = toHighWaterMark(init);
  }

  get highWaterMark() {
    return this.#highWaterMark;
  }

  get size() {
    // Only for the brand: the function is the same for all.
    this.#highWaterMark;
    return byteLengthSize;
  }
}

defineInterface(CountQueuingStrategy, ['highWaterMark', 'size']);
defineInterface(ByteLengthQueuingStrategy, ['highWaterMark', 'size']);

/** QueuingStrategy, the dictionary of the streams' constructors. */
export function toQueuingStrategy(value) {
  const dictionary = toDictionary(value, 'strategy');
  // The members of a dictionary are read in lexicographical order.
  const { highWaterMark } = dictionary;
  const number = highWaterMark === undefined ? undefined : +highWaterMark;
  return { highWaterMark: number, size: callbackMember(dictionary, 'size') };
}

export function extractHighWaterMark({ highWaterMark }, defaultHWM) {
  if (highWaterMark === undefined) return defaultHWM;
  // 3. If highWaterMark is NaN or highWaterMark < 0, throw a RangeError exception.
  if (!(highWaterMark >= 0)) throw new RangeError('highWaterMark is neither zero nor positive');
  return highWaterMark;
}

export function extractSizeAlgorithm({ size }) {
  if (size === undefined) return () => 1;
  // Its return type is unrestricted double.
  return (chunk) => +size(chunk);
}
