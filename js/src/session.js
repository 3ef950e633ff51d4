// The engine's side of a connection, with the program's settings.

import { createSession, loadEngine, Settings } from './engine.js';
import { applyProtocolOptions } from './options.js';
import { targetOf } from './request.js';

/** Makes the engine's side, with the program's settings. */
export function newSession(host, url, protocols, headers, dictionary, now) {
  const { host: authority, resource } = targetOf(url);
  loadEngine(host.loadModule);
  const settings = new Settings();
  try {
    applyProtocolOptions(dictionary, settings);
  } catch (error) {
    settings.free();
    throw error;
  }
  // The session takes the settings over.
  return createSession(authority, resource, protocols, headers, settings, now);
}
