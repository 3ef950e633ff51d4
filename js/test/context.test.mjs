// The async context of events, by which a program finds out whose request it serves: that in which the socket was made.

import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { ping, ReconnectingWebSocket, terminate, WebSocket } from 'isosocket/engine';
import { WebSocketServer } from 'ws';

import { close, serve, switching, text } from './peer.mjs';

const storage = new AsyncLocalStorage();

/** Makes a socket in a context of this name; gives it with the contexts of all its events, which are complete at the end. */
function make(name, ...parameters) {
  return makeOf(WebSocket, name, ...parameters);
}

function makeOf(Socket, name, ...parameters) {
  return storage.run(name, () => {
    const socket = new Socket(...parameters);
    const seen = [];
    for (const type of ['open', 'message', 'pong', 'error', 'close', 'reconnecting']) {
      socket.addEventListener(type, () => seen.push(`${type} ${storage.getStore()}`));
    }
    return { socket, seen, ended: once(socket, 'close').then(() => seen) };
  });
}

/** Starts a server that gives all messages back; gives its URL. */
async function echo(t) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
  t.after(() => server.close());
  await once(server, 'listening');
  return `ws://127.0.0.1:${server.address().port}`;
}

test('sockets that wait for each other have each the async context of its own constructor', async (t) => {
  const url = await serve(t, (peer, request) => peer.end(Buffer.concat([Buffer.from(switching(request)), text('x'), close(1000)])));
  const made = ['A', 'B', 'C'].map((name) => make(name, url));
  const expected = ['A', 'B', 'C'].map((name) => [`open ${name}`, `message ${name}`, `close ${name}`]);
  assert.deepEqual(await Promise.all(made.map(({ ended }) => ended)), expected);
});

test('an event keeps the async context of the constructor, not of who sends, pings or closes', async (t) => {
  const { socket, ended } = make('maker', await echo(t));
  let left = 2000;
  socket.addEventListener('message', () => {
    left -= 1;
    if (left === 0) storage.run('other', () => socket.close());
  });
  await once(socket, 'open');
  const kinds = ['x', 'y', new Blob(['z'])];
  for (let round = 0; round < 100; round += 1) {
    storage.run('other', () => {
      for (let count = 0; count < 20; count += 1) socket.send(kinds[count % 3]);
      ping(socket);
    });
    await setImmediate();
  }
  const seen = await ended;
  const count = (event) => seen.filter((other) => other === event).length;
  assert.deepEqual([...new Set(seen)].sort(), ['close maker', 'message maker', 'open maker', 'pong maker']);
  assert.deepEqual([count('message maker'), count('pong maker')], [2000, 100]);
});

test('an event keeps the async context of the constructor, not of who calls terminate()', async (t) => {
  const { socket, ended } = make('maker', await echo(t));
  await once(socket, 'open');
  storage.run('other', () => terminate(socket));
  assert.deepEqual(await ended, ['open maker', 'error maker', 'close maker']);
});

test('an event keeps the async context of the constructor, not of who has set a time limit last', async (t) => {
  const { socket, ended } = make('maker', await serve(t, (peer, request) => peer.write(switching(request))), { closeTimeout: 10 });
  await once(socket, 'open');
  storage.run('other', () => socket.close());
  assert.deepEqual(await ended, ['open maker', 'error maker', 'close maker']);
});

test('an event keeps the async context of the constructor, not one that a handler has entered', async (t) => {
  const chunk = Buffer.concat([...'abcde'].map(text));
  const { socket, ended } = make('maker', await serve(t, (peer, request) => {
    peer.end(Buffer.concat([Buffer.from(switching(request)), chunk, close(1000)]));
  }));
  socket.addEventListener('message', () => storage.enterWith('entered'));
  assert.deepEqual(await ended, ['open maker', ...new Array(5).fill('message maker'), 'close maker']);
});

test('an event of a socket that connects again has the async context of its last reconnect()', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  await once(server, 'listening');
  const url = `ws://127.0.0.1:${server.address().port}`;
  const greet = (peer) => peer.send('x');
  server.once('connection', (peer) => {
    peer.terminate();
    server.on('connection', greet);
  });
  const { socket, seen } = makeOf(ReconnectingWebSocket, 'A', url, [], { minReconnectionDelay: 1, maxReconnectionDelay: 1 });
  await once(socket, 'message');
  storage.run('B', () => socket.reconnect());
  await once(socket, 'message');
  storage.run('C', () => socket.close());
  await once(socket, 'close');
  assert.deepEqual(seen, [
    'open A', 'error A', 'close A', 'reconnecting A', 'open A', 'message A',
    'close B', 'open B', 'message B', 'close B',
  ]);
});
