// The global scope of a worker, but for the sockets.

import { AbortController, AbortSignal } from './abort.js';
import { Blob } from './blob.js';
import { console } from './console.js';
import { DOMException } from './dom-exception.js';
import { TextDecoder, TextEncoder } from './encoding.js';
import { Event } from './event.js';
import { EventTarget } from './event-target.js';
import { CloseEvent, ErrorEvent, MessageEvent, PromiseRejectionEvent } from './events.js';
import { globalScope } from './global-scope.js';
import { queueMicrotask } from './microtask.js';
import { performance } from './performance.js';
import { reportError } from './report.js';
import * as streams from './streams.js';
import { clearInterval, clearTimeout, setInterval, setTimeout } from './timers.js';
import { URL } from './url.js';
import { URLSearchParams } from './url-search-params.js';

/** Gives the global object what Web IDL wants it to have: interfaces and namespaces that are not enumerable. */
export function install(properties) {
  for (const name of Object.keys(properties)) {
    Object.defineProperty(globalThis, name, {
      value: properties[name], writable: true, enumerable: false, configurable: true,
    });
  }
}

install({
  AbortController, AbortSignal, Blob, CloseEvent, DOMException, ErrorEvent, Event, EventTarget, MessageEvent,
  PromiseRejectionEvent, TextDecoder, TextEncoder, URL, URLSearchParams, ...streams,
  console, performance, self: globalThis,
  clearInterval, clearTimeout, queueMicrotask, reportError, setInterval, setTimeout,
});
for (const name of Object.keys(globalScope)) {
  const descriptor = Object.getOwnPropertyDescriptor(globalScope, name);
  Object.defineProperty(globalThis, name, { ...descriptor, enumerable: true, configurable: true });
}
