// Values as text for people to read.

import { hasBrand, isObject, typedArrayName } from './conversion.js';
import {
  getOwnPropertyDescriptor, getPrototypeOf, getterOf, includes, indexOf, join, ownKeys, push, replaceAll, slice, split,
  test, uncurry,
} from './intrinsics.js';

/** How many objects within each other are shown. */
const DEPTH = 4;
/** How many items of one object are shown. */
const ITEMS = 100;
/** How much of a string within an object is shown. */
const STRING = 10_000;
/** How long the items of an object may be together to share a line. */
const LINE = 72;
/** Items of at most this length stand in rows. */
const SHORT_ITEM = 6;
const ROW = 16;

const { is } = Object;
const { isArray } = Array;
const mapSize = getterOf(Map.prototype, 'size');
const mapForEach = uncurry(Map.prototype.forEach);
const setSize = getterOf(Set.prototype, 'size');
const setForEach = uncurry(Set.prototype.forEach);
const bufferLength = getterOf(ArrayBuffer.prototype, 'byteLength');
const dateTime = uncurry(Date.prototype.getTime);
const dateText = uncurry(Date.prototype.toISOString);
const regExpSource = getterOf(RegExp.prototype, 'source');
const regExpFlags = getterOf(RegExp.prototype, 'flags');
const symbolText = uncurry(Symbol.prototype.toString);
const isPrototypeOf = uncurry(Object.prototype.isPrototypeOf);
const ErrorPrototype = Error.prototype;
const RegExpPrototype = RegExp.prototype;

/** A string is quoted. */
export function inspect(value) {
  return show(value, []);
}

function show(value, ancestors) {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'symbol') return symbolText(value);
  if (!isObject(value)) return is(value, -0) ? '-0' : `${value}`;
  try {
    return showObject(value, ancestors);
  } catch {
    // A Proxy or a getter may throw.
    return '[unreadable]';
  }
}

function quote(string) {
  const shown = string.length > STRING ? slice(string, 0, STRING) : string;
  const mark = indexOf(shown, "'") !== -1 && indexOf(shown, '"') === -1 ? '"' : "'";
  let escaped = replaceAll(shown, '\\', '\\\\');
  if (mark === "'") escaped = replaceAll(escaped, "'", "\\'");
  escaped = replaceAll(replaceAll(replaceAll(escaped, '\n', '\\n'), '\r', '\\r'), '\t', '\\t');
  const more = string.length > STRING ? `... ${string.length - STRING} more characters` : '';
  return `${mark}${escaped}${mark}${more}`;
}

/** @param {object[]} ancestors the objects that this one is within */
function showObject(object, ancestors) {
  if (includes(ancestors, object)) return '[Circular]';
  const name = classNameOf(object);
  if (ancestors.length > DEPTH) return `[${name ?? 'Object'}]`;
  const within = [];
  for (let index = 0; index < ancestors.length; index += 1) push(within, ancestors[index]);
  push(within, object);

  if (isArray(object)) return showArray(object, name, within);
  const arrayName = typedArrayName(object);
  if (arrayName !== undefined) return enclose(`${arrayName}(${object.length})`, '[', itemsOf(object, within), ']');
  if (isPrototypeOf(ErrorPrototype, object)) {
    return enclose(errorText(object), '{', errorProperties(object, within), '}', true);
  }
  const properties = propertiesOf(object, within);
  if (typeof object === 'function') return enclose(functionLabel(object, name), '{', properties, '}', true);
  if (hasBrand(mapSize, object)) return showMap(object, name, properties, within);
  if (hasBrand(setSize, object)) return showSet(object, name, properties, within);
  if (hasBrand(dateTime, object)) {
    const text = dateTime(object) === dateTime(object) ? dateText(object) : 'Invalid Date';
    return enclose(text, '{', properties, '}', true);
  }
  if (object !== RegExpPrototype && hasBrand(regExpSource, object)) {
    return enclose(`/${regExpSource(object)}/${regExpFlags(object)}`, '{', properties, '}', true);
  }
  if (hasBrand(bufferLength, object)) push(properties, `byteLength: ${bufferLength(object)}`);
  return enclose(labelOf(name), '{', properties, '}');
}

function labelOf(name) {
  if (name === undefined) return '[Object: null prototype]';
  return name === 'Object' ? '' : name;
}

/** The name of the class, without running a getter; nothing for an object that has none. */
function classNameOf(object) {
  for (let prototype = getPrototypeOf(object); prototype !== null; prototype = getPrototypeOf(prototype)) {
    const constructor = getOwnPropertyDescriptor(prototype, 'constructor')?.value;
    const name = typeof constructor === 'function' ? getOwnPropertyDescriptor(constructor, 'name')?.value : undefined;
    if (typeof name === 'string' && name !== '') return name;
  }
  return undefined;
}

