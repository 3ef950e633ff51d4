// `isosocket` in Node, and `isosocket/engine` there: the RFC 6455 engine behind the interfaces of the standard.

import { Blob } from 'node:buffer';

import { initWith } from './engine-source.js';
import { loadModule, readFile } from './host/module-file.js';
import { captureContext, connect, obeyedOptions } from './host/node.js';
import { defineInterfaces } from './interfaces.js';
import { takeTurn } from './turn.js';

export { CloseEvent } from './events.js';

export const init = initWith(loadModule, readFile);

export const { WebSocket, WebSocketStream, WebSocketError, ReconnectingWebSocket, failure, terminate, ref, unref, ping } =
  defineInterfaces({ connect, obeyedOptions, nestsTls: true, loadModule, takeTurn, captureContext, Blob });
