// What waits for a peer that does nothing. The clock is the test's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { beforeEach, test } from 'node:test';

import { clockOf } from './clock.mjs';

import { failure, terminate, WebSocket } from 'isosocket/engine';

import { streamThatHoldsBack, WAYS } from './holding.mjs';
import { socketOver } from './network.mjs';
import { close, readFrame, serve, switching } from './peer.mjs';

/** Lets time pass: for the clock, and for the timers. */
let pass;

beforeEach((t) => {
  pass = clockOf(t);
});

const MINUTE = 60_000;

test('a server that never answers fails the connection within a minute', async (t) => {
  const { promise, resolve } = withResolver();
  const url = await serve(t, resolve);
  const socket = new WebSocket(url);
  const events = Promise.all([once(socket, 'error'), once(socket, 'close')]);
  await promise;
  await pass(1000);
  assert.equal(socket.readyState, WebSocket.CONNECTING);
  await pass(MINUTE);
  const [, [{ code, wasClean }]] = await events;
  assert.deepEqual([code, wasClean], [1006, false]);
  assert.equal(typeof failure(socket), 'string');
});

test('the time of a socket that waits for its turn begins with its turn', async (t) => {
  const { promise, resolve } = withResolver();
  let requests = 0;
  const url = await serve(t, (peer, request) => {
    requests += 1;
    if (requests === 1) resolve();
    else peer.write(switching(request));
  });
  const first = new WebSocket(url);
  const second = new WebSocket(url);
  const failed = once(first, 'close');
  const opened = once(second, 'open');
  await promise;
  await pass(MINUTE);
  await failed;
  await opened;
  assert.equal(requests, 2);
});

test('for its turn a socket waits no longer than its handshake may take', async (t) => {
  const asked = [withResolver(), withResolver()];
  const requests = [];
  const url = await serve(t, (peer, request) => {
    requests.push(request.requestLine);
    if (requests.length === 2) peer.write(switching(request));
    asked[requests.length - 1].resolve();
  });
  const first = new WebSocket(`${url}first`);
  const second = new WebSocket(`${url}second`, { handshakeTimeout: 1000 });
  const opened = once(second, 'open');
  await asked[0].promise;
  await pass(900);
  await new Promise(setImmediate);
  assert.equal(requests.length, 1);
  await pass(200);
  await asked[1].promise;
  await opened;
  assert.deepEqual(requests, ['GET /first HTTP/1.1', 'GET /second HTTP/1.1']);
  assert.equal(first.readyState, WebSocket.CONNECTING);
  // A timer that is taken back in another test would take one of that along.
  for (const socket of [first, second]) terminate(socket);
});

test('and has all of its time when it has waited in vain', async (t) => {
  const { promise, resolve } = withResolver();
  let requests = 0;
  const url = await serve(t, () => {
    requests += 1;
    if (requests === 2) resolve();
  });
  const first = new WebSocket(url);
  const second = new WebSocket(url, { handshakeTimeout: 1000 });
  const closed = once(second, 'close');
  await pass(1100);
  await promise;
  await pass(900);
  await new Promise(setImmediate);
  assert.equal(second.readyState, WebSocket.CONNECTING);
  await pass(200);
  await closed;
  assert.match(failure(second), /\(handshakeTimeout\)/);
  first.close();
});

test('and connects once, though its turn comes then', async (t) => {
  const asked = [withResolver(), withResolver()];
  const connects = t.mock.method(net, 'connect');
  const url = await serve(t, () => asked.shift().resolve());
  const [{ promise: askedFirst }, { promise: askedSecond }] = asked;
  const first = new WebSocket(url);
  const second = new WebSocket(url, { handshakeTimeout: 1000 });
  await askedFirst;
  await pass(1100);
  await askedSecond;
  const closed = once(first, 'close');
  terminate(first);
  await closed;
  assert.equal(connects.mock.callCount(), 2);
  terminate(second);
});

test('a peer that never answers a Close frame is an unclean end', async (t) => {
  const { promise, resolve } = withResolver();
  const url = await serve(t, async (peer, request) => {
    peer.write(switching(request));
    resolve(await readFrame(peer));
  });
  const socket = new WebSocket(url);
  await once(socket, 'open');
  const closed = once(socket, 'close');
  socket.close(1000);
  await promise;
  await pass(MINUTE);
  const [{ code, wasClean }] = await closed;
  assert.deepEqual([code, wasClean], [1006, false]);
});

test('an answer to a Close frame that is received when the time is just over is the end', async () => {
  let network;
  const socket = socketOver(() => {}, (events) => { network = events; });
  await once(socket, 'open');
  const closed = once(socket, 'close');
  socket.close(1000);
  await new Promise(setImmediate);
  const turn = pass(MINUTE);
  network.received(close(1000, 'done'));
  network.ended();
  const [{ code, reason, wasClean }] = await closed;
  assert.deepEqual([code, reason, wasClean], [1000, 'done', true]);
  await turn;
});

test('a peer that closes but never ends the connection is waited for, not for ever', async (t) => {
  const { promise, resolve } = withResolver();
  const url = await serve(t, async (peer, request) => {
    peer.write(Buffer.concat([Buffer.from(switching(request)), close(1000, 'done')]));
    resolve(await readFrame(peer));
  });
  const socket = new WebSocket(url);
  const closed = once(socket, 'close');
  await promise;
  assert.equal(socket.readyState, WebSocket.CLOSING);
  await pass(MINUTE);
  const [{ code, reason }] = await closed;
  assert.deepEqual([code, reason], [1000, 'done']);
});

const HEARTBEAT = { heartbeat: { interval: 1000, timeout: 500 } };

for (const options of [HEARTBEAT, { idleTimeout: 1000 }]) {
  const [name] = Object.keys(options);
  test(`a peer whose messages are held back is not silent: ${name}`, async (t) => {
    const { stream, readable, peer } = await streamThatHoldsBack(t, WAYS['in fragments'], options);
    const reader = readable.getReader();
    for (let count = 0; count < 10; count += 1) {
      await pass(1000);
      await pass(500);
    }
    assert.deepEqual(await reader.read(), { value: 'first', done: false });
    assert.deepEqual(await reader.read(), { value: 'second', done: false });
    await pass(900);
    peer.end(close(4000, 'alive'));
    assert.deepEqual(await stream.closed, { closeCode: 4000, reason: 'alive' });
  });
}

test('a peer that is silent when nothing is held back any more is given up', async (t) => {
  const { stream, readable, peer } = await streamThatHoldsBack(t, WAYS['in fragments'], HEARTBEAT);
  const reader = readable.getReader();
  await pass(1000);
  await pass(500);
  assert.deepEqual(await reader.read(), { value: 'first', done: false });
  assert.deepEqual(await reader.read(), { value: 'second', done: false });
  await pass(1000);
  assert.equal((await readFrame(peer)).first, 0x89);
  await pass(500);
  await assert.rejects(stream.closed, { name: 'WebSocketError', closeCode: 1006 });
});

function withResolver() {
  let resolve;
  const promise = new Promise((given) => { resolve = given; });
  return { promise, resolve };
}
