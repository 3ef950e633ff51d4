// The targets of events. None of them has a parent here: the path of an event is its target alone.
// https://dom.spec.whatwg.org/#interface-eventtarget

import { isObject } from './conversion.js';
import { DOMException } from './dom-exception.js';
import { PHASES, stateOf } from './event.js';
import { apply, defineProperty, push } from './intrinsics.js';
import { defineInterface, requireArguments, toDOMString } from './webidl.js';

const WeakReference = WeakRef;
const { deref } = WeakRef.prototype;

/** What others provide as they are loaded: they are made of events themselves. */
const provided = {
  /** report.js: what becomes of an exception in a listener. */
  reportException: undefined,
  /** abort.js: checks a signal, and says whether it has been aborted. */
  isAborted: undefined,
  /** abort.js: has a function called when the signal is aborted. */
  addAlgorithm: undefined,
  /** connection.js: a target has got a listener, or has one fewer. */
  listenersChanged: undefined,
};

export function provide(functions) {
  Object.assign(provided, functions);
}

/** https://dom.spec.whatwg.org/#concept-event-listener */
class Listener {
  type;
  callback;
  capture = false;
  once = false;
  passive = false;
  signal = undefined;
  removed = false;

  constructor(type, callback) {
    this.type = type;
    this.callback = callback;
  }

  /** https://dom.spec.whatwg.org/#event-flatten-more */
  setOptions(options) {
    if (!isObject(options)) {
      this.capture = Boolean(options);
      return;
    }
    this.capture = Boolean(options.capture);
    this.once = Boolean(options.once);
    this.passive = Boolean(options.passive);
    const { signal } = options;
    // A call that throws a TypeError unless it is given a signal.
    if (signal !== undefined) provided.isAborted(signal);
    this.signal = signal;
  }
}
Object.freeze(Listener.prototype);

/** The event listener list of a target. */
class ListenerList {
  /** It is replaced and never changed, so that an event goes on with the listeners there were when it came. */
  items = [];

  find(type, callback, capture) {
    const { items } = this;
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index];
      if (item.type === type && item.callback === callback && item.capture === capture) return item;
    }
    return undefined;
  }

  add(listener) {
    this.#replace(undefined, listener);
  }

  remove(listener) {
    listener.removed = true;
    this.#replace(listener, undefined);
  }

  #replace(removed, added) {
    const items = [];
    for (let index = 0; index < this.items.length; index += 1) {
      if (this.items[index] !== removed) push(items, this.items[index]);
    }
    if (added) push(items, added);
    this.items = items;
  }
}
Object.freeze(ListenerList.prototype);

const globalListeners = new ListenerList();

/** @type {(target: EventTarget) => ListenerList} throws a TypeError when it is given anything but a target */
let listenersOf;

export class EventTarget {
  #listeners = new ListenerList();

