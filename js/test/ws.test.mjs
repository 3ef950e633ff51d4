// Against a real peer: the npm package `ws`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { before, after, describe, test } from 'node:test';

import { WebSocketServer } from 'ws';

import { WebSocket } from 'isosocket/engine';

import { eventsOf } from './peer.mjs';

let server;
let url;

before(async () => {
  server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: true, maxPayload: 1 << 24 });
  server.on('connection', (peer, { url: path }) => {
    const [, action, code, reason] = path.split('/');
    if (action === 'close') peer.close(code === '' ? undefined : Number(code), reason);
    if (action === 'terminate') peer.terminate();
    if (action === 'ping') peer.on('pong', (data) => peer.close(1000, `pong ${data}`)).ping('are you there');
    if (action === 'many') for (let count = 0; count < Number(code); count += 1) peer.send(String(count));
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
    peer.on('close', (...given) => server.emit('peer closed', ...given));
  });
  await once(server, 'listening');
  url = `ws://127.0.0.1:${server.address().port}`;
});

after(() => {
  for (const client of server.clients) client.terminate();
  server.close();
});

/** Sends what is given, one after the other, and collects what comes back. */
async function echo(socket, messages) {
  const echoed = [];
  socket.onmessage = ({ data }) => {
    echoed.push(data);
    if (echoed.length === messages.length) socket.close(1000);
  };
  socket.onopen = () => {
    for (const message of messages) socket.send(message);
  };
  await once(socket, 'close');
  return echoed;
}

const pattern = (length) => Uint8Array.from({ length }, (_, index) => (index * 31) ^ (index >> 8));

describe('echo', () => {
  test('text of every length class, in order', async () => {
    const messages = [0, 1, 125, 126, 65535, 65536].map((length) => 'x'.repeat(length)).concat('\u20ac\u{1F600}\0', '\uFEFFa');
    assert.deepEqual(await echo(new WebSocket(url), messages), messages);
  });

  test('binary, as ArrayBuffer', async () => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    const messages = [0, 1, 125, 126, 65535, 65536].map(pattern);
    const echoed = await echo(socket, messages);
    assert.ok(echoed.every((data) => data instanceof ArrayBuffer));
    assert.deepEqual(echoed.map((data) => new Uint8Array(data)), messages);
  });

  test('binary, as Blob', async () => {
    const [blob, text] = await echo(new WebSocket(url), [new Blob(['a', pattern(1000)]), 'after it']);
    assert.ok(blob instanceof Blob);
    assert.deepEqual(new Uint8Array(await blob.arrayBuffer()), new Uint8Array([97, ...pattern(1000)]));
    assert.equal(text, 'after it');
  });

  test('1 MiB of text and of bytes', async () => {
    const socket = new WebSocket(url);
    socket.binaryType = 'arraybuffer';
    const messages = ['\u20ac'.repeat((1 << 20) / 4), pattern(1 << 20)];
    const [text, bytes] = await echo(socket, messages);
    assert.ok(text === messages[0]);
    assert.ok(Buffer.from(bytes).equals(messages[1]));
  });

  test('a thousand messages', async () => {
    const messages = Array.from({ length: 1000 }, (_, index) => `message ${index}`);
    assert.deepEqual(await echo(new WebSocket(url), messages), messages);
  });
});

test('a hundred thousand messages come in order, with a slow handler now and then', async () => {
  const count = 100_000;
  const socket = new WebSocket(`${url}/many/${count}`);
  let next = 0;
  await new Promise((resolve, reject) => {
    socket.onmessage = ({ data }) => {
      if (data !== String(next)) reject(new Error(`${data} in the place of ${next}`));
      next += 1;
      if (next % 10_000 === 0) for (const until = performance.now() + 5; performance.now() < until;);
      if (next === count) resolve();
    };
    socket.onclose = reject;
  });
  socket.onclose = null;
  socket.close();
});

describe('closing', () => {
  const fromPeer = [
    ['close/', "close 1005 '' true"],
    ['close/1000/done', "close 1000 'done' true"],
    ['close/1011/oops', "close 1011 'oops' true"],
    ['close/4999/', "close 4999 '' true"],
  ];
  for (const [path, expected] of fromPeer) {
    test(`by the peer: ${path}`, async () => {
      assert.deepEqual(await eventsOf(new WebSocket(`${url}/${path}`)), ['open', expected]);
    });
  }

  test('by the peer, without a Close frame', async () => {
    const log = await eventsOf(new WebSocket(`${url}/terminate`));
    assert.deepEqual(log.slice(-2), ['error 3', "close 1006 '' false"]);
  });

  for (const [parameters, code, reason] of [[[], 1005, ''], [[1000], 1000, ''], [[3000, 'r\u00e9ason'], 3000, 'r\u00e9ason']]) {
    test(`by us: ${JSON.stringify(parameters)}`, async () => {
      const socket = new WebSocket(url);
      socket.onopen = () => socket.close(...parameters);
      const [[peerCode, peerReason], log] = await Promise.all([once(server, 'peer closed'), eventsOf(socket)]);
      assert.deepEqual([peerCode, peerReason.toString()], [code, reason]);
      assert.deepEqual(log, ['open', `close ${code} '${reason}' true`]);
    });
  }
});

test('a ping is answered', async () => {
  assert.deepEqual(await eventsOf(new WebSocket(`${url}/ping`)), ['open', "close 1000 'pong are you there' true"]);
});
