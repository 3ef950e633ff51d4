// The RFC 6455 engine, compiled to WebAssembly. It is loaded at the first use, and at once: a constructor cannot wait.

import { initSync, Session, Settings } from './wasm/isosocket_engine.js';

export { Settings };

let loaded = false;

/** Makes the engine ready, with the module that `loadModule` gives the first time. */
export function loadEngine(loadModule) {
  if (loaded) return;
  initSync({ module: loadModule() });
  loaded = true;
}

/**
 * Makes the engine's side of one connection.
 *
 * @param {ConstructorParameters<typeof Session>} parameters
 */
export const createSession = (...parameters) => new Session(...parameters);
