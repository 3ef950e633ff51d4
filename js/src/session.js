// The engine's side of a connection, with the program's settings.

import { createSession, loadEngine } from './engine.js';
import { applyProtocolOptions } from './options.js';
import { targetOf } from './request.js';

/** Makes the engine's side, with the program's settings; `died` is called if the engine cannot go on with it: it is to be polled. */
export function newSession(host, url, protocols, headers, dictionary, now, died) {
  const { host: authority, resource } = targetOf(url);
  loadEngine(host.loadModule);
  const apply = (settings) => applyProtocolOptions(dictionary, settings);
  return createSession(authority, resource, protocols, headers, apply, now, died);
}
