// https://dom.spec.whatwg.org/#interface-event

import { toDictionary } from './conversion.js';
import { host } from './host.js';
import { defineProperty, getOwnPropertyDescriptor } from './intrinsics.js';
import { defineInterface, requireArguments, toDOMString } from './webidl.js';

export const PHASES = { NONE: 0, CAPTURING_PHASE: 1, AT_TARGET: 2, BUBBLING_PHASE: 3 };

/** What the algorithms below know of an event. */
class State {
  type = '';
  target = null;
  currentTarget = null;
  eventPhase = PHASES.NONE;
  bubbles = false;
  cancelable = false;
  composed = false;
  isTrusted = false;
  timeStamp = host.now();
  // The flags, by the standard's names.
  stopPropagation = false;
  stopImmediatePropagation = false;
  canceled = false;
  inPassiveListener = false;
  dispatch = false;

  /** https://dom.spec.whatwg.org/#concept-event-initialize */
  initialize(type, bubbles, cancelable) {
    // 1. Set event's initialized flag. (Without createEvent() there is no event that has it unset.)
    // 2. Unset event's stop propagation flag, stop immediate propagation flag, and canceled flag.
    this.stopPropagation = false;
    this.stopImmediatePropagation = false;
    this.canceled = false;
    // 3. Set event's isTrusted attribute to false.
    this.isTrusted = false;
    // 4. Set event's target to null.
    this.target = null;
    // 5. Set event's type attribute to type.
    this.type = type;
    // 6. Set event's bubbles attribute to bubbles.
    this.bubbles = bubbles;
    // 7. Set event's cancelable attribute to cancelable.
    this.cancelable = cancelable;
  }

  /** https://dom.spec.whatwg.org/#set-the-canceled-flag */
  cancel() {
    // To set the canceled flag, given an event event, if event's cancelable attribute value is true and event's in
    // passive listener flag is unset, then set event's canceled flag, and do nothing otherwise.
    if (this.cancelable && !this.inPassiveListener) this.canceled = true;
  }
}
Object.freeze(State.prototype);

/** @type {(event: Event) => State} throws a TypeError when it is given anything but an event */
export let stateOf;

export class Event {
  #state = new State();

  static {
    stateOf = (event) => event.#state;
  }

  constructor(type, eventInitDict = {}) {
    requireArguments(arguments.length, 1, "Failed to construct 'Event'");
    const state = this.#state;
    state.type = toDOMString(type);
    const init = toDictionary(eventInitDict);
    state.bubbles = Boolean(init.bubbles);
    state.cancelable = Boolean(init.cancelable);
    state.composed = Boolean(init.composed);
    defineProperty(this, 'isTrusted', isTrusted);
  }

  get type() {
    return this.#state.type;
  }

  get target() {
    return this.#state.target;
  }

  /** The old name of `target`. */
  get srcElement() {
    return this.#state.target;
  }

  get currentTarget() {
    return this.#state.currentTarget;
  }

  composedPath() {
    const { currentTarget } = this.#state;
    return currentTarget === null ? [] : [currentTarget];
  }

  get eventPhase() {
    return this.#state.eventPhase;
  }

  stopPropagation() {
    this.#state.stopPropagation = true;
  }

  get cancelBubble() {
    return this.#state.stopPropagation;
  }

  set cancelBubble(value) {
    const state = this.#state;
    if (value) state.stopPropagation = true;
  }

  stopImmediatePropagation() {
    const state = this.#state;
    state.stopPropagation = true;
    state.stopImmediatePropagation = true;
  }

  get bubbles() {
    return this.#state.bubbles;
  }

  get cancelable() {
    return this.#state.cancelable;
  }

  get returnValue() {
    return !this.#state.canceled;
  }

  set returnValue(value) {
    const state = this.#state;
    if (!value) state.cancel();
  }

  preventDefault() {
    this.#state.cancel();
  }

  get defaultPrevented() {
    return this.#state.canceled;
  }

  get composed() {
    return this.#state.composed;
  }

  get timeStamp() {
    return this.#state.timeStamp;
  }

  initEvent(type, bubbles = false, cancelable = false) {
    const state = this.#state;
    requireArguments(arguments.length, 1, "Failed to execute 'initEvent' on 'Event'");
    const newType = toDOMString(type);
    // 1. If this's dispatch flag is set, then return.
    if (state.dispatch) return;
    // 2. Initialize this with type, bubbles, and cancelable.
    state.initialize(newType, Boolean(bubbles), Boolean(cancelable));
  }
}

defineInterface(Event, [
  'type', 'target', 'srcElement', 'currentTarget', 'composedPath', 'eventPhase', 'stopPropagation', 'cancelBubble',
  'stopImmediatePropagation', 'bubbles', 'cancelable', 'returnValue', 'preventDefault', 'defaultPrevented', 'composed',
  'timeStamp', 'initEvent',
], PHASES);

/** [LegacyUnforgeable]: each event has the attribute as a property of its own. */
const isTrusted = {
  get: getOwnPropertyDescriptor({ get isTrusted() { return stateOf(this).isTrusted; } }, 'isTrusted').get,
  set: undefined,
  enumerable: true,
  configurable: false,
};

// event-handler.js takes the global class's methods as it is loaded, and so has to be loaded later than this.
defineProperty(globalThis, 'Event', { value: Event, writable: true, enumerable: false, configurable: true });
