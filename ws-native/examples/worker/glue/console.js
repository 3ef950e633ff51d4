// https://console.spec.whatwg.org/

import { isObject } from './conversion.js';
import { host } from './host.js';
import { indent, inspect } from './inspect.js';
import { apply, defineProperty, indexOf, OwnMap, slice } from './intrinsics.js';
import { toDOMString } from './webidl.js';

const { print, printError } = host;
const { isNaN } = Number;
const integerOf = parseInt;
const numberOf = parseFloat;
const StackHolder = Error;

const GROUP_INDENTATION = '  ';
let indentation = '';

function write(printLine, text) {
  apply(printLine, host, [indentation + indent(text, indentation)]);
}

/** https://console.spec.whatwg.org/#logger, with what the Formatter does. */
function format(data) {
  let text = '';
  let next = 0;
  if (typeof data[0] === 'string') {
    next = 1;
    text = substitute(data[0], () => (next < data.length ? { value: data[next++] } : undefined));
  }
  for (; next < data.length; next += 1) {
    const item = data[next];
    const shown = typeof item === 'string' ? item : inspect(item);
    text += next === 0 ? shown : ` ${shown}`;
  }
  return text;
}

/** Puts values in the places of the specifiers; those for which none is left stay. */
function substitute(template, takeValue) {
  let text = '';
  for (let index = 0; index < template.length; index += 1) {
    const letter = template[index + 1];
    if (template[index] !== '%' || letter === undefined) {
      text += template[index];
      continue;
    }
    const converted = letter === '%' ? '%' : convert(letter, takeValue);
    if (converted === undefined) {
      text += '%';
      continue;
    }
    text += converted;
    index += 1;
  }
  return text;
}

/** https://console.spec.whatwg.org/#formatter */
function convert(letter, takeValue) {
  const conversion = CONVERSIONS[letter];
  const taken = conversion === undefined ? undefined : takeValue();
  return taken === undefined ? undefined : conversion(taken.value);
}

const CONVERSIONS = Object.assign(Object.create(null), {
  s: (value) => (isObject(value) || typeof value === 'symbol' ? inspect(value) : `${value}`),
  d: (value) => asNumber(integerOf, value),
  i: (value) => asNumber(integerOf, value),
  f: (value) => asNumber(numberOf, value),
  o: inspect,
  O: inspect,
  // Styles are for browsers.
  c: () => '',
});

function asNumber(parse, value) {
  // If current is a Symbol, let converted be NaN.
  const number = isObject(value) || typeof value === 'symbol' ? NaN : parse(`${value}`, 10);
  return isNaN(number) ? 'NaN' : `${number}`;
}

/** The numbers of calls of count(), by label. */
const counts = new OwnMap();
/** When the timers of time() began, by label. */
const timerTable = new OwnMap();

function elapsed(label) {
  const start = timerTable.get(label);
  if (start !== undefined) return `${label}: ${(host.now() - start).toFixed(3)}ms`;
  write(printError, `there is no timer '${label}'`);
  return undefined;
}

/** Where the script is; engines that begin a stack with the name of its error do so with this one's. */
function callers() {
  const { stack } = new StackHolder();
  if (typeof stack !== 'string') return '';
  return `\n${indexOf(stack, 'Error\n') === 0 ? slice(stack, 'Error\n'.length) : stack}`;
}

const members = {
  assert(condition = false, ...data) {
    if (condition) return;
    // 2. Let message be a string without any formatting specifiers indicating generically an assertion failure (such as
    //    "Assertion failed").
    const details = format(data);
    write(printError, details === '' ? 'Assertion failed' : `Assertion failed: ${details}`);
  },

  clear() {
    indentation = '';
  },

  debug(...data) {
    write(print, format(data));
  },

  error(...data) {
    write(printError, format(data));
  },

  info(...data) {
    write(print, format(data));
  },

  log(...data) {
    write(print, format(data));
  },

  table(tabularData = undefined, properties = undefined) {
    write(print, inspect(tabularData));
  },

  trace(...data) {
    const details = format(data);
    write(printError, `Trace${details === '' ? '' : `: ${details}`}${callers()}`);
  },

  warn(...data) {
    write(printError, format(data));
  },

  dir(item = undefined, options = undefined) {
    write(print, inspect(item));
  },

  dirxml(...data) {
    write(print, format(data));
  },

  count(label = 'default') {
    const name = toDOMString(label);
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    write(print, `${name}: ${count}`);
  },

  countReset(label = 'default') {
    const name = toDOMString(label);
    if (!counts.delete(name)) write(printError, `there is no count '${name}'`);
  },

  group(...data) {
    if (data.length > 0) write(print, format(data));
    indentation += GROUP_INDENTATION;
  },

  groupCollapsed(...data) {
    if (data.length > 0) write(print, format(data));
    indentation += GROUP_INDENTATION;
  },

  groupEnd() {
    indentation = slice(indentation, GROUP_INDENTATION.length);
  },

  time(label = 'default') {
    const name = toDOMString(label);
    if (timerTable.get(name) === undefined) timerTable.set(name, host.now());
    else write(printError, `there is a timer '${name}' already`);
  },

  timeLog(label = 'default', ...data) {
    const text = elapsed(toDOMString(label));
    if (text !== undefined) write(print, data.length === 0 ? text : `${text} ${format(data)}`);
  },

  timeEnd(label = 'default') {
    const name = toDOMString(label);
    const text = elapsed(name);
    timerTable.delete(name);
    if (text !== undefined) write(print, text);
  },
};

// For historical web-compatibility reasons, the namespace object for console must have as its [[Prototype]] an empty
// object, created as if by ObjectCreate(%ObjectPrototype%), instead of %ObjectPrototype%.
export const console = Object.assign(Object.create({}), members);
defineProperty(console, Symbol.toStringTag, { value: 'console', configurable: true });
