// `isosocket/engine` in workerd, where WebAssembly comes as a module that is imported.

import module from './wasm/isosocket_engine_bg.wasm';

import { initWith } from './engine-source.js';
import { connect, obeyedOptions } from './host/workerd.js';
import { defineInterfaces } from './interfaces.js';

export { CloseEvent } from './events.js';

// Deviation from RFC 6455, section 4.1, step 2: what belongs to one request cannot wait there for another one.
const takeTurn = (place, start) => {
  start();
  return () => {};
};

// It has no such contexts, unless its configuration says so.
const captureContext = () => (callback) => callback();

const loadModule = () => module;

export const init = initWith(loadModule);

export const { WebSocket, WebSocketStream, WebSocketError, ReconnectingWebSocket, failure, terminate, ref, unref, ping } =
  defineInterfaces({ connect, obeyedOptions, loadModule, takeTurn, captureContext });