function functionLabel(object, className) {
  const name = getOwnPropertyDescriptor(object, 'name')?.value;
  const isClass = getOwnPropertyDescriptor(object, 'prototype')?.writable === false;
  const isNamed = typeof name === 'string' && name !== '';
  if (isClass) return `[class ${isNamed ? name : '(anonymous)'}]`;
  return `[${className ?? 'Function'}${isNamed ? `: ${name}` : ' (anonymous)'}]`;
}

function showArray(array, name, within) {
  const items = itemsOf(array, within);
  const properties = propertiesOf(array, within, isIndex);
  return enclose(name === 'Array' ? '' : `${name}(${array.length})`, '[', concatenated(items, properties), ']');
}

/** Those of an array or a typed array. */
function itemsOf(array, within) {
  const items = [];
  for (let index = 0; index < array.length && index < ITEMS; index += 1) {
    push(items, showProperty(getOwnPropertyDescriptor(array, index), within));
  }
  addMore(items, array.length);
  return items;
}

function addMore(items, count) {
  if (count > ITEMS) push(items, `... ${count - ITEMS} more`);
}

function showMap(map, name, properties, within) {
  const items = [];
  mapForEach(map, (value, key) => {
    if (items.length < ITEMS) push(items, `${show(key, within)} => ${show(value, within)}`);
  });
  addMore(items, mapSize(map));
  return enclose(`${name}(${mapSize(map)})`, '{', concatenated(items, properties), '}');
}

function showSet(set, name, properties, within) {
  const items = [];
  setForEach(set, (value) => {
    if (items.length < ITEMS) push(items, show(value, within));
  });
  addMore(items, setSize(set));
  return enclose(`${name}(${setSize(set)})`, '{', concatenated(items, properties), '}');
}

function concatenated(first, second) {
  for (let index = 0; index < second.length; index += 1) push(first, second[index]);
  return first;
}

const INDEX = /^(?:0|[1-9]\d*)$/;

function isIndex(key) {
  return typeof key === 'string' && test(INDEX, key);
}

/** Some engines make a stack that is assigned enumerable. */
function isPartOfError(key) {
  return key === 'stack' || key === 'message' || key === 'name';
}

/** The enumerable properties of the object itself, but for those whose keys are not wanted. */
function propertiesOf(object, within, isUnwanted = undefined) {
  const properties = [];
  const keys = ownKeys(object);
  let count = 0;
  for (let index = 0; index < keys.length; index += 1) {
    const key = keys[index];
    if (isUnwanted !== undefined && isUnwanted(key)) continue;
    const descriptor = getOwnPropertyDescriptor(object, key);
    if (!descriptor?.enumerable) continue;
    count += 1;
    if (count <= ITEMS) push(properties, `${showKey(key)}: ${showProperty(descriptor, within)}`);
  }
  addMore(properties, count);
  return properties;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

function showKey(key) {
  if (typeof key === 'symbol') return `[${symbolText(key)}]`;
  return test(IDENTIFIER, key) ? key : quote(key);
}

/** A getter is not run. */
function showProperty(descriptor, within) {
  if (descriptor === undefined) return '<empty>';
  if (descriptor.get) return descriptor.set ? '[Getter/Setter]' : '[Getter]';
  return descriptor.set ? '[Setter]' : show(descriptor.value, within);
}

/** Name, message and stack: some engines begin the stack with the first two, and some do not. */
function errorText(error) {
  const { name, message, stack } = error;
  const title = message === '' ? `${name}` : `${name}: ${message}`;
  if (typeof stack !== 'string' || stack === '') return title;
  const trimmed = stack[stack.length - 1] === '\n' ? slice(stack, 0, -1) : stack;
  return indexOf(trimmed, title) === 0 ? trimmed : `${title}\n${trimmed}`;
}

function errorProperties(error, within) {
  const properties = propertiesOf(error, within, isPartOfError);
  const cause = getOwnPropertyDescriptor(error, 'cause');
  if (cause && !cause.enumerable) push(properties, `[cause]: ${showProperty(cause, within)}`);
  return properties;
}

/** The items between brackets, in one line where there is room; with `optional` no brackets around nothing. */
function enclose(label, open, items, close, optional = false) {
  const before = label === '' ? '' : `${label} `;
  if (items.length === 0) return optional ? label : `${before}${open}${close}`;
  const line = join(items, ', ');
  if (line.length <= LINE && indexOf(line, '\n') === -1) return `${before}${open} ${line} ${close}`;
  return `${before}${open}\n  ${join(linesOf(items), ',\n  ')}\n${close}`;
}

/** A line for each item, or rows of short ones; what has lines itself is indented. */
function linesOf(items) {
  const lines = [];
  for (let index = 0; index < items.length; index += 1) {
    const isInRow = index % ROW !== 0 && items[index].length <= SHORT_ITEM && items[index - 1].length <= SHORT_ITEM;
    if (isInRow) lines[lines.length - 1] += `, ${items[index]}`;
    else push(lines, indent(items[index], '  '));
  }
  return lines;
}

/** Indents all lines but the first. */
export function indent(text, by) {
  return join(split(text, '\n'), `\n${by}`);
}
