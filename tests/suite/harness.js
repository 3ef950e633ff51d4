'use strict';

// A harness in the manner of testharness.js, for hosts that have ECMAScript, timers and what they are tested for, and
// nothing else. Tests are registered by the files of the suite and run one after the other by `run_suite`.

/** How long a test may take, in milliseconds. */
const TEST_LIMIT = 10_000;

/** The tests, in order: { section, name, kind, steps }. */
const registered = [];

let currentSection;

/** Registers the tests of one section of the standard. */
function section(name, register) {
  currentSection = name;
  register();
}

/** A test whose steps are done when they return. */
function test(steps, name) {
  register('test', steps, name);
}

/** A test whose steps give a promise; they are called with the test. */
function promise_test(steps, name) {
  register('test', steps, name);
}

/** Steps that give a promise of what a host does, in a word. Hosts differ in it: see differences.json. */
function observe(steps, name) {
  register('observation', steps, name);
}

function register(kind, steps, name) {
  if (registered.some((other) => other.section === currentSection && other.name === name)) {
    throw new Error(`there are two tests named '${name}'`);
  }
  registered.push({ section: currentSection, name, kind, steps });
}

/** What the steps of a test are given. */
class Test {
  #cleanups = [];

  /** Has something done when the test is over, however it ended; the next test waits if the steps give a promise. */
  add_cleanup(steps) {
    this.#cleanups.push(steps);
  }

  async clean_up() {
    await Promise.all(this.#cleanups.reverse().map((steps) => steps()));
  }
}

// ---- assertions ----

class AssertionError extends Error {}

function assert(condition, what) {
  if (!condition) throw new AssertionError(what);
}

function assert_true(actual, what) {
  assert_equals(actual, true, what);
}

function assert_false(actual, what) {
  assert_equals(actual, false, what);
}

function assert_equals(actual, expected, what) {
  assert(Object.is(actual, expected), `${prefix(what)}expected ${show(expected)}, got ${show(actual)}`);
}

function assert_not_equals(actual, unexpected, what) {
  assert(!Object.is(actual, unexpected), `${prefix(what)}got ${show(actual)}`);
}

/** Compares the items of two lists. */
function assert_array_equals(actual, expected, what) {
  const same = actual.length === expected.length && expected.every((item, index) => Object.is(actual[index], item));
  assert(same, `${prefix(what)}expected ${show(expected)}, got ${show(actual)}`);
}

/** The steps must throw an error of the language of this name. */
function assert_throws_js(constructor, steps, what) {
  const thrown = thrown_by(steps, what);
  const fits = thrown instanceof constructor && thrown.name === constructor.name;
  assert(fits, `${prefix(what)}expected a ${constructor.name}, got ${show(thrown)}`);
}

/** The steps must throw a DOMException of this name. */
function assert_throws_dom(name, steps, what) {
  const thrown = thrown_by(steps, what);
  const fits = thrown instanceof DOMException && thrown.name === name;
  assert(fits, `${prefix(what)}expected a DOMException named ${name}, got ${show(thrown)}`);
}

/** The steps must throw this very value. */
function assert_throws_exactly(value, steps, what) {
  assert_equals(thrown_by(steps, what), value, what);
}

function thrown_by(steps, what) {
  try {
    steps();
  } catch (thrown) {
    return thrown;
  }
  throw new AssertionError(`${prefix(what)}nothing was thrown`);
}

function prefix(what) {
  return what === undefined ? '' : `${what}: `;
}

/** A value in words, not too long. */
function show(value) {
  const words = in_words(value);
  return words.length > 300 ? `${words.slice(0, 300)}…` : words;
}

function in_words(value) {
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(in_words).join(', ')}]`;
  if (value instanceof Error || value instanceof DOMException) return `${value.name}: ${value.message}`;
  return Object.is(value, -0) ? '-0' : String(value);
}

// ---- running ----

/**
 * Runs all tests. What came of them is given to `SUITE.done`, if there is such a function, and else printed: one line of
 * JSON, { suite: [{ section, name, verdict, message }] }.
 */
async function run_suite() {
  const results = [];
  for (const { section: title, name, kind, steps } of registered) {
    const { verdict, message } = await run_one(kind, steps);
    results.push({ section: title, name, verdict, message });
  }
  const line = JSON.stringify({ suite: results });
  if (SUITE.done) SUITE.done(line);
  else console.log(line);
}

/** The verdict of a test is "pass" or "fail", that of an observation what was observed. */
async function run_one(kind, steps) {
  const running = new Test();
  let timer;
  const limit = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new AssertionError(`it took longer than ${TEST_LIMIT} ms`)), TEST_LIMIT);
  });
  try {
    const outcome = await Promise.race([Promise.resolve(running).then(steps), limit]);
    return { verdict: kind === 'test' ? 'pass' : String(outcome) };
  } catch (error) {
    return { verdict: 'fail', message: in_words(error) };
  } finally {
    await Promise.race([running.clean_up(), limit]).catch(() => {});
    clearTimeout(timer);
  }
}
