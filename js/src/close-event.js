import { defineInterface, requireArguments, toDictionary, toDOMString, toUnsignedShort, toUSVString } from './webidl.js';

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
      const typeString = toDOMString(type);
      // The members of a dictionary are read in lexicographical order, those inherited before its own, and each is converted before
      // the next is read.
      const dictionary = toDictionary(eventInitDict, 'the second argument');
      const { bubbles, cancelable, composed, code: number = 0 } = dictionary;
      const code = toUnsignedShort(number);
      const { reason: text = '' } = dictionary;
      const reason = toUSVString(text);
      const wasClean = Boolean(dictionary.wasClean);
      super(typeString, /** @type {EventInit} */ ({ bubbles, cancelable, composed, code, reason, wasClean }));
      this.#code = code;
      this.#reason = reason;
      this.#wasClean = wasClean;
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
