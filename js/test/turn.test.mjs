import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { WebSocket } from 'isosocket/engine';

import { loadModule } from '../dist/host/module-file.js';
import { captureContext } from '../dist/host/node.js';
import { defineInterfaces } from '../dist/interfaces.js';
import { takeTurn } from '../src/turn.js';
import { eventsOf, serve, switching, text } from './peer.mjs';

test('one at a time and in order', () => {
  const log = [];
  const [first, second, third] = ['a', 'b', 'c'].map((name) => takeTurn('place', () => log.push(name)));
  assert.deepEqual(log, ['a']);
  first();
  first();
  assert.deepEqual(log, ['a', 'b']);
  second();
  third();
  assert.deepEqual(log, ['a', 'b', 'c']);
});

test('who leaves the row is passed over', () => {
  const log = [];
  const [first, second] = ['a', 'b', 'c'].map((name) => takeTurn('place', () => log.push(name)));
  second();
  first();
  assert.deepEqual(log, ['a', 'c']);
});

test('all of a long row may leave as soon as it is their turn', () => {
  let started = 0;
  const leave = [];
  for (let number = 0; number < 20_000; number += 1) {
    leave.push(takeTurn('long', () => {
      started += 1;
      if (number > 0) leave[number]();
    }));
  }
  leave[0]();
  assert.equal(started, 20_000);
  takeTurn('long', () => { started += 1; })();
  assert.equal(started, 20_001);
});

test('places do not wait for each other', () => {
  const log = [];
  takeTurn('one', () => log.push('one'))();
  const leave = takeTurn('two', () => log.push('two'));
  takeTurn('one', () => log.push('one again'))();
  leave();
  assert.deepEqual(log, ['one', 'two', 'one again']);
});

test('who fails at once keeps nobody waiting', async () => {
  const connect = () => {
    throw new Error('there is no network');
  };
  const { WebSocket: Socket } = defineInterfaces({ connect, obeyedOptions: [], loadModule, takeTurn, captureContext });
  const failed = ['error 3', "close 1006 '' false"];
  assert.deepEqual(await Promise.all(['a', 'b'].map((name) => eventsOf(new Socket(`ws://host.test/${name}`)))), [failed, failed]);
});

test('with oneAtATime: false a socket neither waits nor makes others wait', async (t) => {
  const all = withResolver();
  const lines = [];
  const url = await serve(t, (peer, request) => {
    lines.push(request.requestLine);
    if (request.requestLine === 'GET /last HTTP/1.1') peer.write(Buffer.concat([Buffer.from(switching(request)), text('x')]));
    if (lines.length === 4) all.resolve();
  });
  const open = (name, options) => new WebSocket(url + name, options);
  const sockets = [
    open('a', { oneAtATime: false }), open('b', {}), open('c', { oneAtATime: false }), open('d', { oneAtATime: false }), open('e', {}),
  ];
  await all.promise;
  // Whoever does not wait for its turn has been heard before one that begins now.
  const last = open('last', { oneAtATime: false });
  await once(last, 'message');
  assert.deepEqual(lines.sort(), ['a', 'b', 'c', 'd', 'last'].map((name) => `GET /${name} HTTP/1.1`));
  for (const socket of [...sockets, last]) socket.close();
});

function withResolver() {
  let resolve;
  const promise = new Promise((given) => { resolve = given; });
  return { promise, resolve };
}
