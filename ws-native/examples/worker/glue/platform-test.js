// What the runner of the web-platform-tests asks of a host.

import { provide } from './event-target.js';
import { host } from './host.js';
import { install } from './globals.js';

/** Lets the runner know of its end, and hear of errors that nobody has caught. */
export function installPlatformTest() {
  install({
    __wptDone: () => host.exit(),
  });
}
