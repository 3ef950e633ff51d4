// The way to a server, over a stream that the test plays.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { openRoute } from '../src/route.js';

const SERVER = { hostname: 'server.example', port: 81 };
const QUESTION = ['write', 'CONNECT server.example:81 HTTP/1.1\r\nHost: server.example:81\r\n\r\n'];

/** Opens a way; gives the place that is connected to, the stream's events, and what is done to the stream and reported of the way. */
function open(proxy, { secure = false, ...options } = {}) {
  const log = [];
  let way;
  let network;
  const told = (name) => (...given) => log.push([name, ...given.map((value) => (value instanceof Uint8Array ? String(Buffer.from(value)) : value))]);
  const stream = { write: (bytes) => told('write')(bytes), secure: told('secure'), destroy: told('destroy') };
  const connect = (place, events) => {
    way = place;
    network = events;
    return stream;
  };
  const events = { opened: told('opened'), received: told('received'), ended: told('ended'), lost: told('lost') };
  openRoute(connect, { ...SERVER, secure }, { proxy: proxy && new URL(proxy), ...options }, events);
  return { way, network, take: () => log.splice(0) };
}

test('leads straight there if there is no proxy', () => {
  assert.deepEqual(open().way, { ...SERVER, tls: undefined });
  assert.deepEqual(open(undefined, { secure: true, servername: 'a' }).way, { ...SERVER, tls: { hostname: 'server.example', servername: 'a' } });
});

test('is open behind the answer of a proxy, and what comes from there on is the server\'s', () => {
  const { way, network, take } = open('http://proxy.example');
  assert.deepEqual(way, { hostname: 'proxy.example', port: 80, tls: undefined });
  network.opened();
  assert.deepEqual(take(), [QUESTION]);
  network.received(Buffer.from('HTTP/1.1 200 OK\r\n\r\nearly'));
  assert.deepEqual(take(), [['opened'], ['received', 'early']]);
  network.received(Buffer.from('late'));
  network.ended();
  network.lost('a reset');
  assert.deepEqual(take(), [['received', 'late'], ['ended'], ['lost', 'a reset']]);
});

test('ends where a proxy refuses, goes, or is not there', () => {
  const refused = open('http://proxy.example');
  refused.network.opened();
  refused.network.received(Buffer.from('HTTP/1.1 403 Forbidden\r\n\r\n'));
  assert.deepEqual(refused.take(), [QUESTION, ['destroy'], ['lost', 'the proxy refused with the status 403']]);
  const gone = open('http://proxy.example');
  gone.network.opened();
  gone.network.ended();
  assert.deepEqual(gone.take(), [QUESTION, ['lost', 'the proxy has ended the connection']]);
  const missing = open('http://proxy.example');
  missing.network.lost('ECONNREFUSED');
  assert.deepEqual(missing.take(), [['lost', 'no connection to the proxy: ECONNREFUSED']]);
});

test('a proxy in TLS is trusted as the server is, and gets nothing that is meant for that', () => {
  const trust = { ca: ['authority'], rejectUnauthorized: false };
  const own = { cert: 'certificate', key: 'key', passphrase: 'word', servername: 'other.example' };
  const { way, network, take } = open('https://proxy.example', { secure: true, ...trust, ...own });
  assert.deepEqual(way, { hostname: 'proxy.example', port: 443, tls: { ...trust, hostname: 'proxy.example' } });
  network.opened();
  network.received(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'));
  assert.deepEqual(take(), [QUESTION, ['secure', { ...trust, ...own, hostname: 'server.example' }]]);
});
