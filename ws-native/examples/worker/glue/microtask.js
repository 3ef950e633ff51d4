// https://html.spec.whatwg.org/multipage/timers-and-user-prompts.html#microtask-queuing

import { apply, defineProperty, then } from './intrinsics.js';
import { reportException } from './report.js';
import { requireArguments } from './webidl.js';

const settled = Promise.resolve();
// A promise that does not say what made it gets %Promise% for a follower, and not what a script has put in its place.
defineProperty(settled, 'constructor', { value: undefined });

export function queueMicrotask(callback) {
  requireArguments(arguments.length, 1, "Failed to execute 'queueMicrotask'");
  if (typeof callback !== 'function') throw new TypeError('the callback is not a function');
  // The queueMicrotask(callback) method must queue a microtask to invoke callback with « » and "report".
  then(settled, () => {
    try {
      apply(callback, undefined, []);
    } catch (exception) {
      reportException(exception);
    }
  });
}
