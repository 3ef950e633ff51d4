// https://url.spec.whatwg.org/#interface-urlsearchparams

import { isObject, toSequence } from './conversion.js';
import { parse, serialize } from './form-urlencoded.js';
import {
  apply, charCodeAt, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, push, slice,
} from './intrinsics.js';
import { defineInterface, requireArguments, toUSVString } from './webidl.js';

/** @type {(query: string, update: (query: string) => void) => URLSearchParams} that of a URL, told of changes */
export let createSearchParams;

/** @type {(params: URLSearchParams, query: string) => void} fills those of a URL anew, when its query has changed */
export let replaceQuery;

/** @type {(params: URLSearchParams) => string[][]} throws a TypeError when it is given anything else */
let listOf;

export class URLSearchParams {
  /** Pairs of a name and a value. */
  #list = [];
  /** Tells the URL, if there is one. */
  #update = undefined;

  static {
    listOf = (params) => params.#list;
    createSearchParams = (query, update) => {
      const params = new URLSearchParams();
      params.#list = parse(query);
      params.#update = update;
      return params;
    };
    replaceQuery = (params, query) => {
      params.#list = parse(query);
    };
  }

  constructor(init = '') {
    this.#list = toPairs(init);
  }

  get size() {
    return this.#list.length;
  }

  append(name, value) {
    const list = this.#list;
    requireArguments(arguments.length, 2, "Failed to execute 'append' on 'URLSearchParams'");
    // 1. Append (name, value) to this's list.
    push(list, [toUSVString(name), toUSVString(value)]);
    // 2. Update this.
    this.#changed();
  }

  delete(name, value = undefined) {
    this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'delete' on 'URLSearchParams'");
    const isMatch = matcher(name, value);
    // 1. If value is given, then remove all tuples whose name is name and value is value from this's list.
    // 2. Otherwise, remove all tuples whose name is name from this's list.
    this.#list = select(this.#list, (pair) => !isMatch(pair));
    // 3. Update this.
    this.#changed();
  }

  get(name) {
    const list = this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'get' on 'URLSearchParams'");
    const matches = select(list, matcher(name));
    return matches.length === 0 ? null : matches[0][1];
  }

  getAll(name) {
    const list = this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'getAll' on 'URLSearchParams'");
    const values = select(list, matcher(name));
    for (let index = 0; index < values.length; index += 1) values[index] = values[index][1];
    return values;
  }

  has(name, value = undefined) {
    const list = this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'has' on 'URLSearchParams'");
    return select(list, matcher(name, value)).length > 0;
  }

  set(name, value) {
    const list = this.#list;
    requireArguments(arguments.length, 2, "Failed to execute 'set' on 'URLSearchParams'");
    const newName = toUSVString(name);
    const newValue = toUSVString(value);
    // 1. If this's list contains any tuples whose name is name, then set the value of the first such tuple to value and
    //    remove the others.
    let found = false;
    const kept = select(list, (pair) => {
      if (pair[0] !== newName) return true;
      const isFirst = !found;
      if (isFirst) pair[1] = newValue;
      found = true;
      return isFirst;
    });
    // 2. Otherwise, append (name, value) to this's list.
    if (!found) push(kept, [newName, newValue]);
    this.#list = kept;
    // 3. Update this.
    this.#changed();
  }

  sort() {
    // 1. Set this's list to the result of sorting in ascending order this's list, with a being less than b if a's name
    //    is code unit less than b's name. [Pairs of the same name keep their order.]
    this.#list = sorted(this.#list);
    // 2. Update this.
    this.#changed();
  }

  toString() {
    return serialize(this.#list);
  }

  entries() {
    return createIterator(this, (pair) => [pair[0], pair[1]]);
  }

  forEach(callback, thisArg = undefined) {
    this.#list;
    requireArguments(arguments.length, 1, "Failed to execute 'forEach' on 'URLSearchParams'");
    if (typeof callback !== 'function') throw new TypeError('the callback is not a function');
    // The list may change while it is walked.
    for (let index = 0; index < this.#list.length; index += 1) {
      const pair = this.#list[index];
      apply(callback, thisArg, [pair[1], pair[0], this]);
    }
  }

  keys() {
    return createIterator(this, (pair) => pair[0]);
  }

  values() {
    return createIterator(this, (pair) => pair[1]);
  }

  /** https://url.spec.whatwg.org/#concept-urlsearchparams-update */
  #changed() {
    // 1. If query's URL object is null, then return.
    this.#update?.(serialize(this.#list));
  }
}

