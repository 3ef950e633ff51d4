import assert from 'node:assert/strict';
import { Blob as OwnBlob } from 'node:buffer';
import { once } from 'node:events';
import { test } from 'node:test';

import { WebSocketServer } from 'ws';

import { WebSocket } from 'isosocket/engine';

test('what is a Blob is known from when the engine is loaded, whatever takes the place of the class afterwards', async (t) => {
  const { Blob } = globalThis;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  const received = new Promise((resolve) => {
    const messages = [];
    server.on('connection', (peer) => {
      peer.on('message', (data, isBinary) => messages.push([String(data), isBinary]));
      peer.on('close', () => resolve(messages));
    });
  });
  await once(server, 'listening');
  const socket = new WebSocket(`ws://127.0.0.1:${server.address().port}`);
  await once(socket, 'open');
  globalThis.Blob = undefined;
  t.after(() => { globalThis.Blob = Blob; });
  socket.send(new OwnBlob(['one']));
  socket.send({});
  socket.close();
  assert.deepEqual(await received, [['one', true], ['[object Object]', false]]);
});
