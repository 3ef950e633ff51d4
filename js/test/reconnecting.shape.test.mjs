// ReconnectingWebSocket: the interface, which is that of a WebSocket.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { CloseEvent, ReconnectingWebSocket, WebSocket } from 'isosocket/engine';

import { Fake, make, pass, setStage, settle, URL } from './reconnecting/stage.mjs';

setStage();

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

  test('what binaryType is set to is a string, as it is for a WebSocket', () => {
    const { socket } = make();
    socket.binaryType = { toString: () => 'arraybuffer' };
    assert.deepEqual([socket.binaryType, Fake.last.binaryType], ['arraybuffer', 'arraybuffer']);
    assert.throws(() => { socket.binaryType = Symbol('blob'); }, TypeError);
    assert.equal(socket.binaryType, 'arraybuffer');
  });

  test('binaryType is not set where it is that already: not every class lets it be set', () => {
    class Fixed extends Fake {
      constructor(...parameters) {
        super(...parameters);
        Object.defineProperty(this, 'binaryType', { value: 'blob', writable: false });
      }
    }
    make({ WebSocket: Fixed });
    assert.equal(Fake.made.length, 1);
  });

  test('events are new ones, and handlers are called in their order', () => {
    const { socket } = make();
    const calls = [];
    socket.addEventListener('message', () => calls.push('listener'));
    socket.onmessage = function (event) {
      calls.push([this === socket, event.data, event.origin, event.target === socket, String(event)]);
    };
    socket.onclose = (event) => calls.push([event instanceof CloseEvent, event.reason, event.wasClean]);
    Fake.last.open();
    Fake.last.receive('data');
    Fake.last.end(1001, 'away');
    assert.deepEqual(calls, ['listener', [true, 'data', 'ws://h', true, '[object MessageEvent]'], [true, 'away', true]]);
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

  test('the bounds of the options may be reached', () => {
    const least = { minReconnectionDelay: 1, reconnectionDelayGrowFactor: 1, minUptime: 1, maxRetries: 0, maxEnqueuedMessages: 0, maxEnqueuedBytes: 0 };
    const most = { maxReconnectionDelay: 2 ** 31 - 1, connectionTimeout: 2 ** 31 - 1, maxRetries: Infinity };
    for (const options of [least, most]) make(options);
    assert.equal(Fake.made.length, 2);
  });
});
