// The worker's global scope, and what the program calls: each function in a task of its own.

import { install } from './globals.js';
import { lookAtConnections, open, tasks } from './connection.js';
import { host } from './host.js';
import { location } from './location.js';
import { installPlatformTest } from './platform-test.js';
import { notifyRejections, rejectionHandled, reportException, unhandledRejection } from './report.js';
import { defineWebSocketStream } from './stream.js';
import { timer } from './timers.js';
import { defineWebSocket } from './websocket.js';

const { WebSocket } = defineWebSocket(open);
const { WebSocketError, WebSocketStream } = defineWebSocketStream(open);

install({ WebSocket, WebSocketError, WebSocketStream });
if (location) install({ location });
if (host.isPlatformTest()) installPlatformTest();

export const { closed, opened, received, written } = tasks;
export { rejectionHandled, reportException as report, timer, unhandledRejection };

/** Called at the end of each microtask checkpoint. */
export function checkpoint() {
  notifyRejections();
  lookAtConnections();
}
