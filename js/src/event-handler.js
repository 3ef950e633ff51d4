import { isHostAsking } from './event-target.js';

// Taken as the module is loaded: a script that replaces them afterwards changes nothing here.
// Where a page is rendered on a server there may be none of these.
const { addEventListener, removeEventListener } = globalThis.EventTarget?.prototype ?? {};
const { preventDefault } = globalThis.Event?.prototype ?? {};
const { apply } = Reflect;

/**
 * An event handler, such as the one behind `onmessage`.
 * https://html.spec.whatwg.org/multipage/webappapis.html#event-handlers
 */
export class EventHandler {
  /** The value as it was set: a function, an object that is not callable and so does nothing, or null. */
  #value = null;
  #target;
  #type;

  constructor(target, type) {
    this.#target = target;
    this.#type = type;
  }

  get value() {
    return isHostAsking(this.#target, this.#type) ? null : this.#value;
  }

  /** Replaces the handler in its place among the listeners; the first one is put at their end. */
  set value(value) {
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    const wasActive = this.#value !== null;
    this.#value = isObject ? value : null;
    if (isObject === wasActive) return;
    const change = isObject ? addEventListener : removeEventListener;
    apply(change, this.#target, [this.#type, this.#listener]);
  }

  /** The event handler processing algorithm. */
  #listener = (event) => {
    const callback = this.#value;
    if (typeof callback !== 'function') return;
    const returned = apply(callback, this.#target, [event]);
    // If return value is false, then set event's canceled flag.
    if (returned === false) apply(preventDefault, event, []);
  };
}

/** The handlers of an object that is new, by type. */
export const handlersFor = (target, types) => Object.fromEntries(types.map((type) => [type, new EventHandler(target, type)]));

/**
 * Gives a class its attributes `on…`.
 *
 * @param {any} prototype
 * @param {string[]} types
 * @param {(object: any) => Record<string, EventHandler>} handlersOf throws for what is no object of the class
 */
export function defineHandlers(prototype, types, handlersOf) {
  for (const type of types) {
    const name = `on${type}`;
    const attribute = {
      get [name]() {
        return handlersOf(this)[type].value;
      },
      set [name](value) {
        handlersOf(this)[type].value = value;
      },
    };
    Object.defineProperty(prototype, name, Object.getOwnPropertyDescriptor(attribute, name));
  }
}
