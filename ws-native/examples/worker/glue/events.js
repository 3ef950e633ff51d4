// The events that the program fires, and how it fires them.

import { defineCloseEvent } from './close-event.js';
import { isObject, toDictionary, toSequence, toUnsignedLong } from './conversion.js';
import { Event, stateOf } from './event.js';
import { dispatchTrusted } from './event-target.js';
import { host } from './host.js';
import { apply } from './intrinsics.js';
import { defineInterface, requireArguments, toDOMString, toUSVString } from './webidl.js';

export { Event };

/**
 * Fires an event at a target, whatever a script has done to both; says whether it was not canceled. To be called in a task of
 * the host in which no script is running.
 */
export function fire(target, event) {
  return dispatchTrusted(target, event, host.runMicrotasks);
}

const { initEvent } = Event.prototype;
const NO_PORTS = Object.freeze([]);

/** There are no windows and no ports that a message could come from. */
function toMessageEventSource(value) {
  if (value === undefined || value === null) return null;
  throw new TypeError('the source of a message is neither a window nor a port');
}

function toPorts(value) {
  if (value === undefined) return NO_PORTS;
  if (!isObject(value)) throw new TypeError('the ports are not a sequence');
  return Object.freeze(toSequence(value, value[Symbol.iterator], () => {
    throw new TypeError('there are no ports');
  }));
}

/** https://html.spec.whatwg.org/multipage/comms.html#messageevent */
export class MessageEvent extends Event {
  #data;
  #origin;
  #lastEventId;
  #source;
  #ports;

  constructor(type, eventInitDict = {}) {
    requireArguments(arguments.length, 1, "Failed to construct 'MessageEvent'");
    super(type, eventInitDict);
    // The members of a dictionary are read in lexicographical order, those inherited before its own.
    const { data = null, lastEventId = '', origin = '', ports, source } = toDictionary(eventInitDict);
    this.#data = data;
    this.#lastEventId = toDOMString(lastEventId);
    this.#origin = toUSVString(origin);
    this.#ports = toPorts(ports);
    this.#source = toMessageEventSource(source);
  }

  get data() {
    return this.#data;
  }

  get origin() {
    return this.#origin;
  }

  get lastEventId() {
    return this.#lastEventId;
  }

  get source() {
    return this.#source;
  }

  get ports() {
    return this.#ports;
  }

  initMessageEvent(
    type, bubbles = false, cancelable = false, data = null, origin = '', lastEventId = '', source = null, ports = [],
  ) {
    const { dispatch } = stateOf(this);
    this.#data;
    requireArguments(arguments.length, 1, "Failed to execute 'initMessageEvent' on 'MessageEvent'");
    const newType = toDOMString(type);
    const newOrigin = toUSVString(origin);
    const newLastEventId = toDOMString(lastEventId);
    const newSource = toMessageEventSource(source);
    const newPorts = toPorts(ports);
    // The initMessageEvent() method must initialize the event in a manner analogous to the similarly-named initEvent()
    // method.
    if (dispatch) return;
    apply(initEvent, this, [newType, bubbles, cancelable]);
    this.#data = data;
    this.#origin = newOrigin;
    this.#lastEventId = newLastEventId;
    this.#source = newSource;
    this.#ports = newPorts;
  }
}

defineInterface(MessageEvent, ['data', 'origin', 'lastEventId', 'source', 'ports', 'initMessageEvent']);

export const CloseEvent = defineCloseEvent(Event);

/** https://html.spec.whatwg.org/multipage/webappapis.html#the-errorevent-interface */
export class ErrorEvent extends Event {
  #message;
  #filename;
  #lineno;
  #colno;
  #error;

  constructor(type, eventInitDict = {}) {
    requireArguments(arguments.length, 1, "Failed to construct 'ErrorEvent'");
    super(type, eventInitDict);
    const { colno = 0, error, filename = '', lineno = 0, message = '' } = toDictionary(eventInitDict);
    this.#colno = toUnsignedLong(colno);
    this.#error = error;
    this.#filename = toUSVString(filename);
    this.#lineno = toUnsignedLong(lineno);
    this.#message = toDOMString(message);
  }

  get message() {
    return this.#message;
  }

  get filename() {
    return this.#filename;
  }

  get lineno() {
    return this.#lineno;
  }

  get colno() {
    return this.#colno;
  }

  get error() {
    return this.#error;
  }
}

defineInterface(ErrorEvent, ['message', 'filename', 'lineno', 'colno', 'error']);

/** https://html.spec.whatwg.org/multipage/webappapis.html#the-promiserejectionevent-interface */
export class PromiseRejectionEvent extends Event {
  #promise;
  #reason;

  constructor(type, eventInitDict) {
    requireArguments(arguments.length, 2, "Failed to construct 'PromiseRejectionEvent'");
    super(type, eventInitDict);
    const { promise, reason } = toDictionary(eventInitDict);
    if (!isObject(promise)) throw new TypeError('the promise is not an object');
    this.#promise = promise;
    this.#reason = reason;
  }

  get promise() {
    return this.#promise;
  }

  get reason() {
    return this.#reason;
  }
}

defineInterface(PromiseRejectionEvent, ['promise', 'reason']);