  static {
    listenersOf = (target) => (target === globalThis ? globalListeners : target.#listeners);
  }

  addEventListener(type, callback, options = {}) {
    // Web IDL: an operation that is called on nothing is called on the global object.
    const target = this ?? globalThis;
    const listeners = listenersOf(target);
    requireArguments(arguments.length, 2, "Failed to execute 'addEventListener' on 'EventTarget'");
    const listener = new Listener(toDOMString(type), toListenerCallback(callback));
    listener.setOptions(options);
    // 2. If listener's signal is not null and is aborted, then return.
    if (listener.signal !== undefined && provided.isAborted(listener.signal)) return;
    // 3. If listener's callback is null, then return.
    if (listener.callback === null) return;
    // 5. If eventTarget's event listener list does not contain an event listener whose type is listener's type,
    //    callback is listener's callback, and capture is listener's capture, then append listener to eventTarget's
    //    event listener list.
    if (listeners.find(listener.type, listener.callback, listener.capture)) return;
    listeners.add(listener);
    provided.listenersChanged?.(target);
    // 6. If listener's signal is not null, then add the following abort steps to it: Remove an event listener with
    //    eventTarget and listener.
    if (listener.signal !== undefined) provided.addAlgorithm(listener.signal, removal(target, listener));
  }

  removeEventListener(type, callback, options = {}) {
    const target = this ?? globalThis;
    const listeners = listenersOf(target);
    requireArguments(arguments.length, 2, "Failed to execute 'removeEventListener' on 'EventTarget'");
    const name = toDOMString(type);
    const listenerCallback = toListenerCallback(callback);
    const capture = Boolean(isObject(options) ? options.capture : options);
    // 2. If this's event listener list contains an event listener whose type is type, callback is callback, and capture
    //    is capture, then remove an event listener with this and that event listener.
    const listener = listeners.find(name, listenerCallback, capture);
    if (listener) remove(target, listener);
  }

  dispatchEvent(event) {
    const target = this ?? globalThis;
    const listeners = listenersOf(target);
    requireArguments(arguments.length, 1, "Failed to execute 'dispatchEvent' on 'EventTarget'");
    const state = stateOf(event);
    // 1. If event's dispatch flag is set, or if its initialized flag is not set, then throw an "InvalidStateError"
    //    DOMException.
    if (state.dispatch) {
      throw new DOMException('the event is being dispatched', 'InvalidStateError');
    }
    // 2. Initialize event's isTrusted attribute to false.
    state.isTrusted = false;
    // 3. Return the result of dispatching event to this.
    return dispatch(event, state, target, listeners);
  }
}

defineInterface(EventTarget, ['addEventListener', 'removeEventListener', 'dispatchEvent']);

/** What a signal does when it aborts. It does not keep the target, of which there may be many in the life of a signal. */
function removal(target, listener) {
  const reference = new WeakReference(target);
  return () => {
    const kept = apply(deref, reference, []);
    if (kept !== undefined) remove(kept, listener);
  };
}

/** https://dom.spec.whatwg.org/#remove-an-event-listener */
function remove(target, listener) {
  listenersOf(target).remove(listener);
  provided.listenersChanged?.(target);
}

function toListenerCallback(value) {
  if (value === undefined || value === null) return null;
  if (!isObject(value)) throw new TypeError('the listener is neither a function nor an object');
  return value;
}

/**
 * Dispatches an event of the program itself; says whether it was left alone, and not canceled. Where no script is running,
 * `checkpoint` is what has to happen after each callback: a microtask checkpoint.
 */
export function dispatchTrusted(target, event, checkpoint = undefined) {
  const state = stateOf(event);
  state.isTrusted = true;
  return dispatch(event, state, target, listenersOf(target), checkpoint);
}

/** How many listeners a target has for events of that type. */
export function listenerCount(target, type) {
  const { items } = listenersOf(target);
  let count = 0;
  for (let index = 0; index < items.length; index += 1) {
    if (items[index].type === type) count += 1;
  }
  return count;
}

/** https://dom.spec.whatwg.org/#concept-event-dispatch */
function dispatch(event, state, target, listeners, checkpoint) {
  // 1. Set event's dispatch flag.
  state.dispatch = true;
  state.target = target;
  state.eventPhase = PHASES.AT_TARGET;
  // 13. For each struct in event's path, in reverse order: [...] Invoke with struct, event, "capturing" [...].
  invoke(event, state, listeners, true, checkpoint);
  // 14. For each struct in event's path: [...] Invoke with struct, event, "bubbling" [...].
  invoke(event, state, listeners, false, checkpoint);
  // 6. Set event's eventPhase attribute to NONE.
  state.eventPhase = PHASES.NONE;
  // 7. Set event's currentTarget attribute to null.
  state.currentTarget = null;
  // 9. Unset event's dispatch flag, stop propagation flag, and stop immediate propagation flag.
  state.dispatch = false;
  state.stopPropagation = false;
  state.stopImmediatePropagation = false;
  // 12. Return false if event's canceled flag is set; otherwise true.
  return !state.canceled;
}

/** https://dom.spec.whatwg.org/#concept-event-listener-invoke and what it calls, the inner invoke. */
function invoke(event, state, listeners, capture, checkpoint) {
  // If event's stop propagation flag is set, then return.
  if (state.stopPropagation) return;
  // Initialize event's currentTarget attribute to struct's invocation target.
  state.currentTarget = state.target;
  // Let listeners be a clone of event's currentTarget attribute value's event listener list.
  const { items } = listeners;
  // For each listener of listeners, whose removed is false:
  for (let index = 0; index < items.length; index += 1) {
    const listener = items[index];
    if (listener.removed || listener.type !== state.type || listener.capture !== capture) continue;
    // If listener's once is true, then remove an event listener given event's currentTarget attribute value and
    // listener.
    if (listener.once) remove(state.currentTarget, listener);
    // If listener's passive is true, then set event's in passive listener flag.
    state.inPassiveListener = listener.passive;
    // Call a user object's operation with listener's callback, "handleEvent", « event », and event's currentTarget
    // attribute value. If this throws an exception exception, then: Report exception [...].
    try {
      call(listener.callback, state.currentTarget, event);
    } catch (exception) {
      provided.reportException(exception);
    }
    // Web IDL, call a user object's operation, "clean up after running script": If the JavaScript execution context stack is
    // now empty, perform a microtask checkpoint.
    if (checkpoint !== undefined) checkpoint();
    // Unset event's in passive listener flag.
    state.inPassiveListener = false;
    // If event's stop immediate propagation flag is set, then break.
    if (state.stopImmediatePropagation) return;
  }
}

function call(callback, currentTarget, event) {
  if (typeof callback === 'function') {
    apply(callback, currentTarget, [event]);
    return;
  }
  const { handleEvent } = callback;
  if (typeof handleEvent !== 'function') throw new TypeError('the listener has no method handleEvent');
  apply(handleEvent, callback, [event]);
}

/** Whether a handler is asked for by the host and not by the program, which event-handler.js wants to know. Here no host does. */
export const isHostAsking = () => false;

// As for Event: event-handler.js has to be loaded later than this.
defineProperty(globalThis, 'EventTarget', {
  value: EventTarget, writable: true, enumerable: false, configurable: true,
});
