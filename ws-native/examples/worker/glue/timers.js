// https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timers

import { toLong } from './conversion.js';
import { host } from './host.js';
import { apply, OwnMap } from './intrinsics.js';
import { reportException } from './report.js';
import { requireArguments } from './webidl.js';

/** How deep timers may set each other without being slowed down. */
const FREE_NESTING = 5;
/** The shortest time, in milliseconds, of those that are deeper. */
const SHORTEST_NESTED = 4;

/**
 * Those that have been started and have not ended.
 *
 * @typedef {object} Timer
 * @property {() => void} steps
 * @property {number} milliseconds
 * @property {boolean} repeat
 * @property {boolean} isScripts whether a script has started it, and may clear it
 * @property {number} nestingLevel
 */
const timers = new OwnMap();
let lastId = 0;
/** The depth of the timer whose task is running. Deviation: 0 in the microtasks of that task. */
let nestingLevel = 0;

/**
 * Has `steps` run once, in a task, when `milliseconds` have passed: for the program's own use. It does not wait for them
 * before it ends.
 * https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#run-steps-after-a-timeout
 */
export function runAfter(milliseconds, steps) {
  lastId += 1;
  start(lastId, { steps, milliseconds, repeat: false, isScripts: false, nestingLevel: 0 });
}

/** Called by the host, in a task, when the time of a timer has passed. */
export function timer(id) {
  // 9.2. If id does not exist in global's map of setTimeout and setInterval IDs, then abort these steps.
  const entry = timers.get(id);
  if (entry === undefined) return;
  nestingLevel = entry.nestingLevel;
  try {
    entry.steps();
    // 9.7. If id does not exist in global's map of setTimeout and setInterval IDs, then abort these steps.
    if (timers.get(id) !== entry) return;
    timers.delete(id);
    // 9.9. If repeat is true, then perform the timer initialization steps again, given global, handler, timeout,
    //      arguments, true, and id.
    if (entry.repeat) initialize(id, entry);
  } finally {
    nestingLevel = 0;
  }
}

/** https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#timer-initialisation-steps */
function initialize(id, { steps, milliseconds, repeat }) {
  // 4. If timeout is less than 0, then set timeout to 0.
  let delay = milliseconds < 0 ? 0 : milliseconds;
  // 5. If nesting level is greater than 5, and timeout is less than 4, then set timeout to 4.
  if (nestingLevel > FREE_NESTING && delay < SHORTEST_NESTED) delay = SHORTEST_NESTED;
  // 10. Increment nesting level by one.
  // 11. Set task's timer nesting level to nesting level.
  start(id, { steps, milliseconds: delay, repeat, isScripts: true, nestingLevel: nestingLevel + 1 });
}

function start(id, entry) {
  timers.set(id, entry);
  host.startTimer(id, entry.milliseconds, entry.isScripts);
}

/** Starts a timer for a script. */
function set(handler, milliseconds, parameters, repeat) {
  // Deviation: a string is refused and not compiled, as where a content security policy forbids it.
  if (typeof handler !== 'function') throw new TypeError('the handler is not a function');
  const steps = () => {
    // 9.5. If handler is a Function, then invoke handler given arguments and "report", and with callback this value set
    //      to thisArg.
    try {
      apply(handler, globalThis, parameters);
    } catch (exception) {
      reportException(exception);
    }
  };
  // 2. If previousId was given, let id be previousId; otherwise, let id be an implementation-defined integer that is
  //    greater than zero and does not already exist in global's map of setTimeout and setInterval IDs.
  lastId += 1;
  initialize(lastId, { steps, milliseconds, repeat });
  return lastId;
}

export function setTimeout(handler, timeout = 0, ...parameters) {
  requireArguments(arguments.length, 1, "Failed to execute 'setTimeout'");
  return set(handler, toLong(timeout), parameters, false);
}

export function setInterval(handler, timeout = 0, ...parameters) {
  requireArguments(arguments.length, 1, "Failed to execute 'setInterval'");
  return set(handler, toLong(timeout), parameters, true);
}

/** https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#dom-cleartimeout */
export function clearTimeout(id = 0) {
  const number = toLong(id);
  if (!timers.get(number)?.isScripts) return;
  // 1. Remove this's map of setTimeout and setInterval IDs[id].
  timers.delete(number);
  host.stopTimer(number);
}

export function clearInterval(id = 0) {
  clearTimeout(id);
}
