// ReconnectingWebSocket: close() and reconnect(), in any state and in any callback.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { ReconnectingWebSocket } from 'isosocket/engine';

import { established, Fake, make, pass, passAndReceive, setStage, settle, URL, withResolver } from './reconnecting/stage.mjs';

setStage();

describe('close()', () => {
  test('of a connection is its closing handshake, and the end', () => {
    const { socket, log } = established();
    socket.close(4000, 'bye');
    assert.deepEqual(Fake.last.closes, [[4000, 'bye']]);
    assert.equal(socket.readyState, ReconnectingWebSocket.CLOSING);
    Fake.last.end(4000, 'bye');
    pass(100_000);
    assert.deepEqual(log, ['close 4000 CLOSED']);
    assert.equal(Fake.made.length, 1);
  });

  test('while there is none yet', () => {
    const { socket, log } = make();
    socket.send('never');
    socket.close();
    assert.deepEqual(Fake.last.closes, [[undefined, undefined]]);
    Fake.last.end();
    assert.deepEqual(log, ['error CLOSING', 'close 1006 CLOSED']);
    assert.equal(socket.bufferedAmount, 5);
  });

  test('while it waits for the next', () => {
    const { socket, take } = established();
    Fake.last.end();
    take();
    socket.close();
    assert.equal(socket.readyState, ReconnectingWebSocket.CLOSING);
    assert.deepEqual(take(), []);
    pass(0);
    assert.deepEqual(take(), ['close 1006 CLOSED']);
    pass(100_000);
    assert.equal(Fake.made.length, 1);
  });

  test('while the URL is being asked for', async () => {
    const { promise, resolve } = withResolver();
    const { socket, log } = make({}, () => promise);
    socket.close();
    resolve(URL);
    await settle();
    pass(100_000);
    assert.deepEqual(log, ['close 1006 CLOSED']);
    assert.equal(Fake.made.length, 0);
  });

  test('before the first connection is for what waits, too', () => {
    const { socket, log } = make({ startClosed: true });
    socket.send('secret');
    socket.close();
    pass(1000);
    assert.deepEqual([socket.bufferedAmount, log], [6, []]);
    socket.reconnect();
    Fake.last.open();
    assert.deepEqual(Fake.last.sent, []);
  });

  test('is not undone by a class that opens all the same', () => {
    const { socket, log } = make();
    socket.close();
    Fake.last.open();
    assert.equal(socket.readyState, ReconnectingWebSocket.CLOSING);
    Fake.last.end();
    assert.deepEqual(log, ['error CLOSING', 'close 1006 CLOSED']);
  });

  test('behind an attempt whose socket could not be set up', async () => {
    class Unlistenable extends Fake {
      addEventListener(...parameters) {
        if (Fake.made.length > 1) throw new RangeError('not here');
        super.addEventListener(...parameters);
      }
    }
    const { socket, take } = make({ WebSocket: Unlistenable });
    Fake.last.end();
    pass(1000);
    take();
    socket.close();
    pass(10);
    assert.deepEqual(take(), ['close 1006 CLOSED']);
  });

  test('in a handler of open lets go out what waited', () => {
    const { socket } = make();
    socket.send('first');
    socket.onopen = () => socket.close();
    Fake.last.open();
    assert.deepEqual([Fake.last.sent, Fake.last.closes.length], [['first'], 1]);
  });

  test('in a handler of close or of reconnecting', () => {
    for (const type of ['close', 'reconnecting']) {
      const { socket, take } = established();
      socket.addEventListener(type, () => socket.close(), { once: true });
      Fake.last.end();
      pass(0);
      assert.equal(take().at(-1), 'close 1006 CLOSED');
      const { length } = Fake.made;
      pass(100_000);
      assert.equal(Fake.made.length, length);
    }
  });

  test('in a handler of error, of an attempt that is given up', async () => {
    const { socket, log } = make({ connectionTimeout: 100 });
    socket.onerror = () => socket.close();
    await passAndReceive(100);
    pass(100_000);
    assert.deepEqual(log, ['error TimeoutError CONNECTING', 'close 1006 CLOSED']);
    assert.equal(Fake.made.length, 1);
  });

  test('again does nothing', () => {
    const { socket, log } = established();
    socket.close(1000);
    socket.close(4000);
    Fake.last.end(1000);
    socket.close();
    pass(100_000);
    assert.deepEqual([Fake.last.closes.length, log], [1, ['close 1000 CLOSED']]);
  });

  test('takes what WebSocket takes, in any state', () => {
    const { socket } = make();
    for (let count = 0; count < 2; count += 1) {
      assert.throws(() => socket.close(1001), { name: 'InvalidAccessError' });
      assert.throws(() => socket.close(2999), { name: 'InvalidAccessError' });
      assert.throws(() => socket.close(5000), { name: 'InvalidAccessError' });
      assert.throws(() => socket.close(1000, 'x'.repeat(124)), { name: 'SyntaxError' });
      assert.throws(() => socket.reconnect(1001), { name: 'InvalidAccessError' });
      assert.equal(socket.readyState, ReconnectingWebSocket.CONNECTING);
      Fake.last.end();
    }
    socket.close(3000, 'x'.repeat(123));
    assert.equal(socket.readyState, ReconnectingWebSocket.CLOSING);
  });
});

