// ReconnectingWebSocket over real connections.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { WebSocketServer } from 'ws';

import { failure, ReconnectingWebSocket, terminate } from 'isosocket/engine';

import { frame, LIMIT, readFrame, serve, switching } from './peer.mjs';

test('failure() and terminate() are for its connection', { timeout: LIMIT }, async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => server.close());
  const urls = ['ws://127.0.0.1:1/', `ws://127.0.0.1:${server.address().port}/`];
  const socket = new ReconnectingWebSocket(() => urls.shift(), [], { minReconnectionDelay: 10, maxReconnectionDelay: 10, maxRetries: 1 });
  assert.equal(failure(socket), undefined);
  await once(socket, 'close');
  assert.match(failure(socket), /port 1 is blocked/);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  terminate(socket);
  assert.equal((await closed)[0].code, 1006);
  assert.equal(socket.readyState, ReconnectingWebSocket.CLOSED);
});

test('over real connections: what was lost, what waited, and a server that comes back', { timeout: LIMIT }, async (t) => {
  const listening = async (port) => {
    const server = new WebSocketServer({ host: '127.0.0.1', port });
    server.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
    await once(server, 'listening');
    return server;
  };
  const stop = (server) => new Promise((resolve) => {
    for (const peer of server.clients) peer.terminate();
    server.close(resolve);
  });
  let server = await listening(0);
  const { port } = server.address();
  t.after(() => stop(server));
  const socket = new ReconnectingWebSocket(`ws://127.0.0.1:${port}/`, [], { minReconnectionDelay: 10, maxReconnectionDelay: 50 });
  t.after(() => socket.close());
  socket.send('early');
  assert.equal((await once(socket, 'message'))[0].data, 'early');
  const lost = once(socket, 'close');
  await stop(server);
  assert.equal((await lost)[0].code, 1006);
  socket.send('meanwhile');
  await once(socket, 'reconnecting');
  server = await listening(port);
  assert.equal((await once(socket, 'message'))[0].data, 'meanwhile');
  const closed = once(socket, 'close');
  socket.close(1000, 'enough');
  const [{ code, reason, wasClean }] = await closed;
  assert.deepEqual([code, reason, wasClean, socket.readyState], [1000, 'enough', true, ReconnectingWebSocket.CLOSED]);
});

test('what waits for a connection is not too much for it', { timeout: LIMIT }, async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `ws://127.0.0.1:${server.address().port}/`;
  for (const close of [false, true]) {
    const received = [];
    const ended = new Promise((resolve) => {
      server.once('connection', (peer) => {
        peer.on('message', (data) => {
          received.push([data[0], data.length]);
          if (received.length === 9 && !close) peer.close(1000);
        });
        peer.once('close', resolve);
      });
    });
    const socket = new ReconnectingWebSocket(url, { maxSendQueue: 1 << 20 });
    for (let count = 0; count < 8; count += 1) socket.send(new Uint8Array(256 << 10).fill(count));
    await once(socket, 'open');
    // What is sent meanwhile keeps its place.
    socket.send(new Uint8Array(1).fill(8));
    if (close) socket.close(1000);
    assert.equal(socket.readyState, close ? ReconnectingWebSocket.CLOSING : ReconnectingWebSocket.OPEN);
    const [event] = await once(socket, 'close');
    assert.equal(await ended, 1000);
    assert.deepEqual([event.code, event.wasClean, failure(socket)], [1000, true, undefined]);
    const expected = Array.from({ length: 8 }, (_, index) => [index, 256 << 10]);
    assert.deepEqual(received, [...expected, [8, 1]]);
  }
});

test('what is sent while the idle time-out closes a connection is for the next', { timeout: LIMIT }, async (t) => {
  let count = 0;
  const url = await serve(t, async (peer, request) => {
    peer.write(switching(request));
    count += 1;
    const { payload } = await readFrame(peer);
    if (count === 1) {
      socket.send('next');
      peer.end(frame(0x88, payload));
    } else {
      peer.write(frame(0x81, payload));
    }
  });
  const socket = new ReconnectingWebSocket(url, { idleTimeout: 50 }, { minReconnectionDelay: 10, maxReconnectionDelay: 10 });
  t.after(() => socket.close());
  assert.equal((await once(socket, 'close'))[0].code, 1001);
  assert.equal((await once(socket, 'message'))[0].data, 'next');
});
