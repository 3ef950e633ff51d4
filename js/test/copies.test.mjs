// Two copies of the package in one program, as a program has them whose dependencies want different versions.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import * as one from 'isosocket/engine';
import { WebSocketServer } from 'ws';

let folder;
let other;
let server;
let url;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isosocket-'));
  cpSync(path.join(path.dirname(import.meta.dirname), 'dist'), folder, { recursive: true });
  other = await import(pathToFileURL(path.join(folder, 'node.js')).href);
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
  await once(server, 'listening');
  url = `ws://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test('both work', async () => {
  assert.notEqual(one.WebSocket, other.WebSocket);
  for (const { WebSocket } of [one, other]) {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    socket.send('hello');
    const [{ data }] = await once(socket, 'message');
    assert.equal(data, 'hello');
    socket.close();
    await once(socket, 'close');
  }
});

test('what is asked of the wrong one throws', async () => {
  const socket = new one.WebSocket(url);
  for (const ask of ['failure', 'terminate', 'ref', 'unref', 'ping']) {
    assert.throws(() => other[ask](socket), { name: 'TypeError', message: /of this module/ }, ask);
  }
  one.terminate(socket);
  await once(socket, 'close');
  const reconnecting = new other.ReconnectingWebSocket(url, [], { WebSocket: one.WebSocket });
  await once(reconnecting, 'open');
  for (const ask of ['failure', 'terminate']) {
    assert.throws(() => other[ask](reconnecting), { name: 'TypeError', message: /of another class/ }, ask);
    assert.throws(() => one[ask](reconnecting), { name: 'TypeError', message: /of this module/ }, ask);
  }
  reconnecting.close();
  await once(reconnecting, 'close');
});

test("a stream is closed with the code of the other copy's WebSocketError", async () => {
  for (const [init, code, reason] of [
    [{ closeCode: 3456, reason: 'why' }, 3456, 'why'],
    [{ reason: 'why' }, 1000, 'why'],
    [{}, 1005, ''],
  ]) {
    const peer = once(server, 'connection');
    const stream = new one.WebSocketStream(url);
    const { readable } = await stream.opened;
    const closed = once((await peer)[0], 'close');
    await readable.cancel(new other.WebSocketError('x', init));
    const [seen, because] = await closed;
    assert.deepEqual([seen, String(because)], [code, reason]);
    await stream.closed;
  }
});

test('what only looks like a WebSocketError says nothing', async () => {
  for (const error of [
    new DOMException('x', 'WebSocketError'),
    Object.defineProperties(new DOMException('x', 'WebSocketError'), { closeCode: { value: 5 }, reason: { value: 'why' } }),
    { name: 'WebSocketError', closeCode: 3456, reason: 'why' },
  ]) {
    const peer = once(server, 'connection');
    const stream = new one.WebSocketStream(url);
    const { readable } = await stream.opened;
    const closed = once((await peer)[0], 'close');
    await readable.cancel(error);
    assert.equal((await closed)[0], 1005);
    await stream.closed;
  }
});
