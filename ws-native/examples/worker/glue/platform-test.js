// What the runner of the web-platform-tests asks of a host.

import { host } from './host.js';
import { install } from './globals.js';

/** Lets the runner know of its end, and hear of errors that nobody has caught. */
export function installPlatformTest() {
  const { addEventListener } = globalThis;
  install({ __wptDone: () => host.exit() });
  // The tests have no other way to shared memory.
  if (globalThis.WebAssembly === undefined) install({ WebAssembly: { Memory } });
  // The test puts functions of its own in the place of addEventListener, to be told by __wptError.
  addEventListener('error', (event) => tell(event, event.error));
  addEventListener('unhandledrejection', (event) => tell(event, event.reason));
}

function tell(event, value) {
  if (typeof globalThis.__wptError !== 'function') return;
  event.preventDefault();
  globalThis.__wptError(event.type, value);
}

/** Shared memory, which is all that these tests want of WebAssembly. */
class Memory {
  constructor({ initial }) {
    this.buffer = new SharedArrayBuffer(initial * 0x10000);
  }
}
