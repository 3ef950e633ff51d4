// ReconnectingWebSocket: how it finds out that a peer is not there any more, and that there is a network again.

import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';

import { ReconnectingWebSocket } from 'isosocket/engine';

import { established, Fake, make, pass, passAndReceive, setStage, settle, takeReports } from './reconnecting/stage.mjs';

setStage();

describe('keepAlive', () => {
  const keepAlive = { message: 'ping', interval: 1000, timeout: 200 };

  test('asks a peer that is silent, and gives it up', async () => {
    const { log, take } = established({ keepAlive });
    const first = Fake.last;
    pass(999);
    assert.deepEqual(first.sent, []);
    pass(1);
    assert.deepEqual(first.sent, ['ping']);
    pass(199);
    assert.deepEqual(log, []);
    await passAndReceive(1);
    assert.deepEqual(take(), ['error TimeoutError CONNECTING', 'close 1006 CONNECTING', 'reconnecting 1 1000 CONNECTING']);
    assert.equal(first.closes.length, 1);
    pass(1000);
    assert.equal(Fake.made.length, 2);
  });

  test('asks nobody who speaks, and takes any message for an answer', async () => {
    const { log } = established({ keepAlive: { ...keepAlive, message: () => new Uint8Array([1]) } });
    pass(500);
    Fake.last.receive('tick');
    pass(999);
    assert.deepEqual(Fake.last.sent, []);
    pass(1);
    assert.deepEqual(Fake.last.sent, [new Uint8Array([1])]);
    Fake.last.receive('pong');
    await passAndReceive(200);
    pass(799);
    assert.equal(Fake.last.sent.length, 1);
    pass(1);
    assert.equal(Fake.last.sent.length, 2);
    assert.deepEqual(log, ['message tick OPEN', 'message pong OPEN']);
  });

  test('asks nothing that there is no room for, as long as something goes out', async () => {
    const { log, take } = make({ keepAlive }, undefined, { maxSendQueue: 100 });
    const { last } = Fake;
    last.open();
    take();
    last.bufferedAmount = 100;
    pass(1000);
    last.bufferedAmount = 83;
    await passAndReceive(200);
    assert.deepEqual([last.sent, log], [[], []]);
    // With its header it is just as much as may wait.
    last.bufferedAmount = 82;
    await passAndReceive(200);
    assert.deepEqual([last.sent, log], [['ping'], []]);
    last.receive('pong');
    take();
    last.bufferedAmount = 100;
    for (const milliseconds of [200, 800, 200]) await passAndReceive(milliseconds);
    assert.deepEqual(take()[0], 'error TimeoutError CONNECTING');
    assert.deepEqual(last.sent, ['ping']);
  });

  test('asks when nothing has come for the interval, whenever the last message did', () => {
    established({ keepAlive });
    const { last } = Fake;
    pass(1);
    last.receive('tick');
    pass(999);
    assert.deepEqual(last.sent, []);
    pass(1);
    assert.deepEqual(last.sent, ['ping']);
  });

  test('looks at what has come in time, though the program was busy', async () => {
    const { log } = established({ keepAlive });
    pass(1000);
    pass(200);
    Fake.last.receive('pong');
    await settle();
    assert.deepEqual(log, ['message pong OPEN']);
    pass(999);
    assert.equal(Fake.last.sent.length, 1);
    pass(1);
    assert.equal(Fake.last.sent.length, 2);
    pass(200);
    Fake.last.end(1000);
    await settle();
    assert.deepEqual(log.slice(1), ['close 1000 CLOSED']);
  });

  describe('lets what was to be sent before go out first', () => {
    /** A connection whose network is the test's: what is sent waits until it is `taken`. */
    const slow = () => {
      const made = established({ keepAlive });
      const { last } = Fake;
      last.send = (data) => { last.bufferedAmount += data.length; };
      return { ...made, taken: (bytes) => { last.bufferedAmount -= bytes; } };
    };

    test('a peer that takes nothing more is given up, though what was sent before waits', async () => {
      const { socket, log, taken } = slow();
      socket.send('x'.repeat(300));
      pass(1000);
      for (const bytes of [100, 1]) {
        taken(bytes);
        await passAndReceive(200);
        assert.deepEqual(log, []);
      }
      await passAndReceive(200);
      assert.equal(log[0], 'error TimeoutError CONNECTING');
    });

    test('the peer has time as long as what was sent before goes out, also if as much is sent meanwhile', async () => {
      const { socket, log, taken } = slow();
      socket.send(new Uint8Array(300));
      pass(1000);
      for (let count = 0; count < 3; count += 1) {
        taken(100);
        socket.send(new Uint8Array(100));
        await passAndReceive(200);
        assert.deepEqual(log, []);
      }
      // The question has gone out now: from here on it is the peer's turn.
      taken(100);
      await passAndReceive(200);
      assert.deepEqual(log, []);
      taken(100);
      await passAndReceive(200);
      assert.equal(log[0], 'error TimeoutError CONNECTING');
    });

    test('what is sent behind the question gives the peer no more time', async () => {
      const { socket, log, taken } = slow();
      socket.send('x'.repeat(300));
      pass(1000);
      taken(304);
      await passAndReceive(200);
      assert.deepEqual(log, []);
      socket.send('x');
      taken(1);
      await passAndReceive(200);
      assert.equal(log[0], 'error TimeoutError CONNECTING');
    });

    test('a peer has no more than its time if nothing was sent before', async () => {
      const { log, taken } = slow();
      pass(1000);
      taken(4);
      pass(199);
      assert.deepEqual(log, []);
      await passAndReceive(1);
      assert.equal(log[0], 'error TimeoutError CONNECTING');
    });
  });

  test('may be ended when it is asked for the message', (t) => {
    takeReports(t);
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
    const reported = takeReports(t);
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

  test('a peer that is asked already is given up in time', async () => {
    const { log } = established({ keepAlive: { message: 'ping', interval: 1000, timeout: 200 } });
    for (let time = 0; time < 200; time += 50) {
      online();
      await passAndReceive(50);
    }
    assert.deepEqual([Fake.made[0].sent, log[0]], [['ping'], 'error TimeoutError CONNECTING']);
  });

  test('a peer that has answered is asked again', async () => {
    const { take } = established({ keepAlive: { message: 'ping', interval: 1000, timeout: 200 } });
    pass(1000);
    Fake.last.receive('pong');
    await passAndReceive(50);
    take();
    online();
    assert.deepEqual(Fake.last.sent, ['ping', 'ping']);
    await passAndReceive(199);
    assert.deepEqual(take(), []);
    await passAndReceive(1);
    assert.equal(take()[0], 'error TimeoutError CONNECTING');
  });

  test('and has all of its time, also if it is asked when the time for its last answer is over', async () => {
    const { log } = established({ keepAlive: { message: 'ping', interval: 1000, timeout: 200 } });
    pass(1000);
    Fake.last.receive('pong');
    pass(200);
    online();
    await passAndReceive(199);
    assert.deepEqual([Fake.last.sent, log], [['ping', 'ping'], ['message pong OPEN']]);
  });

  test('where a document is not one', () => {
    Object.defineProperty(globalThis, 'document', { value: {}, configurable: true });
    const { log } = established();
    Fake.last.end();
    assert.equal(log.at(-1), 'reconnecting 1 1000 CONNECTING');
  });

  test('it asks the peer, if it has something to ask', async () => {
    const { log } = established({ keepAlive: { message: 'ping', interval: 1000, timeout: 200 } });
    turn('visible');
    assert.deepEqual(Fake.last.sent, ['ping']);
    await passAndReceive(200);
    assert.equal(log[0], 'error TimeoutError CONNECTING');
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
