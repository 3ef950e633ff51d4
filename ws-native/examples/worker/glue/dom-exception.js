// https://webidl.spec.whatwg.org/#idl-DOMException

import { defineProperty } from './intrinsics.js';
import { defineInterface, toDOMString } from './webidl.js';

/** The names that have a code: a constant, the name and the code, which is the place in the list, from 1 on. */
const LEGACY = [
  ['INDEX_SIZE_ERR', 'IndexSizeError'],
  ['DOMSTRING_SIZE_ERR', undefined],
  ['HIERARCHY_REQUEST_ERR', 'HierarchyRequestError'],
  ['WRONG_DOCUMENT_ERR', 'WrongDocumentError'],
  ['INVALID_CHARACTER_ERR', 'InvalidCharacterError'],
  ['NO_DATA_ALLOWED_ERR', undefined],
  ['NO_MODIFICATION_ALLOWED_ERR', 'NoModificationAllowedError'],
  ['NOT_FOUND_ERR', 'NotFoundError'],
  ['NOT_SUPPORTED_ERR', 'NotSupportedError'],
  ['INUSE_ATTRIBUTE_ERR', 'InUseAttributeError'],
  ['INVALID_STATE_ERR', 'InvalidStateError'],
  ['SYNTAX_ERR', 'SyntaxError'],
  ['INVALID_MODIFICATION_ERR', 'InvalidModificationError'],
  ['NAMESPACE_ERR', 'NamespaceError'],
  ['INVALID_ACCESS_ERR', 'InvalidAccessError'],
  ['VALIDATION_ERR', undefined],
  ['TYPE_MISMATCH_ERR', 'TypeMismatchError'],
  ['SECURITY_ERR', 'SecurityError'],
  ['NETWORK_ERR', 'NetworkError'],
  ['ABORT_ERR', 'AbortError'],
  ['URL_MISMATCH_ERR', 'URLMismatchError'],
  ['QUOTA_EXCEEDED_ERR', 'QuotaExceededError'],
  ['TIMEOUT_ERR', 'TimeoutError'],
  ['INVALID_NODE_TYPE_ERR', 'InvalidNodeTypeError'],
  ['DATA_CLONE_ERR', 'DataCloneError'],
];

const CONSTANTS = {};
const CODES = Object.create(null);
LEGACY.forEach(([constant, name], index) => {
  CONSTANTS[constant] = index + 1;
  if (name !== undefined) CODES[name] = index + 1;
});

const HostError = Error;
const { captureStackTrace } = Error;

export class DOMException {
  #message;
  #name;

  constructor(message = '', name = 'Error') {
    this.#message = toDOMString(message);
    this.#name = toDOMString(name);
    const stack = stackOf(this);
    if (stack === undefined) return;
    defineProperty(this, 'stack', { value: stack, writable: true, enumerable: false, configurable: true });
  }

  get name() {
    return this.#name;
  }

  get message() {
    return this.#message;
  }

  get code() {
    return CODES[this.#name] ?? 0;
  }
}

/** Where the exception was made, in the engine's own form; nothing when the engine does not know. */
function stackOf(exception) {
  if (captureStackTrace === undefined) return new HostError().stack;
  captureStackTrace(exception, DOMException);
  return exception.stack;
}

defineInterface(DOMException, ['name', 'message', 'code'], CONSTANTS);
// Web IDL: the interface prototype object of DOMException has %Error.prototype% as its prototype.
Object.setPrototypeOf(DOMException.prototype, Error.prototype);
