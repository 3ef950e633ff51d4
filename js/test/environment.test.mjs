// What a test of a program meets whose environment puts classes in the place of Node's.

import assert from 'node:assert/strict';
import { Blob as OwnBlob } from 'node:buffer';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { WebSocketServer } from 'ws';

// In this order.
import './environment.mjs';
import { failure, ping, ReconnectingWebSocket, WebSocket, WebSocketStream } from 'isosocket/engine';

let server;
let url;
let sockets = [];

beforeEach(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
  await once(server, 'listening');
  url = `ws://127.0.0.1:${server.address().port}`;
});

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
  for (const peer of server.clients) peer.terminate();
  server.close();
});

async function openSocket() {
  const socket = new WebSocket(url);
  sockets.push(socket);
  socket.binaryType = 'arraybuffer';
  await once(socket, 'open');
  return socket;
}

describe('a WebSocketStream', () => {
  test('is aborted by a signal', async () => {
    const controller = new AbortController();
    const { opened } = new WebSocketStream(url, { signal: controller.signal });
    controller.abort('why');
    await assert.rejects(opened, (reason) => reason === 'why');
    const { closed } = new WebSocketStream(url, { signal: controller.signal });
    await assert.rejects(closed, (reason) => reason === 'why');
  });

  test('takes nothing else for a signal', () => {
    for (const signal of [null, {}, new EventTarget()]) {
      assert.throws(() => new WebSocketStream(url, { signal }), { name: 'TypeError', message: /not an AbortSignal/ });
    }
  });
});

describe('a Blob', () => {
  test('is sent, in its place, also one of a class of Node itself', async () => {
    const socket = await openSocket();
    const seen = [];
    socket.onmessage = ({ data }) => seen.push(typeof data === 'string' ? data : `${Buffer.from(data)} in bytes`);
    socket.send(new Blob(['one']));
    socket.send(new OwnBlob(['two']));
    socket.send('three');
    while (seen.length < 3) await once(socket, 'message');
    assert.deepEqual(seen, ['one in bytes', 'two in bytes', 'three']);
    assert.throws(() => ping(socket, new OwnBlob(['x'])), TypeError);
    socket.onmessage = null;
    socket.binaryType = 'blob';
    socket.send(new Uint8Array(3));
    const [{ data }] = await once(socket, 'message');
    assert.ok(data instanceof Blob);
  });

  test('waits for a connection', async () => {
    const socket = new ReconnectingWebSocket(url);
    sockets.push(socket);
    socket.binaryType = 'arraybuffer';
    socket.send(new OwnBlob(['four']));
    assert.equal(socket.bufferedAmount, 4);
    const [{ data }] = await once(socket, 'message');
    assert.equal(String(Buffer.from(data)), 'four');
  });

  test('that throws when it is read ends the connection', async () => {
    const socket = await openSocket();
    socket.send(new Blob(['x'], { type: 'unreadable' }));
    socket.send('behind');
    const [{ code }] = await once(socket, 'close');
    assert.equal(code, 1006);
    assert.match(failure(socket), /blob could not be read/);
  });
});
