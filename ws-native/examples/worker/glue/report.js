// What becomes of exceptions and rejections that the script does not handle.
// https://html.spec.whatwg.org/multipage/webappapis.html#runtime-script-errors

import { isObject } from './conversion.js';
import { dispatchTrusted, provide } from './event-target.js';
import { ErrorEvent, PromiseRejectionEvent } from './events.js';
import { host } from './host.js';
import { inspect } from './inspect.js';
import { exec, OwnWeakMap, push } from './intrinsics.js';
import { requireArguments } from './webidl.js';

const toText = String;

/** Whether an `error` event is being fired: what its listeners throw is printed and fires no further ones. */
let inErrorReportingMode = false;

/** https://html.spec.whatwg.org/multipage/webappapis.html#report-an-exception */
export function reportException(exception) {
  let notHandled = true;
  if (!inErrorReportingMode) {
    inErrorReportingMode = true;
    try {
      // 6.3.2. Set notHandled to the result of firing an event named error at global, using ErrorEvent, with the
      //        cancelable attribute initialized to true, and additional attributes initialized according to errorInfo.
      notHandled = dispatchTrusted(globalThis, new ErrorEvent('error', errorInfo(exception)));
    } finally {
      inErrorReportingMode = false;
    }
  }
  // 7. If notHandled is true, then: [...] the user agent should report exception to a developer console.
  if (notHandled) print('Uncaught', exception);
}

provide({ reportException });

/** https://html.spec.whatwg.org/multipage/webappapis.html#dom-reporterror */
export function reportError(e) {
  requireArguments(arguments.length, 1, "Failed to execute 'reportError'");
  reportException(e);
}

/** Where a frame of a stack was, in the form that all engines have: a name, a line and mostly a column. */
const PLACE = /([^\s()@]+?):(\d+)(?::(\d+))?\)?(?:\n|$)/;

/** https://html.spec.whatwg.org/multipage/webappapis.html#extract-error */
function errorInfo(exception) {
  const info = {
    bubbles: false, cancelable: true, composed: false, colno: 0, error: exception, filename: '', lineno: 0,
    message: `Uncaught ${attempt(toText, exception)}`,
  };
  const stack = isObject(exception) ? attempt(stackOf, exception) : undefined;
  const place = typeof stack === 'string' ? exec(PLACE, stack) : null;
  if (place !== null) {
    info.filename = place[1];
    info.lineno = +place[2];
    info.colno = +(place[3] ?? 0);
  }
  return info;
}

function stackOf({ stack }) {
  return stack;
}

/** What `show` makes of an exception; it may run what the script has put into it. */
function attempt(show, exception) {
  try {
    return show(exception);
  } catch {
    return 'an exception that cannot be shown';
  }
}

function print(what, exception) {
  host.fail();
  host.printError(`${what} ${attempt(inspect, exception)}`);
}

/** The promises that were rejected without a handler since the last checkpoint, with their reasons. */
let aboutToBeNotified = [];
/** Those that have been told of, with their reasons. */
const outstanding = new OwnWeakMap();
/** Those of them that have got a handler after all. */
let handledLate = [];

/** https://html.spec.whatwg.org/multipage/webappapis.html#the-hostpromiserejectiontracker-implementation */
export function unhandledRejection(promise, reason) {
  // 6. If operation is "reject", append promise to global's about-to-be-notified rejected promises list.
  push(aboutToBeNotified, { promise, reason, isHandled: false });
}

/** The same, for operation "handle". */
export function rejectionHandled(promise) {
  // 7.1. If global's about-to-be-notified rejected promises list contains promise, then remove promise from that list
  //      and return.
  for (let index = 0; index < aboutToBeNotified.length; index += 1) {
    const rejection = aboutToBeNotified[index];
    if (rejection.promise !== promise) continue;
    rejection.isHandled = true;
    return;
  }
  // 7.2. If global's outstanding rejected promises weak set does not contain promise, then return.
  const rejection = outstanding.get(promise);
  if (rejection === undefined) return;
  // 7.3. Remove promise from global's outstanding rejected promises weak set.
  outstanding.delete(promise);
  // 7.4. Queue a global task on the DOM manipulation task source given global to fire an event named rejectionhandled
  //      at global, using PromiseRejectionEvent, with the promise attribute initialized to promise, and the reason
  //      attribute initialized to promise.[[PromiseResult]].
  push(handledLate, rejection);
}

/**
 * To be called after each microtask checkpoint; says whether listeners may have run, so that there may be microtasks
 * again. https://html.spec.whatwg.org/multipage/webappapis.html#notify-about-rejected-promises
 */
export function notifyRejections() {
  const late = handledLate;
  handledLate = [];
  for (let index = 0; index < late.length; index += 1) {
    dispatchTrusted(globalThis, rejectionEvent('rejectionhandled', false, late[index]));
  }
  const rejections = aboutToBeNotified;
  aboutToBeNotified = [];
  for (let index = 0; index < rejections.length; index += 1) notify(rejections[index]);
  return late.length + rejections.length > 0;
}

function notify(rejection) {
  // 3.1. If p.[[PromiseIsHandled]] is true, then continue.
  if (rejection.isHandled) return;
  // What a listener gives a handler to has been handled late.
  outstanding.set(rejection.promise, rejection);
  // 3.2. Let notCanceled be the result of firing an event named unhandledrejection at global, using
  //      PromiseRejectionEvent, with the cancelable attribute initialized to true, the promise attribute initialized to
  //      p, and the reason attribute initialized to p.[[PromiseResult]].
  const notCanceled = dispatchTrusted(globalThis, rejectionEvent('unhandledrejection', true, rejection));
  // 3.3. If notCanceled is true, then the user agent may report p.[[PromiseResult]] to a developer console.
  if (notCanceled) print('Uncaught (in promise)', rejection.reason);
}

function rejectionEvent(type, cancelable, { promise, reason }) {
  return new PromiseRejectionEvent(type, { bubbles: false, cancelable, composed: false, promise, reason });
}