describe('reconnect()', () => {
  test('drops a connection and makes another at once', () => {
    const { socket, log, take } = established();
    const first = Fake.last;
    socket.reconnect(4000, 'new token');
    assert.deepEqual([first.closes, Fake.made.length], [[[4000, 'new token']], 2]);
    first.receive('late');
    first.end(4000);
    assert.deepEqual(take(), ['close 4000 CONNECTING']);
    Fake.last.open();
    Fake.last.receive('hello');
    assert.deepEqual(log, ['open OPEN', 'message hello OPEN']);
  });

  test('does not wait for the timer, and begins to count anew', () => {
    const { socket, log } = make();
    for (let count = 0; count < 3; count += 1) {
      Fake.last.end();
      if (count < 2) pass(1000);
    }
    assert.equal(socket.retryCount, 3);
    socket.reconnect();
    assert.deepEqual([Fake.made.length, socket.retryCount], [4, 0]);
    pass(9999);
    assert.equal(Fake.made.length, 4);
    Fake.last.open();
    assert.equal(log.at(-1), 'open OPEN');
  });

  test('after close() there is one again, without what was to be sent before', () => {
    const { socket, log, take } = make();
    socket.send('old');
    socket.close();
    Fake.last.end();
    take();
    socket.reconnect();
    assert.equal(socket.bufferedAmount, 0);
    Fake.last.open();
    assert.deepEqual([Fake.last.sent, log], [[], ['open OPEN']]);
  });

  test('during close()', () => {
    for (const begin of [established, make]) {
      const { socket, log, take } = begin();
      if (begin === make) Fake.last.end();
      socket.close();
      take();
      socket.reconnect();
      pass(10);
      Fake.last.open();
      assert.equal(log.at(-1), 'open OPEN');
      assert.equal(log.length, begin === make ? 1 : 2);
    }
  });

  test('in a handler of any event', () => {
    for (const type of ['open', 'message', 'error', 'close', 'reconnecting']) {
      const { socket } = make();
      const { length } = Fake.made;
      socket.addEventListener(type, () => socket.reconnect(), { once: true });
      Fake.last.open();
      if (type !== 'open') Fake.last.receive('x');
      if (type !== 'open' && type !== 'message') Fake.last.end();
      assert.equal(Fake.made.length, length + 1, type);
      assert.equal(socket.readyState, ReconnectingWebSocket.CONNECTING);
      pass(9999);
      assert.equal(Fake.made.length, length + 1, type);
      Fake.last.open();
      assert.equal(socket.readyState, ReconnectingWebSocket.OPEN);
      socket.close();
    }
  });

  test('of a connection that is lost already says so', () => {
    const { socket, take } = established();
    socket.addEventListener('error', () => socket.reconnect(), { once: true });
    Fake.last.end();
    assert.deepEqual(take(), ['error CONNECTING', 'close 1006 CONNECTING']);
    Fake.last.open();
    socket.close(3001);
    socket.reconnect();
    assert.deepEqual(take(), ['open OPEN', 'close 1006 CONNECTING']);
  });

  test('while the next connection is being made says nothing of the one before', () => {
    const { socket, take } = established();
    Fake.last.end();
    pass(1000);
    take();
    socket.reconnect();
    assert.deepEqual([Fake.made.length, take()], [3, []]);
  });

  test('in a handler of error, of an attempt that is given up', async () => {
    const { socket, log } = make({ connectionTimeout: 100 });
    socket.addEventListener('error', () => socket.reconnect(), { once: true });
    await passAndReceive(100);
    assert.equal(Fake.made.length, 2);
    Fake.last.open();
    pass(100_000);
    assert.deepEqual(log, ['error TimeoutError CONNECTING', 'open OPEN']);
  });

  test('in a handler of error, of a URL that has become wrong', () => {
    const { socket, log } = make({ startClosed: true }, 'throws');
    socket.addEventListener('error', () => socket.reconnect(), { once: true });
    socket.reconnect();
    pass(0);
    const failed = 'error SyntaxError CONNECTING';
    assert.deepEqual(log, [failed, failed, 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
  });

  test('with a URL that has become wrong is a failure, and not an exception', () => {
    const { socket, log } = make({ startClosed: true }, 'throws');
    socket.addEventListener('close', () => socket.reconnect(), { once: true });
    socket.reconnect();
    assert.deepEqual(log, []);
    pass(0);
    const failed = ['error SyntaxError CONNECTING', 'close 1006 CONNECTING'];
    assert.deepEqual(log, [...failed, ...failed, 'reconnecting 1 1000 CONNECTING']);
  });
});
