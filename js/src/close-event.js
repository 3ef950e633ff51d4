import { defineInterface, requireArguments, toDictionary, toUnsignedShort, toUSVString } from './webidl.js';

/**
 * Makes CloseEvent, for hosts that have none, or one that takes its arguments as they are.
 * https://websockets.spec.whatwg.org/#the-closeevent-interface
 *
 * @param {new (type: string, init?: EventInit) => globalThis.Event} Event the host's, or what the host has of a CloseEvent
 */
export function defineCloseEvent(Event) {
  class CloseEvent extends Event {
    #wasClean;
    #code;
    #reason;

    constructor(type, eventInitDict = {}) {
      requireArguments(arguments.length, 1, "Failed to construct 'CloseEvent'");
      // The members of a dictionary are read in lexicographical order, those inherited before its own.
      const { bubbles, cancelable, composed, code = 0, reason = '', wasClean = false } = toDictionary(eventInitDict, 'the second argument');
      const own = { code: toUnsignedShort(code), reason: toUSVString(reason), wasClean: Boolean(wasClean) };
      super(type, { bubbles, cancelable, composed, ...own });
      this.#code = own.code;
      this.#reason = own.reason;
      this.#wasClean = own.wasClean;
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
