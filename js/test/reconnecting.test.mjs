// ReconnectingWebSocket over connections that do what the test says, on the test's clock; and over real ones.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { beforeEach, describe, test } from 'node:test';

import { WebSocketServer } from 'ws';

import { CloseEvent, failure, ReconnectingWebSocket, terminate, WebSocket } from 'isosocket/engine';

import { LIMIT } from './peer.mjs';
import { fakeClass, listen, takeTime } from './reconnecting/fake.mjs';

const URL = 'ws://h/';

describe('on the clock of the test', () => {
  let Fake;
  let pass;
  let dice;

  beforeEach((t) => {
    ({ pass, dice } = takeTime(t));
    Fake = fakeClass();
  });

  const make = (options = {}, url = URL, protocols = undefined) => {
    const socket = new ReconnectingWebSocket(url, protocols, { WebSocket: Fake, ...options });
    return Object.assign(listen(socket), { socket });
  };

  /** One that is open. */
  const established = (options) => {
    const made = make(options);
    Fake.last.open();
    made.take();
    return made;
  };

  /** Lets promises that are settled be heard of. */
  const settle = () => new Promise((resolve) => { setImmediate(resolve); });

  describe('connects again', () => {
    test('after a second at the least, and tells so', () => {
      const { take } = established();
      Fake.last.end();
      assert.deepEqual(take(), ['error OPEN', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      pass(999);
      assert.equal(Fake.made.length, 1);
      pass(1);
      assert.equal(Fake.made.length, 2);
      Fake.last.open();
      assert.deepEqual(take(), ['open OPEN']);
    });

    for (const [name, value, delays] of [
      ['the shortest', 0, [1000, 1000, 1000, 1000, 1000]],
      ['half of them', 0.5, [3000, 5500, 10_500, 15_500, 15_500]],
      ['the longest', 1 - 2 ** -53, [5000, 10_000, 20_000, 30_000, 30_000]],
    ]) {
      test(`with delays that grow: ${name}`, () => {
        dice.value = value;
        const { socket, log } = make();
        for (const delay of delays) {
          Fake.last.end();
          assert.match(log.at(-1), new RegExp(`^reconnecting \\d ${delay} `));
          pass(delay - 1);
          const { length } = Fake.made;
          pass(1);
          assert.equal(Fake.made.length, length + 1);
        }
        assert.equal(socket.retryCount, 5);
      });
    }

    test('with delays as they are set', () => {
      dice.value = 1 - 2 ** -53;
      const { take } = make({ minReconnectionDelay: 10, maxReconnectionDelay: 400, reconnectionDelayGrowFactor: 3 });
      const delays = [];
      for (let count = 0; count < 4; count += 1) {
        Fake.last.end();
        delays.push(take().at(-1).split(' ')[2]);
        pass(400);
      }
      assert.deepEqual(delays, ['50', '150', '400', '400']);
    });

    test('for ever, with a delay that is no larger than it may be', () => {
      dice.value = 1 - 2 ** -53;
      const { log } = make();
      for (let count = 0; count < 2000; count += 1) {
        Fake.last.end();
        pass(30_000);
      }
      assert.equal(Fake.made.length, 2001);
      assert.match(log.at(-1), /^reconnecting 2000 30000 /);
    });

    test('beginning anew only after a connection that has lasted', () => {
      const { socket } = make({ minUptime: 5000 });
      const loseAfter = (uptime) => {
        Fake.last.open();
        pass(uptime);
        const shown = socket.retryCount;
        Fake.last.end();
        pass(1000);
        return [shown, socket.retryCount];
      };
      assert.deepEqual(loseAfter(4999), [0, 1]);
      assert.deepEqual(loseAfter(4999), [1, 2]);
      assert.deepEqual(loseAfter(5000), [0, 1]);
    });

    for (const maxRetries of [0, 1, 3]) {
      test(`at most ${maxRetries} times, and may be told to try again`, () => {
        const { socket, log } = make({ maxRetries });
        for (let count = 0; count < maxRetries; count += 1) {
          Fake.last.end();
          pass(30_000);
        }
        assert.equal(socket.readyState, ReconnectingWebSocket.CONNECTING);
        Fake.last.end();
        assert.equal(log.at(-1), 'close 1006 CLOSED');
        pass(100_000);
        assert.equal(Fake.made.length, maxRetries + 1);
        socket.reconnect();
        assert.equal(Fake.made.length, maxRetries + 2);
        assert.equal(socket.readyState, ReconnectingWebSocket.CONNECTING);
        Fake.last.open();
        assert.equal(log.at(-1), 'open OPEN');
      });
    }

    test('not after codes that would come again', () => {
      const ends = (code) => {
        const { socket } = established();
        Fake.last.end(code);
        const { length } = Fake.made;
        pass(1000);
        socket.close();
        return Fake.made.length === length;
      };
      const codes = [1000, 1001, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 3000, 4000, 4999];
      assert.deepEqual(codes.filter(ends), [1000, 1002, 1003, 1007, 1008, 1009, 1010]);
    });

    test('if the program says so', () => {
      const asked = [];
      const { take } = established({ shouldReconnect: (event) => asked.push(event) && event.code !== 4001 });
      Fake.last.end(1000, 'done');
      pass(1000);
      assert.equal(Fake.made.length, 2);
      Fake.last.end(4001);
      pass(100_000);
      assert.equal(Fake.made.length, 2);
      assert.deepEqual(take().filter((line) => line.startsWith('close')), ['close 1000 CONNECTING', 'close 4001 CLOSED']);
      assert.deepEqual(asked.map(({ code, reason }) => [code, reason]), [[1000, 'done'], [4001, '']]);
    });

    test('if the program fails to say, and it is told', (t) => {
      const reported = [];
      globalThis.reportError = (error) => reported.push(error.message);
      t.after(() => delete globalThis.reportError);
      established({ shouldReconnect: () => { throw new Error('oops'); } });
      Fake.last.end();
      assert.deepEqual(reported, ['oops']);
      pass(1000);
      assert.equal(Fake.made.length, 2);
    });

    test('unless the program, when it is asked, closes it or begins anew', () => {
      for (const [act, answer] of [['close', true], ['close', false], ['reconnect', true], ['reconnect', false]]) {
        const { socket, log } = established({
          shouldReconnect: () => {
            socket[act]();
            return answer;
          },
        });
        const { length } = Fake.made;
        Fake.last.end();
        pass(5000);
        if (act === 'close') {
          assert.deepEqual(log, ['error OPEN', 'close 1006 CLOSED']);
          assert.equal(Fake.made.length, length);
        } else {
          assert.equal(Fake.made.length, length + 1);
          Fake.last.open();
          assert.deepEqual(log, ['error OPEN', 'close 1006 CONNECTING', 'open OPEN']);
          socket.close();
        }
      }
    });

    test('telling what it is asked about by the event', () => {
      let asked;
      const { socket } = make({ connectionTimeout: 10, shouldReconnect: (event) => { asked = event; } });
      let fired;
      socket.onclose = (event) => { fired = event; };
      pass(10);
      assert.ok(asked instanceof CloseEvent);
      assert.equal(asked, fired);
    });

    test('also if the class throws where it should not', (t) => {
      const reported = [];
      globalThis.reportError = (error) => reported.push(error.message);
      t.after(() => delete globalThis.reportError);
      const { socket, take } = make({ connectionTimeout: 100 });
      Fake.last.close = () => { throw new Error('close'); };
      pass(100);
      assert.deepEqual(take(), ['error TimeoutError CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      pass(1000);
      Fake.last.open();
      Fake.last.close = () => { throw new Error('again'); };
      socket.reconnect();
      Fake.last.open();
      assert.deepEqual(take(), ['open OPEN', 'close 1000 CONNECTING', 'open OPEN']);
      assert.deepEqual(reported, ['close', 'again']);
    });

    test('closing a socket that could not be set up', async () => {
      class Unlistenable extends Fake {
        addEventListener() {
          throw new RangeError('not here');
        }
      }
      const { log } = make({ WebSocket: Unlistenable }, async () => URL);
      await settle();
      assert.deepEqual(log, ['error RangeError CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      assert.equal(Fake.last.closes.length, 1);
      assert.throws(() => make({ WebSocket: Unlistenable }), RangeError);
      assert.deepEqual([Fake.made.length, Fake.last.closes.length], [2, 1]);
    });

    test('counting from the beginning behind a close() of what has lasted', () => {
      const { socket } = make();
      Fake.last.end();
      pass(1000);
      Fake.last.open();
      pass(5000);
      socket.close();
      assert.equal(socket.retryCount, 0);
    });

    test('giving up what takes too long, of which nothing is heard any more', () => {
      const { log, take } = make({ connectionTimeout: 500 });
      const slow = Fake.last;
      pass(499);
      assert.deepEqual(log, []);
      pass(1);
      assert.deepEqual(take(), ['error TimeoutError CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      assert.equal(slow.closes.length, 1);
      pass(1000);
      slow.open();
      slow.receive('late');
      slow.end();
      assert.deepEqual(log, []);
      assert.equal(Fake.made.length, 2);
      Fake.last.open();
      pass(100_000);
      assert.deepEqual(log, ['open OPEN']);
    });
  });

  describe('asks for the URL and the subprotocols', () => {
    test('for each connection', async () => {
      let count = 0;
      const { log } = make({}, () => `ws://h/${++count}`, async () => ({ protocols: `p${count}` }));
      await settle();
      Fake.last.end();
      pass(1000);
      await settle();
      assert.deepEqual(Fake.made.map(({ url, protocols }) => [url, protocols.protocols]), [['ws://h/1', 'p1'], ['ws://h/2', 'p2']]);
      assert.deepEqual(log, ['error CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
    });

    for (const [name, url] of [
      ['throws', () => { throw new RangeError('no token'); }],
      ['rejects', () => Promise.reject(new RangeError('no token'))],
    ]) {
      test(`again, if that ${name}`, async () => {
        const { log } = make({ maxRetries: 1 }, url);
        await settle();
        assert.deepEqual(log, ['error RangeError CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
        pass(1000);
        await settle();
        assert.deepEqual(log.slice(3), ['error RangeError CONNECTING', 'close 1006 CLOSED']);
      });
    }

    test('again, if no WebSocket can be made of it', async () => {
      const urls = ['throws', URL];
      const { log } = make({}, () => urls.shift());
      await settle();
      assert.deepEqual(log, ['error SyntaxError CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      pass(1000);
      await settle();
      Fake.last.open();
      assert.equal(log.at(-1), 'open OPEN');
    });

    test('and does not wait for ever', async () => {
      const { promise, resolve } = withResolver();
      const { log } = make({ connectionTimeout: 100 }, () => promise);
      pass(100);
      assert.deepEqual(log, ['error TimeoutError CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      resolve(URL);
      await settle();
      assert.equal(Fake.made.length, 0);
      pass(1000);
      await settle();
      assert.equal(Fake.made.length, 1);
    });

    test('of which an iterable is read once', () => {
      make({}, URL, new Set(['a', 'b']).values());
      Fake.last.end();
      pass(1000);
      assert.deepEqual(Fake.made.map(({ protocols }) => protocols), [['a', 'b'], ['a', 'b']]);
    });
  });

  describe('send()', () => {
    test('goes out at once if there is a connection', () => {
      const { socket } = established();
      const bytes = new Uint8Array([1]);
      socket.send('one');
      socket.send(bytes);
      assert.deepEqual(Fake.last.sent, ['one', bytes]);
      assert.equal(Fake.last.sent[1], bytes);
    });

    test('waits for a connection, behind what a handler of open sends', () => {
      const { socket } = make();
      socket.send('first');
      const bytes = new Uint8Array([0, 1, 2]);
      socket.send(bytes.subarray(1));
      const blob = new Blob(['blob']);
      socket.send(blob);
      socket.send(new DataView(bytes.buffer, 2));
      socket.send(12);
      bytes.fill(9);
      assert.equal(socket.bufferedAmount, 5 + 2 + 4 + 1 + 2);
      socket.onopen = () => socket.send('token');
      Fake.last.open();
      assert.deepEqual(Fake.last.sent, ['token', 'first', new Uint8Array([1, 2]), blob, new Uint8Array([2]), '12']);
      assert.equal(socket.bufferedAmount, 0);
    });

    test('is for the next connection when the peer has begun to close', () => {
      const { socket } = established();
      Fake.last.readyState = Fake.last.readyState + 1;
      socket.send('next');
      assert.deepEqual(Fake.last.sent, []);
      Fake.last.end();
      pass(1000);
      Fake.last.open();
      assert.deepEqual(Fake.last.sent, ['next']);
    });

    test('has a bound for messages', () => {
      const { socket } = make({ maxEnqueuedMessages: 2 });
      socket.send('a');
      socket.send('');
      assert.throws(() => socket.send(''), { name: 'QuotaExceededError', message: /2 messages/ });
      Fake.last.open();
      assert.deepEqual(Fake.last.sent, ['a', '']);
    });

    test('has a bound for bytes, which are those of UTF-8', () => {
      const { socket } = make({ maxEnqueuedBytes: 5 });
      socket.send('\u20ac');
      assert.throws(() => socket.send('\u20ac'), { name: 'QuotaExceededError', message: /5 bytes/ });
      socket.send(new ArrayBuffer(2));
      assert.throws(() => socket.send('x'), { name: 'QuotaExceededError' });
      assert.equal(socket.bufferedAmount, 5);
    });

    test('has bounds if none are set', () => {
      const { socket } = make();
      socket.send(new ArrayBuffer(16 << 20));
      assert.throws(() => socket.send('x'), { name: 'QuotaExceededError', message: /16777216 bytes/ });
      for (let count = 1; count < 65_536; count += 1) socket.send('');
      assert.throws(() => socket.send(''), { name: 'QuotaExceededError', message: /65536 messages/ });
    });

    test('takes what WebSocket takes', () => {
      const { socket } = make();
      assert.throws(() => socket.send(), TypeError);
      assert.throws(() => socket.send(new Uint8Array(new SharedArrayBuffer(1))), TypeError);
      assert.throws(() => socket.send(Symbol('s')), TypeError);
      assert.equal(socket.bufferedAmount, 0);
    });

    test('waits for reconnect(), if that makes the first connection', () => {
      const { socket } = make({ startClosed: true });
      socket.send('early');
      socket.reconnect();
      Fake.last.open();
      assert.deepEqual(Fake.last.sent, ['early']);
    });

    test('of nothing before the end is for what is begun anew', () => {
      const { socket } = make({ maxRetries: 0 });
      socket.send('one');
      Fake.last.end();
      socket.send('two');
      assert.equal(socket.bufferedAmount, 6);
      socket.reconnect();
      assert.equal(socket.bufferedAmount, 0);
      socket.send('three');
      Fake.last.open();
      assert.deepEqual(Fake.last.sent, ['three']);
    });

    test('of one message that the class refuses is told, and the others go out', (t) => {
      const reported = [];
      globalThis.reportError = (error) => reported.push(error.message);
      t.after(() => delete globalThis.reportError);
      const { socket } = make();
      for (const data of ['1', '2', '3']) socket.send(data);
      const { send } = Fake.last;
      Fake.last.send = function (data) {
        if (data === '2') throw new Error(data);
        send.call(this, data);
      };
      Fake.last.open();
      assert.deepEqual([Fake.last.sent, reported], [['1', '3'], ['2']]);
    });

    test('stops when the class closes the connection, and the rest waits for the next', () => {
      const { socket } = make();
      for (const data of ['1', '2', '3']) socket.send(data);
      const full = Fake.last;
      full.send = (data) => {
        full.sent.push(data);
        full.readyState = 2;
      };
      full.open();
      assert.equal(socket.bufferedAmount, 2);
      full.end();
      pass(1000);
      Fake.last.open();
      assert.deepEqual([full.sent, Fake.last.sent], [['1'], ['2', '3']]);
    });

    test('of what closes it when it becomes text', () => {
      const { socket } = make();
      socket.send({ toString: () => socket.close() ?? 'x' });
      Fake.last.end();
      assert.equal(socket.bufferedAmount, 1);
    });

    test('counts after the end what the last connection did not get out', () => {
      const { socket } = established();
      Fake.last.bufferedAmount = 3;
      socket.close();
      socket.send('x');
      Fake.last.end(1005);
      assert.equal(socket.bufferedAmount, 4);
    });

    test('counts what it throws away when there is to be no connection', () => {
      const { socket, log } = established();
      socket.close();
      socket.send('one');
      Fake.last.end(1005);
      socket.send(new Uint8Array(2));
      assert.equal(socket.bufferedAmount, 5);
      assert.equal(log.at(-1), 'close 1005 CLOSED');
      assert.deepEqual(Fake.last.sent, []);
    });
  });

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

    test('in a handler of error, of an attempt that is given up', () => {
      const { socket, log } = make({ connectionTimeout: 100 });
      socket.onerror = () => socket.close();
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
      assert.deepEqual(take(), ['error OPEN', 'close 1006 CONNECTING']);
      Fake.last.open();
      socket.close(3001);
      socket.reconnect();
      assert.deepEqual(take(), ['open OPEN', 'close 1006 CONNECTING']);
    });

    test('in a handler of error, of an attempt that is given up', () => {
      const { socket, log } = make({ connectionTimeout: 100 });
      socket.addEventListener('error', () => socket.reconnect(), { once: true });
      pass(100);
      assert.equal(Fake.made.length, 2);
      Fake.last.open();
      pass(100_000);
      assert.deepEqual(log, ['error TimeoutError CONNECTING', 'open OPEN']);
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

  describe('keepAlive', () => {
    const keepAlive = { message: 'ping', interval: 1000, timeout: 200 };

    test('asks a peer that is silent, and gives it up', () => {
      const { log, take } = established({ keepAlive });
      const first = Fake.last;
      pass(999);
      assert.deepEqual(first.sent, []);
      pass(1);
      assert.deepEqual(first.sent, ['ping']);
      pass(199);
      assert.deepEqual(log, []);
      pass(1);
      assert.deepEqual(take(), ['error TimeoutError OPEN', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      assert.equal(first.closes.length, 1);
      pass(1000);
      assert.equal(Fake.made.length, 2);
    });

    test('asks nobody who speaks, and takes any message for an answer', () => {
      const { log } = established({ keepAlive: { ...keepAlive, message: () => new Uint8Array([1]) } });
      pass(500);
      Fake.last.receive('tick');
      pass(500);
      assert.deepEqual(Fake.last.sent, []);
      pass(1000);
      assert.deepEqual(Fake.last.sent, [new Uint8Array([1])]);
      Fake.last.receive('pong');
      pass(200);
      pass(999);
      assert.equal(Fake.last.sent.length, 1);
      pass(1);
      assert.equal(Fake.last.sent.length, 2);
      assert.deepEqual(log, ['message tick OPEN', 'message pong OPEN']);
    });

    describe('lets what was to be sent before go out first', () => {
      /** A connection whose network is the test's: what is sent waits until it is `taken`. */
      const slow = () => {
        const made = established({ keepAlive });
        const { last } = Fake;
        last.send = (data) => { last.bufferedAmount += data.length; };
        return { ...made, taken: (bytes) => { last.bufferedAmount -= bytes; } };
      };

      test('but not for ever', () => {
        const { socket, log, taken } = slow();
        socket.send('x'.repeat(300));
        pass(1000);
        for (const bytes of [100, 1]) {
          taken(bytes);
          pass(200);
          assert.deepEqual(log, []);
        }
        pass(200);
        assert.equal(log[0], 'error TimeoutError OPEN');
      });

      test('also if as much is sent meanwhile', () => {
        const { socket, log, taken } = slow();
        socket.send(new Uint8Array(300));
        pass(1000);
        for (let count = 0; count < 3; count += 1) {
          taken(100);
          socket.send(new Uint8Array(100));
          pass(200);
          assert.deepEqual(log, []);
        }
        // The question has gone out now: from here on it is the peer's turn.
        taken(100);
        pass(200);
        assert.deepEqual(log, []);
        taken(100);
        pass(200);
        assert.equal(log[0], 'error TimeoutError OPEN');
      });

      test('and nothing more if there was nothing', () => {
        const { log, taken } = slow();
        pass(1000);
        taken(4);
        pass(199);
        assert.deepEqual(log, []);
        pass(1);
        assert.equal(log[0], 'error TimeoutError OPEN');
      });
    });

    test('may be ended when it is asked for the message', (t) => {
      globalThis.reportError = () => {};
      t.after(() => delete globalThis.reportError);
      for (const fails of [false, true]) {
        let count = 0;
        const { socket, log } = established({
          keepAlive: {
            ...keepAlive,
            message: () => {
              count += 1;
              socket.close();
              if (fails) throw new Error('oops');
              return 'ping';
            },
          },
        });
        pass(1000);
        for (let time = 0; time < 10; time += 1) pass(1000);
        Fake.last.end(1005);
        pass(100_000);
        assert.deepEqual([count, log], [1, ['close 1005 CLOSED']]);
      }
    });

    test('tells of a message that could not be made, and does not give the peer up for that', (t) => {
      const reported = [];
      globalThis.reportError = (error) => reported.push(error.message);
      t.after(() => delete globalThis.reportError);
      const { log } = established({ keepAlive: { ...keepAlive, message: () => { throw new Error('oops'); } } });
      pass(1000);
      pass(1000);
      assert.deepEqual([reported, log], [['oops', 'oops'], []]);
    });

    test('ends with the connection', () => {
      const { socket } = established({ keepAlive });
      const first = Fake.last;
      socket.close();
      pass(100_000);
      assert.deepEqual(first.sent, []);
      first.end(1000);
      pass(100_000);
      assert.equal(Fake.made.length, 1);
    });
  });

  describe('when there is a network again, or the page is to be seen', () => {
    let page;

    beforeEach((t) => {
      page = new EventTarget();
      const document = Object.assign(new EventTarget(), { visibilityState: 'hidden' });
      const properties = {
        addEventListener: page.addEventListener.bind(page),
        removeEventListener: page.removeEventListener.bind(page),
        document,
      };
      for (const [name, value] of Object.entries(properties)) {
        Object.defineProperty(globalThis, name, { value, configurable: true });
        t.after(() => delete globalThis[name]);
      }
    });

    const online = () => page.dispatchEvent(new Event('online'));
    const turn = (visibilityState) => {
      document.visibilityState = visibilityState;
      document.dispatchEvent(new Event('visibilitychange'));
    };

    test('it connects at once, and once', () => {
      established();
      Fake.last.end();
      online();
      assert.equal(Fake.made.length, 2);
      online();
      pass(9999);
      assert.equal(Fake.made.length, 2);
      Fake.last.end();
      turn('hidden');
      assert.equal(Fake.made.length, 2);
      turn('visible');
      assert.equal(Fake.made.length, 3);
    });

    test('that is no retry that counts', () => {
      const { socket } = make({ maxRetries: 1 });
      for (let count = 0; count < 5; count += 1) {
        Fake.last.end();
        online();
        assert.equal(socket.retryCount, 0);
      }
      assert.equal(Fake.made.length, 6);
      Fake.last.end();
      pass(1000);
      Fake.last.end();
      assert.equal(socket.readyState, ReconnectingWebSocket.CLOSED);
    });

    test('a peer that is asked already is given up in time', () => {
      const { log } = established({ keepAlive: { message: 'ping', interval: 1000, timeout: 200 } });
      for (let time = 0; time < 200; time += 50) {
        online();
        pass(50);
      }
      assert.deepEqual([Fake.made[0].sent, log[0]], [['ping'], 'error TimeoutError OPEN']);
    });

    test('where a document is not one', () => {
      Object.defineProperty(globalThis, 'document', { value: {}, configurable: true });
      const { log } = established();
      Fake.last.end();
      assert.equal(log.at(-1), 'reconnecting 1 1000 CONNECTING');
    });

    test('it asks the peer, if it has something to ask', () => {
      const { log } = established({ keepAlive: { message: 'ping', interval: 1000, timeout: 200 } });
      turn('visible');
      assert.deepEqual(Fake.last.sent, ['ping']);
      pass(200);
      assert.equal(log[0], 'error TimeoutError OPEN');
    });

    test('it does nothing after the end', () => {
      for (const options of [{}, { keepAlive: { message: 'ping' } }]) {
        const { socket, log } = established(options);
        const { length } = Fake.made;
        Fake.last.end();
        socket.close();
        online();
        turn('visible');
        pass(100_000);
        assert.equal(Fake.made.length, length);
        assert.equal(log.at(-1), 'close 1006 CLOSED');
      }
    });
  });

  describe('has the shape of a WebSocket', () => {
    test('its constants and attributes', () => {
      const constants = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
      for (const [name, value] of Object.entries(constants)) {
        assert.equal(ReconnectingWebSocket[name], value);
        assert.equal(ReconnectingWebSocket.prototype[name], value);
      }
      const { socket } = make();
      assert.equal(String(socket), '[object ReconnectingWebSocket]');
      const members = new Set();
      for (const member in socket) members.add(member);
      for (const member in WebSocket.prototype) assert.ok(members.has(member), member);
    });

    test('what it says is of the connection there is, or of the last one', () => {
      const { socket } = make({ startClosed: true });
      assert.deepEqual([socket.readyState, socket.url, socket.protocol, socket.extensions], [3, '', '', '']);
      socket.reconnect();
      Object.assign(Fake.last, { protocol: 'chat', extensions: 'x', bufferedAmount: 7 });
      Fake.last.open();
      const said = () => [socket.url, socket.protocol, socket.extensions, socket.bufferedAmount];
      assert.deepEqual(said(), [URL, 'chat', 'x', 7]);
      Fake.last.end();
      assert.deepEqual(said(), [URL, 'chat', 'x', 0]);
      pass(1000);
      Fake.last.open();
      assert.deepEqual(said(), [URL, '', '', 0]);
    });

    test('and while the URL of the next is asked for', async () => {
      const urls = [URL, new Promise(() => {})];
      const { socket } = make({}, () => urls.shift());
      await settle();
      Fake.last.open();
      socket.reconnect();
      assert.equal(socket.url, URL);
    });

    test('an error has the cause that its connection tells', () => {
      const { socket } = make();
      let seen;
      socket.onerror = (event) => { seen = event.error; };
      const cause = new Error('refused');
      Fake.last.dispatchEvent(Object.assign(new Event('error'), { error: cause }));
      assert.equal(seen, cause);
    });

    test('binaryType is that of all connections', () => {
      const { socket } = make();
      socket.binaryType = 'arraybuffer';
      socket.binaryType = 'something';
      assert.deepEqual([socket.binaryType, Fake.last.binaryType], ['arraybuffer', 'arraybuffer']);
      Fake.last.end();
      pass(1000);
      assert.equal(Fake.last.binaryType, 'arraybuffer');
    });

    test('events are new ones, and handlers are called in their order', () => {
      const { socket } = make();
      const calls = [];
      socket.addEventListener('message', () => calls.push('listener'));
      socket.onmessage = function (event) {
        calls.push([this === socket, event.data, event.origin, event.target === socket]);
      };
      socket.onclose = (event) => calls.push([event instanceof CloseEvent, event.reason, event.wasClean]);
      Fake.last.open();
      Fake.last.receive('data');
      Fake.last.end(1001, 'away');
      assert.deepEqual(calls, ['listener', [true, 'data', 'ws://h', true], [true, 'away', true]]);
    });

    test('arguments that are none are an exception', () => {
      assert.throws(() => new ReconnectingWebSocket(), TypeError);
      assert.throws(() => new ReconnectingWebSocket('http://[', [], {}), { name: 'SyntaxError' });
      assert.throws(() => new ReconnectingWebSocket(URL, ['a', 'a']), { name: 'SyntaxError' });
      for (const [name, values] of Object.entries({
        WebSocket: [1, {}],
        minReconnectionDelay: [0, -1, 1.5, NaN, '1', 2 ** 31, null],
        maxReconnectionDelay: [0, Infinity],
        reconnectionDelayGrowFactor: [0.9, NaN, '2'],
        minUptime: [0, 'x'],
        connectionTimeout: [0, 2 ** 31],
        maxRetries: [-1, 0.5, NaN, '3'],
        maxEnqueuedMessages: [-1],
        maxEnqueuedBytes: [-1, '5'],
        startClosed: [1],
        shouldReconnect: [true],
        keepAlive: [true, {}, { message: 'x', interval: 0 }, { message: 'x', timeout: '1' }],
      })) {
        for (const value of values) {
          assert.throws(() => make({ [name]: value }), ({ constructor, message }) => constructor === TypeError && message.includes(name), name);
        }
      }
      assert.throws(() => new ReconnectingWebSocket(URL, [], 1), TypeError);
      assert.equal(Fake.made.length, 0);
    });
  });
});

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

function withResolver() {
  let resolve;
  const promise = new Promise((done) => { resolve = done; });
  return { promise, resolve };
}
