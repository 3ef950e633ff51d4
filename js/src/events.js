// The events a WebSocket fires, and CloseEvent for hosts that have none.

import { defineInterface, requireArguments, toUnsignedShort, toUSVString } from './webidl.js';

/** The host's own class, whatever a program puts in its place afterwards. */
export const { Event } = globalThis;

/** https://websockets.spec.whatwg.org/#the-closeevent-interface */
function defineCloseEvent() {
  class CloseEvent extends Event {
    #wasClean;
    #code;
    #reason;

    constructor(type, eventInitDict = {}) {
      requireArguments(arguments.length, 1, "Failed to construct 'CloseEvent'");
      super(type, eventInitDict);
      // The members of a dictionary are read in lexicographical order, those inherited before its own.
      const { code = 0, reason = '', wasClean = false } = eventInitDict ?? {};
      this.#code = toUnsignedShort(code);
      this.#reason = toUSVString(reason);
      this.#wasClean = Boolean(wasClean);
    }

    get wasClean() {
      return this.#wasClean;
    }

    get code() {
      return this.#code;
    }

    get reason() {
      return this.#reason;
    }
  }

  defineInterface(CloseEvent, ['wasClean', 'code', 'reason']);
  return CloseEvent;
}

/** The host's own class where it has one, for `instanceof` to hold for both. */
export const CloseEvent = globalThis.CloseEvent ?? defineCloseEvent();

/** The host's own class, under its name also as a string; Node's lacks the tag that Web IDL gives it. */
function defineMessageEvent(HostMessageEvent) {
  class MessageEvent extends HostMessageEvent {}
  defineInterface(MessageEvent, []);
  return MessageEvent;
}

export const MessageEvent = Object.hasOwn(globalThis.MessageEvent.prototype, Symbol.toStringTag)
  ? globalThis.MessageEvent
  : defineMessageEvent(globalThis.MessageEvent);

const { dispatchEvent } = EventTarget.prototype;

/** Fires an event at a target, whatever a program has done to the target's own `dispatchEvent`. */
export function fire(target, event) {
  Reflect.apply(dispatchEvent, target, [event]);
}