defineInterface(URLSearchParams, [
  'size', 'append', 'delete', 'get', 'getAll', 'has', 'set', 'sort', 'toString', 'entries', 'forEach', 'keys', 'values',
]);
// Web IDL: the value of @@iterator is the function object that entries is.
defineProperty(URLSearchParams.prototype, Symbol.iterator, {
  value: URLSearchParams.prototype.entries, writable: true, enumerable: false, configurable: true,
});

/** https://webidl.spec.whatwg.org/#js-default-iterator-object */
class PairIterator {
  #params;
  #pick;
  #index = 0;

  constructor(params, pick) {
    this.#params = params;
    this.#pick = pick;
  }

  next() {
    const list = listOf(this.#params);
    if (this.#index >= list.length) return { value: undefined, done: true };
    const pair = list[this.#index];
    this.#index += 1;
    return { value: this.#pick(pair), done: false };
  }
}

const IteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));
Object.setPrototypeOf(PairIterator.prototype, IteratorPrototype);
delete PairIterator.prototype.constructor;
defineProperty(PairIterator.prototype, 'next', { enumerable: true });
defineProperty(PairIterator.prototype, Symbol.toStringTag, { value: 'URLSearchParams Iterator', configurable: true });

function createIterator(params, pick) {
  listOf(params);
  return new PairIterator(params, pick);
}

/** https://url.spec.whatwg.org/#dom-urlsearchparams-urlsearchparams */
function toPairs(init) {
  if (!isObject(init)) {
    const string = toUSVString(init);
    // 1. If init is a string and starts with U+003F (?), then remove the first code point from init.
    return parse(charCodeAt(string, 0) === 0x3f ? slice(string, 1) : string);
  }
  const iteratorMethod = init[Symbol.iterator];
  if (iteratorMethod === undefined || iteratorMethod === null) return pairsOfRecord(init);
  return toSequence(init, iteratorMethod, (item) => {
    if (!isObject(item)) throw new TypeError('an item is not a pair');
    const pair = toSequence(item, item[Symbol.iterator], toUSVString);
    if (pair.length !== 2) throw new TypeError('an item is not a pair');
    return pair;
  });
}

/** record<USVString, USVString>: of two keys that are converted to the same one, the first has the place. */
function pairsOfRecord(record) {
  const list = [];
  const keys = ownKeys(record);
  for (let index = 0; index < keys.length; index += 1) {
    if (!getOwnPropertyDescriptor(record, keys[index])?.enumerable) continue;
    const name = toUSVString(keys[index]);
    const value = toUSVString(record[keys[index]]);
    const earlier = select(list, (pair) => pair[0] === name)[0];
    if (earlier) earlier[1] = value;
    else push(list, [name, value]);
  }
  return list;
}

function matcher(name, value = undefined) {
  const wantedName = toUSVString(name);
  if (value === undefined) return (pair) => pair[0] === wantedName;
  const wantedValue = toUSVString(value);
  return (pair) => pair[0] === wantedName && pair[1] === wantedValue;
}

function select(list, isSelected) {
  const selected = [];
  for (let index = 0; index < list.length; index += 1) {
    if (isSelected(list[index])) push(selected, list[index]);
  }
  return selected;
}

/** Merges halves: the order of pairs of one name stays. */
function sorted(list) {
  if (list.length < 2) return list;
  const middle = list.length >> 1;
  let place = -1;
  const isFirstHalf = () => (place += 1) < middle;
  const left = sorted(select(list, isFirstHalf));
  place = -1;
  const right = sorted(select(list, () => !isFirstHalf()));
  const merged = [];
  let fromLeft = 0;
  let fromRight = 0;
  while (merged.length < list.length) {
    const takesLeft = fromRight === right.length
      || (fromLeft < left.length && !(right[fromRight][0] < left[fromLeft][0]));
    push(merged, takesLeft ? left[fromLeft++] : right[fromRight++]);
  }
  return merged;
}
