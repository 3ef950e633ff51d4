// Callback functions and the dictionaries that carry them, as Web IDL converts and invokes them.
// https://webidl.spec.whatwg.org/#js-to-callback-function
// https://webidl.spec.whatwg.org/#js-invoking-callback-functions

import { promiseOf, promiseResolvedWith } from './promise.js';

const { apply } = Reflect;

/** object, optional: undefined stands for a missing one. */
export function toOptionalObject(value, what) {
  if (value === undefined) return undefined;
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  if (!isObject) throw new TypeError(`${what} is not an object`);
  return value;
}

/** A dictionary's member of a callback type: a function, or undefined if it does not exist. */
export function callbackMember(dictionary, name) {
  const callback = dictionary[name];
  if (callback !== undefined && typeof callback !== 'function') throw new TypeError(`${name} is not a function`);
  return callback;
}

/** Invokes a callback function that returns what it likes, with the exception behaviour "rethrow". */
export function invoke(callback, thisValue, parameters) {
  return apply(callback, thisValue, parameters);
}

/** Invokes a callback function whose return type is a promise. */
export function invokeForPromise(callback, thisValue, parameters) {
  return promiseOf(() => promiseResolvedWith(apply(callback, thisValue, parameters)));
}
