// The modules of this folder's parent as the worker links them, and a host for them that a test looks into.

import { register } from 'node:module';

/** Node's own classes, the judges of the same assertions; some of the global ones are replaced by ours. */
export const node = {
  AbortController, AbortSignal, Blob, DOMException, Event, EventTarget, MessageEvent, TextDecoder, TextEncoder, URL,
  URLSearchParams,
};

/** A script may have replaced any method: the host uses none that can be replaced. */
const partsOf = ({
  href, protocol, username, password, host, hostname, port, pathname, search, hash, origin,
}) => [href, protocol, username, password, host, hostname, port, pathname, search, hash, origin];

/** What the modules asked of the host. The clock is the test's to turn. */
export const world = {
  time: 0,
  lines: [],
  errors: [],
  /** Whether the program is to end with a status that says so. */
  failed: false,
  /** The milliseconds of each timer that is running, by its id. */
  timers: new Map(),
  /** Those that the program does not end without. */
  awaited: new Set(),
};

const { push } = Array.prototype;
const addLine = push.bind(world.lines);
const addError = push.bind(world.errors);
const setTime = Map.prototype.set.bind(world.timers);
const stopTimer = Map.prototype.delete.bind(world.timers);
const addAwaited = Set.prototype.add.bind(world.awaited);
const encoder = new node.TextEncoder();
const decoder = new node.TextDecoder('utf-8', { ignoreBOM: true });
const encode = encoder.encode.bind(encoder);
const decode = decoder.decode.bind(decoder);
const HostURL = node.URL;
const { canParse } = HostURL;

globalThis.host = {
  now: () => world.time,
  timeOrigin: () => 1_700_000_000_000.5,
  print: (text) => void addLine(text),
  printError: (text) => void addError(text),
  fail() {
    world.failed = true;
  },
  startTimer(id, milliseconds, isAwaited) {
    setTime(id, milliseconds);
    if (isAwaited) addAwaited(id);
  },
  stopTimer: (id) => void stopTimer(id),
  parseUrl: (url, base) => (canParse(url, base) ? partsOf(new HostURL(url, base)) : undefined),
  setUrlPart(href, name, value) {
    const url = new HostURL(href);
    url[name] = value;
    return partsOf(url);
  },
  encode: (string) => encode(string),
  decode: (bytes) => decode(bytes),
};

// The worker has one flat space of names: what is not here is of the npm package.
const folders = [new node.URL('..', import.meta.url).href, new node.URL('../../../../../js/src/', import.meta.url).href];
register(`data:text/javascript,${encodeURIComponent(`
  import { existsSync } from 'node:fs';
  const folders = ${JSON.stringify(folders)};
  export async function resolve(specifier, context, next) {
    if (!/^\\.\\/[\\w-]+\\.js$/.test(specifier) || !folders.some((folder) => context.parentURL?.startsWith(folder))) {
      return next(specifier, context);
    }
    const url = folders.map((folder) => new URL(specifier, folder)).find(existsSync);
    return { url: url.href, format: 'module', shortCircuit: true };
  }
`)}`);

/** A module of the worker, by its name. */
export function load(name) {
  return import(`./${name}.js`);
}

/**
 * Checks what Web IDL says of every class: its tag, that members are enumerable, that getters and methods refuse objects of
 * other kinds, and how many arguments a method requires at least.
 */
export function checkInterface(assert, Class, instance, { lengths, length }) {
  assert.equal(Object.prototype.toString.call(Class.prototype), `[object ${Class.name}]`);
  assert.equal(Object.getOwnPropertyDescriptor(Class, 'prototype').writable, false);
  assert.equal(Class.length, length);
  assert.throws(() => Class(), TypeError);
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(Class.prototype))) {
    if (name === 'constructor') continue;
    assert.equal(descriptor.enumerable, true, name);
    if (descriptor.get) {
      assert.throws(() => descriptor.get.call({}), TypeError, name);
      assert.equal(descriptor.get.name, `get ${name}`);
      descriptor.get.call(instance);
    } else if (typeof descriptor.value === 'function') {
      const required = Object.hasOwn(lengths, name) ? lengths[name] : 0;
      assert.equal(descriptor.value.name, name);
      assert.equal(descriptor.value.length, required, name);
      refuses(assert, descriptor.value, required);
    }
    if (descriptor.set) assert.throws(() => descriptor.set.call({}, ''), TypeError, name);
  }
}

/** A method that gives promises refuses by a promise. */
function refuses(assert, method, required) {
  const parameters = Array.from({ length: required }, () => 'x');
  let returned;
  try {
    returned = method.apply({}, parameters);
  } catch (error) {
    assert.ok(error instanceof TypeError, method.name);
    return;
  }
  assert.ok(returned instanceof Promise, method.name);
  returned.then(() => assert.fail(method.name), (error) => assert.ok(error instanceof TypeError, method.name));
}
