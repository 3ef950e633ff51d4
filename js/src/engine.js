// The RFC 6455 engine, compiled to WebAssembly. It is loaded at the first use, and at once: a constructor cannot wait.

import { readFileSync } from 'node:fs';

import { initSync, Session } from './wasm/isosocket_engine.js';

let loaded = false;

/**
 * Makes the engine's side of one connection.
 *
 * @param {ConstructorParameters<typeof Session>} parameters
 */
export function createSession(...parameters) {
  if (!loaded) {
    const module = new WebAssembly.Module(readFileSync(new URL('./wasm/isosocket_engine_bg.wasm', import.meta.url)));
    initSync({ module });
    loaded = true;
  }
  return new Session(...parameters);
}
