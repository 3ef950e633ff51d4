// ReconnectingWebSocket in a program that has put classes of its own in the place of the host's, as programs do that give their
// tests a page.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

import { CloseEvent, ReconnectingWebSocket } from 'isosocket/engine';
import { WebSocketServer } from 'ws';

const own = { Event, MessageEvent, CloseEvent: globalThis.CloseEvent };

const CLASSES = { message: own.MessageEvent, close: CloseEvent };

let server;

before(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (peer) => peer.on('message', (data) => {
    if (String(data) === 'close') peer.close(1001);
    else peer.send(String(data));
  }));
  await once(server, 'listening');
  for (const name of Object.keys(own)) globalThis[name] = class {};
});

after(() => {
  Object.assign(globalThis, own);
  server.close();
});

test('its events are those of the host', async () => {
  const socket = new ReconnectingWebSocket(`ws://127.0.0.1:${server.address().port}`, [], { minReconnectionDelay: 10 });
  const seen = [];
  socket.send('first');
  const ended = new Promise((resolve) => {
    for (const type of ['open', 'message', 'reconnecting', 'close']) {
      socket.addEventListener(type, (event) => {
        seen.push([type, event instanceof (CLASSES[type] ?? own.Event), event.data ?? event.code].join(' '));
        if (type === 'message') socket.send('close');
        if (type === 'reconnecting') socket.close();
        if (socket.readyState === ReconnectingWebSocket.CLOSED) resolve(seen);
      });
    }
  });
  assert.deepEqual(await ended, [
    'open true ', 'message true first', 'close true 1001', 'reconnecting true ', 'close true 1006',
  ]);
});
