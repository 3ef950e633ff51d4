// The WebSocketError interface: how a connection was closed, or is to be.
// https://github.com/whatwg/websockets/pull/48 (a proposal: the sections are those of its text)

import { defineInterface, toDOMString, toWebSocketCloseInfo } from './webidl.js';

/** Makes the class WebSocketError, and what only the user agent can do with its objects. */
export function defineWebSocketError() {
  /**
   * One whose code and reason are the peer's.
   *
   * @type {(message: string, closeCode?: number, reason?: string) => WebSocketError}
   */
  let createWebSocketError;
  /** What a value says of how to close, if it implements WebSocketError. */
  let closeInfoOf;

  class WebSocketError extends DOMException {
    #closeCode;
    #reason;

    static {
      createWebSocketError = (message, closeCode = null, reason = '') => {
        const error = new WebSocketError(message);
        error.#closeCode = closeCode;
        error.#reason = reason;
        return error;
      };
      closeInfoOf = (value) => {
        if (typeof value !== 'object' || value === null) return undefined;
        return #closeCode in value ? { closeCode: value.#closeCode ?? undefined, reason: value.#reason } : closeInfoOfOther(value);
      };
    }

    // https://websockets.spec.whatwg.org/#dom-websocketerror-websocketerror
    constructor(message = '', init = {}) {
      const text = toDOMString(message);
      const { closeCode, reason } = toWebSocketCloseInfo(init);
      // 1. Set this's name to "WebSocketError".
      // 2. Set this's message to message.
      super(text, 'WebSocketError');
      // 5. Validate close code and reason with code and reason.
      validateCloseCodeAndReason(closeCode, reason);
      // 6. If reason is non-empty, but code is null, then set code to 1000 ("Normal Closure").
      this.#closeCode = closeCode ?? (reason === '' ? null : 1000);
      this.#reason = reason;
    }

    get closeCode() {
      return this.#closeCode;
    }

    get reason() {
      return this.#reason;
    }
  }

  defineInterface(WebSocketError, ['closeCode', 'reason']);
  return { WebSocketError, createWebSocketError, closeInfoOf };
}

/** What a WebSocketError says that is another copy's of this package, or the host's. */
function closeInfoOfOther(value) {
  if (!(value instanceof DOMException) || value.name !== 'WebSocketError') return undefined;
  try {
    const given = /** @type {any} */ (value);
    const { closeCode, reason } = toWebSocketCloseInfo({ closeCode: given.closeCode ?? undefined, reason: given.reason });
    validateCloseCodeAndReason(closeCode, reason);
    return { closeCode, reason };
  } catch {
    return undefined;
  }
}

/** https://websockets.spec.whatwg.org/#validate-close-code-and-reason */
export function validateCloseCodeAndReason(code, reason) {
  // 1. If code is not null, but is neither an integer equal to 1000 nor an integer in the range 3000 to 4999,
  //    inclusive, throw an "InvalidAccessError" DOMException.
  if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
    throw new DOMException(`${code} is neither 1000 nor from 3000 to 4999`, 'InvalidAccessError');
  }
  // 2.2. If reasonBytes is longer than 123 bytes, then throw a "SyntaxError" DOMException.
  const length = utf8Length(reason);
  if (length > 123) throw new DOMException(`the reason has ${length} bytes, which is more than 123`, 'SyntaxError');
}

/** How many bytes a string that is well-formed has in UTF-8. */
export function utf8Length(string) {
  let length = 0;
  for (let index = 0; index < string.length; index += 1) {
    const unit = string.charCodeAt(index);
    // Both halves of a surrogate pair count two.
    if (unit < 0x80) length += 1;
    else if (unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff)) length += 2;
    else length += 3;
  }
  return length;
}
