import { defineInterface, requireArguments, toDictionary, toUnsignedShort, toUSVString } from './webidl.js';

/**
 * Makes CloseEvent, for hosts that have none.
 * https://websockets.spec.whatwg.org/#the-closeevent-interface
 *
 * @param {typeof globalThis.Event} Event the host's
 */
export function defineCloseEvent(Event) {
  class CloseEvent extends Event {
    #wasClean;
    #code;
    #reason;

    constructor(type, eventInitDict = {}) {
      requireArguments(arguments.length, 1, "Failed to construct 'CloseEvent'");
      super(type, eventInitDict);
      // The members of a dictionary are read in lexicographical order, those inherited before its own.
      const { code = 0, reason = '', wasClean = false } = toDictionary(eventInitDict, 'the second argument');
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
