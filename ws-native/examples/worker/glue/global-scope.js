// The global object as the target of events.
// https://html.spec.whatwg.org/multipage/webappapis.html#globaleventhandlers

import { isObject } from './conversion.js';
import { EventTarget } from './event-target.js';
import { ErrorEvent } from './events.js';
import { EventHandler } from './event-handler.js';
import { apply, getterOf } from './intrinsics.js';

const { addEventListener, removeEventListener, dispatchEvent } = EventTarget.prototype;

const message = getterOf(ErrorEvent.prototype, 'message');
const filename = getterOf(ErrorEvent.prototype, 'filename');
const lineno = getterOf(ErrorEvent.prototype, 'lineno');
const colno = getterOf(ErrorEvent.prototype, 'colno');
const error = getterOf(ErrorEvent.prototype, 'error');
const isErrorEvent = Function.prototype[Symbol.hasInstance].bind(ErrorEvent);

const errorHandler = new EventHandler(globalThis, 'error');
let onerror = null;
const unhandledRejectionHandler = new EventHandler(globalThis, 'unhandledrejection');
const rejectionHandledHandler = new EventHandler(globalThis, 'rejectionhandled');

/**
 * The event handler processing algorithm's special error event handling: the handler gets what the event says as five
 * arguments, and cancels the event by returning true.
 */
function specially(callback) {
  return (event) => {
    if (!isErrorEvent(event)) return apply(callback, globalThis, [event]);
    const information = [message(event), filename(event), lineno(event), colno(event), error(event)];
    return apply(callback, globalThis, information) !== true;
  };
}

/** What the global object is to have. */
export const globalScope = {
  addEventListener,
  removeEventListener,
  dispatchEvent,

  get onerror() {
    return onerror;
  },

  set onerror(value) {
    onerror = isObject(value) ? value : null;
    errorHandler.value = typeof value === 'function' ? specially(value) : onerror;
  },

  get onunhandledrejection() {
    return unhandledRejectionHandler.value;
  },

  set onunhandledrejection(value) {
    unhandledRejectionHandler.value = value;
  },

  get onrejectionhandled() {
    return rejectionHandledHandler.value;
  },

  set onrejectionhandled(value) {
    rejectionHandledHandler.value = value;
  },
};
