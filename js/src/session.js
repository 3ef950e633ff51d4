// The engine's side of a connection, with the program's settings.

import { createSession, loadEngine } from './engine.js';
import { applyProtocolOptions } from './options.js';
import { requestTargetOf } from './request.js';

/**
 * Makes the engine's side, with the program's settings.
 *
 * @param {() => WebAssembly.Module} loadModule gives the engine's module
 * @param {URL} url
 * @param {{ protocols: string[], headers: string[], dictionary?: object }} init the headers as `headersFor` gives them
 * @param {number} now
 * @param {() => void} died called if the engine cannot go on with it: it is to be polled
 */
export function newSession(loadModule, url, { protocols, headers, dictionary }, now, died) {
  const request = { ...requestTargetOf(url), protocols, headers };
  loadEngine(loadModule);
  return createSession(request, (settings) => applyProtocolOptions(dictionary, settings), now, died);
}
