// ReconnectingWebSocket: when it connects again, and how it gets its URL.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CloseEvent, ReconnectingWebSocket, WebSocket } from 'isosocket/engine';

import { reconnectingFor } from '../src/reconnecting.js';
import { dice, established, Fake, make, pass, passAndReceive, setStage, settle, takeReports, URL, withResolver } from './reconnecting/stage.mjs';

setStage();

describe('connects again', () => {
  test('after a second at the least, and tells so', () => {
    const { take } = established();
    Fake.last.end();
    assert.deepEqual(take(), ['error CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
    pass(999);
    assert.equal(Fake.made.length, 1);
    pass(1);
    assert.equal(Fake.made.length, 2);
    Fake.last.open();
    assert.deepEqual(take(), ['open OPEN']);
  });

  test('and keeps a connection whose time was running before a test has put its timers in place', (t) => {
    const { log } = make();
    const { setTimeout, clearTimeout } = globalThis;
    t.after(() => Object.assign(globalThis, { setTimeout, clearTimeout }));
    globalThis.setTimeout = globalThis.clearTimeout = /** @type {any} */ (() => {});
    Fake.last.open();
    pass(100_000);
    assert.deepEqual(log, ['open OPEN']);
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

  test('after the shortest delay, if the longest is less', () => {
    dice.value = 0.5;
    const { take } = established({ minReconnectionDelay: 1000, maxReconnectionDelay: 10 });
    Fake.last.end();
    assert.equal(take().at(-1), 'reconnecting 1 1000 CONNECTING');
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
    const reported = takeReports(t);
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
        assert.deepEqual(log, ['error CONNECTING', 'close 1006 CLOSED']);
        assert.equal(Fake.made.length, length);
      } else {
        assert.equal(Fake.made.length, length + 1);
        Fake.last.open();
        assert.deepEqual(log, ['error CONNECTING', 'close 1006 CONNECTING', 'open OPEN']);
        socket.close();
      }
    }
  });

  test('telling what it is asked about by the event', async () => {
    let asked;
    const { socket } = make({ connectionTimeout: 10, shouldReconnect: (event) => { asked = event; } });
    let fired;
    socket.onclose = (event) => { fired = event; };
    await passAndReceive(10);
    assert.ok(asked instanceof CloseEvent);
    assert.equal(asked, fired);
  });

  test('also if the class throws where it should not', async (t) => {
    const reported = takeReports(t);
    const { socket, take } = make({ connectionTimeout: 100 });
    Fake.last.close = () => { throw new Error('close'); };
    await passAndReceive(100);
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

  for (const [state, readyState] of [['CLOSED', 3], ['CONNECTING', 0]]) {
    test(`at once behind an error before open, of a socket that is ${state} and may never fire close`, () => {
      const { log, take } = make();
      const silent = Fake.last;
      silent.readyState = readyState;
      silent.dispatchEvent(new Event('error'));
      assert.deepEqual(take(), ['error CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
      silent.end();
      assert.deepEqual(log, []);
      pass(1000);
      assert.equal(Fake.made.length, 2);
    });
  }

  test('by the code of the end, also behind an error of what was open', () => {
    const { log } = established();
    Fake.last.dispatchEvent(new Event('error'));
    Fake.last.end(1009);
    assert.deepEqual(log, ['error CONNECTING', 'close 1009 CLOSED']);
  });

  test('but not what came in time, though the program was busy', async () => {
    const { log } = make({ connectionTimeout: 500 });
    pass(500);
    Fake.last.open();
    await settle();
    pass(100_000);
    assert.deepEqual([log, Fake.made.length], [['open OPEN'], 1]);
  });

  test('and not what was closed before it was open', async () => {
    const { log } = make({ connectionTimeout: 500 });
    Fake.last.end(1000);
    await passAndReceive(500);
    assert.deepEqual(log, ['close 1000 CLOSED']);
  });

  test('giving up what takes too long, of which nothing is heard any more', async () => {
    const { log, take } = make({ connectionTimeout: 500 });
    const slow = Fake.last;
    pass(499);
    assert.deepEqual(log, []);
    await passAndReceive(1);
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
    assert.deepEqual(Fake.made.map(({ url, protocols }) => [url, protocols]), [['ws://h/1', 'p1'], ['ws://h/2', 'p2']]);
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
    await passAndReceive(100);
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

describe('gives the class of the connections', () => {
  const once = (...items) => items.values();
  /** What the classes of connections are given, twice, by a ReconnectingWebSocket with this second argument. */
  const givenTo = (Class, argument, options = undefined) => {
    new Class(URL, argument, options);
    Fake.last.end();
    pass(1000);
    return Fake.made.map(({ protocols }) => protocols);
  };
  const lists = [
    ['null', null, undefined],
    ['a string', 'a', 'a'],
    ['a dictionary without members', {}, undefined],
    ['a dictionary with a string', { protocols: 'a' }, 'a'],
    ['a dictionary with an array', { protocols: ['a', 'b'], headers: undefined }, ['a', 'b']],
    ['a dictionary with an iterator', { protocols: once('a', 'b') }, ['a', 'b']],
  ];
  for (const [name, argument, given] of lists) {
    test(`no dictionary, but what it takes everywhere: ${name}`, () => {
      assert.deepEqual(givenTo(ReconnectingWebSocket, argument, { WebSocket: Fake }), [given, given]);
    });
  }

  test('a dictionary that can be read again, where more is in it', () => {
    const argument = { protocols: once('a'), headers: once(['A', 'b']), origin: 'https://a.example' };
    const given = { protocols: ['a'], headers: [['A', 'b']], origin: 'https://a.example' };
    assert.deepEqual(givenTo(ReconnectingWebSocket, argument, { WebSocket: Fake }), [given, given]);
  });

  test('and nothing that a script has put on all objects', (t) => {
    Object.prototype.headers = { A: 'b' };
    t.after(() => delete Object.prototype.headers);
    assert.deepEqual(givenTo(ReconnectingWebSocket, { protocols: 'a' }, { WebSocket: Fake }), ['a', 'a']);
  });

  test('but none for a class of options, of which only methods are more', () => {
    function Options() {
      this.protocols = ['a'];
    }
    Options.prototype.describe = function describe() {};
    assert.deepEqual(givenTo(ReconnectingWebSocket, new Options(), { WebSocket: Fake }), [['a'], ['a']]);
  });

  test('also what a dictionary inherits', () => {
    const given = { protocols: ['a'], headers: [['A', 'b']] };
    assert.deepEqual(givenTo(ReconnectingWebSocket, Object.create(given), { WebSocket: Fake }), [given, given]);
    assert.deepEqual(givenTo(ReconnectingWebSocket, Object.create({ protocols: 'a' }), { WebSocket: Fake }).slice(2), ['a', 'a']);
  });

  test('and never a dictionary, if it is that of the host', async () => {
    const { ReconnectingWebSocket: OverHost } = reconnectingFor({ WebSocket: Fake, CloseEvent, EventTarget });
    const argument = { protocols: once('a'), headers: undefined };
    assert.deepEqual(givenTo(OverHost, argument), [['a'], ['a']]);
    new OverHost(URL, async () => ({ protocols: once('b') }));
    await settle();
    assert.deepEqual(Fake.last.protocols, ['b']);
    new OverHost(URL, () => null);
    await settle();
    assert.equal(Fake.last.protocols, undefined);
  });

  test("and none of a ReconnectingWebSocket's own options, whose place is the third argument", async () => {
    for (const [name, value] of Object.entries({ maxRetries: 3, WebSocket: Fake })) {
      const words = { name: 'TypeError', message: `the option '${name}' belongs in the third argument` };
      assert.throws(() => new ReconnectingWebSocket(URL, { [name]: value }), words);
    }
    const socket = new ReconnectingWebSocket(URL, () => ({ protocols: 'a', maxRetries: 3 }));
    let seen;
    socket.onerror = ({ error }) => { seen = error; };
    await settle();
    assert.equal(String(seen), "TypeError: the option 'maxRetries' belongs in the third argument");
    socket.close();
    // Another class may have options of the same name.
    new ReconnectingWebSocket(URL, { keepAlive: true }, { WebSocket: Fake });
    assert.equal(Fake.last.protocols.keepAlive, true);
    new ReconnectingWebSocket('ws://127.0.0.1:1', { protocols: 'a', maxRetries: undefined }, { startClosed: true });
  });

  test("and what the third argument has of an engine's options is a TypeError: their place is the second", () => {
    const misplaced = { protocols: 'a', headers: {}, origin: 'https://a.example', oneAtATime: false, proxy: null, ca: '', maxPayload: 1 };
    for (const [name, value] of Object.entries(misplaced)) {
      const words = { name: 'TypeError', message: `the option '${name}' belongs in the second argument` };
      assert.throws(() => new ReconnectingWebSocket(URL, [], { WebSocket: Fake, [name]: value }), words);
    }
    assert.equal(Fake.made.length, 0);
    new ReconnectingWebSocket(URL, [], { WebSocket: Fake, headers: undefined, ofAnotherLibrary: true });
    assert.equal(Fake.made.length, 1);
    assert.throws(() => new ReconnectingWebSocket(URL, [], 1), { name: 'TypeError', message: /^options/ });
  });

  test('and what that of the host cannot obey is a TypeError, from a function a failed attempt', async () => {
    const { ReconnectingWebSocket: OverHost } = reconnectingFor({ WebSocket: Fake, CloseEvent, EventTarget });
    const init = { protocols: ['a'], headers: { A: 'b' } };
    assert.throws(() => new OverHost(URL, init), { name: 'TypeError', message: /'headers'/ });
    assert.throws(() => new OverHost(URL, Object.create(init)), { name: 'TypeError', message: /'headers'/ });
    assert.throws(() => new OverHost(URL, { proxy: null }), { name: 'TypeError', message: /'proxy'/ });
    assert.equal(Fake.made.length, 0);
    const socket = new OverHost(URL, async () => init);
    let seen;
    socket.onerror = ({ error }) => { seen = error; };
    await settle();
    assert.match(String(seen), /TypeError: .*'headers'/);
    assert.equal(Fake.made.length, 0);
    new OverHost(URL, init, { WebSocket: class extends Fake {} });
    assert.deepEqual(Fake.last.protocols, init);
  });
});
