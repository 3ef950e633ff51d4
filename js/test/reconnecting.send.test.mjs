// ReconnectingWebSocket: what is sent while there is a connection, and while there is none.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { established, Fake, make, pass, setStage, takeReports } from './reconnecting/stage.mjs';

setStage();

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
    const { socket: other } = make();
    // Of one byte to four, the first and the last that have so many.
    other.send('\0\x7f\x80\u07ff\u0800\uffff\u{10000}\u{10ffff}');
    assert.equal(other.bufferedAmount, 2 * (1 + 2 + 3 + 4));
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

  test('messages sent before or after the last end are not sent by reconnect()', () => {
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
    const reported = takeReports(t);
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

  test('a message that closes the socket as it becomes text is thrown away, and counted', () => {
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

describe('more than there is room for', () => {
  const MOST = 1 << 20;

  /** A connection whose network is the test's, with so many messages that wait for it, each as long as goes at once. */
  const crowded = (count) => {
    const made = make({}, undefined, { maxSendQueue: 2 * MOST });
    for (let index = 0; index < count; index += 1) made.socket.send(`${index}`.padEnd(MOST - 14));
    const { last } = Fake;
    const { send } = last;
    last.send = (data) => {
      send.call(last, data);
      last.bufferedAmount += data.length;
    };
    last.open();
    return { ...made, last, sent: () => last.sent.map((data) => data.trimEnd()) };
  };

  test('waits, and what is sent then waits behind it', () => {
    const { socket, last, sent } = crowded(3);
    socket.send('next');
    assert.deepEqual([sent(), socket.bufferedAmount], [['0'], 3 * (MOST - 14) + 4]);
    last.bufferedAmount = (MOST / 16) + 1;
    pass(10_000);
    assert.equal(sent().length, 1);
    // A large one goes alone.
    last.bufferedAmount = 1;
    pass(64);
    assert.equal(sent().length, 1);
    for (const count of [2, 3, 4]) {
      last.bufferedAmount = 0;
      pass(64);
      assert.equal(sent().length, count);
    }
    socket.send('at once');
    assert.deepEqual(sent(), ['0', '1', '2', 'next', 'at once']);
  });

  test('eight messages of a MiB go out at once where no maxSendQueue is set', () => {
    const { socket } = make();
    for (let index = 0; index < 8; index += 1) socket.send(`${index}`.padEnd(MOST));
    Fake.last.open();
    assert.equal(Fake.last.sent.length, 8);
    socket.close();
    assert.equal(Fake.last.closes.length, 1);
  });

  test('is not thrown away for a program that was busy as long as the peer may take nothing', () => {
    const { socket, last, sent } = crowded(3);
    socket.close();
    // All timers of that time are due at once, and what the peer has taken meanwhile is seen behind them.
    pass(10_000);
    last.bufferedAmount = 0;
    pass(64);
    assert.deepEqual([sent(), last.closes], [['0', '1'], []]);
  });

  test('is as much as the option maxSendQueue says, and small ones go together', () => {
    const { socket } = make({}, undefined, { maxSendQueue: 2 * (3 * 15) });
    for (const data of '12345') socket.send(data);
    Fake.last.open();
    assert.deepEqual(Fake.last.sent, ['1', '2', '3']);
    pass(5);
    assert.deepEqual(Fake.last.sent, ['1', '2', '3', '4', '5']);
  });

  test('goes before the Close frame, and no message is an event then', () => {
    const { socket, last, log, sent } = crowded(2);
    socket.close(3000, 'done');
    socket.send('lost');
    assert.deepEqual([socket.readyState, last.closes], [2, []]);
    last.receive('late');
    last.bufferedAmount = 0;
    pass(64);
    assert.deepEqual([sent(), last.closes], [['0', '1'], [[3000, 'done']]]);
    assert.equal(socket.bufferedAmount, last.bufferedAmount + 4);
    last.end(3000);
    assert.deepEqual(log, ['open OPEN', 'close 3000 CLOSED']);
  });

  test('is not waited for when the peer takes nothing for ten seconds', () => {
    const { socket, last, sent } = crowded(3);
    const passSlowly = (milliseconds) => { for (let time = 0; time < milliseconds; time += 1) pass(1); };
    socket.close();
    passSlowly(9900);
    last.bufferedAmount = 0;
    passSlowly(64);
    assert.deepEqual([sent(), last.closes], [['0', '1'], []]);
    passSlowly(9900);
    last.bufferedAmount -= 1;
    // And as long as it is asked twice more, for a program that was busy.
    passSlowly(9999 + 128);
    assert.deepEqual(last.closes, []);
    passSlowly(65);
    assert.deepEqual([sent(), last.closes.length], [['0', '1'], 1]);
    assert.equal(socket.bufferedAmount, last.bufferedAmount + MOST - 14);
  });

  test('is for the next connection if this one ends, unless it was closed', () => {
    for (const close of [false, true]) {
      const { socket, last } = crowded(2);
      if (close) socket.close();
      last.end();
      if (close) socket.reconnect();
      else pass(1000);
      Fake.last.open();
      assert.deepEqual(Fake.last.sent.map((data) => data.trimEnd()), close ? [] : ['1']);
      pass(100_000);
      assert.equal(last.sent.length, 1);
    }
  });

  test('is thrown away when it is begun anew meanwhile', () => {
    const { socket, last } = crowded(2);
    socket.close();
    socket.reconnect(4000);
    Fake.last.open();
    for (const milliseconds of [10_000, 128]) pass(milliseconds);
    assert.deepEqual([last.sent.length, last.closes, Fake.last.sent], [1, [[4000, '']], []]);
  });
});
