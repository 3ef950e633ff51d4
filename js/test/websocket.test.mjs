import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';

import { CloseEvent } from '../src/events.js';
import { defineWebSocket } from '../src/websocket.js';

/** What the class has asked of its connection; a test sets what the connection answers. */
let connection;

const { WebSocket, connectionOf } = defineWebSocket((url, init, feedback) => {
  connection = {
    url, init, feedback, calls: [],
    readyState: 0, bufferedAmount: 0, extensions: '', protocol: '', binaryType: 'blob',
    sendText: (text) => connection.calls.push(['text', text]),
    sendBytes: (bytes) => connection.calls.push(['bytes', [...bytes]]),
    sendBlob: (blob) => connection.calls.push(['blob', blob.size]),
    close: (...parameters) => connection.calls.push(['close', ...parameters]),
  };
  return connection;
});

beforeEach(() => { connection = undefined; });

function throwsDOMException(steps, name) {
  assert.throws(steps, (error) => error instanceof DOMException && error.name === name);
}

describe('the shape of the interface', () => {
  test('the interface object', () => {
    assert.equal(WebSocket.name, 'WebSocket');
    assert.equal(WebSocket.length, 1);
    assert.equal(Object.getPrototypeOf(WebSocket), EventTarget);
    assert.equal(Object.getOwnPropertyDescriptor(WebSocket, 'prototype').writable, false);
    assert.deepEqual(Object.keys(WebSocket), ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED']);
    assert.throws(() => WebSocket('ws://h'), TypeError);
    assert.throws(() => new WebSocket(), TypeError);
    assert.equal(Object.prototype.toString.call(new WebSocket('ws://h')), '[object WebSocket]');
  });

  test('constants are on the class and its prototype', () => {
    for (const [index, name] of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].entries()) {
      for (const object of [WebSocket, WebSocket.prototype]) {
        assert.deepEqual(Object.getOwnPropertyDescriptor(object, name), {
          value: index, enumerable: true, writable: false, configurable: false,
        });
      }
    }
  });

  test('members are enumerable ones of the prototype, and of real sockets only', () => {
    const attributes = ['url', 'readyState', 'bufferedAmount', 'extensions', 'protocol'];
    const writable = ['onopen', 'onmessage', 'onerror', 'onclose', 'binaryType'];
    for (const name of [...attributes, ...writable]) {
      const { get, set, enumerable, configurable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
      assert.deepEqual([enumerable, configurable, get.name], [true, true, `get ${name}`]);
      assert.equal(set?.name, writable.includes(name) ? `set ${name}` : undefined);
      assert.throws(() => get.call({}), TypeError);
      assert.throws(() => WebSocket.prototype[name], TypeError);
      if (set) assert.throws(() => set.call({}, 'no such value'), TypeError);
    }
    for (const [name, length] of [['send', 1], ['close', 0]]) {
      const { value, enumerable, configurable, writable: isWritable } = Object.getOwnPropertyDescriptor(WebSocket.prototype, name);
      assert.deepEqual([value.name, value.length, enumerable, configurable, isWritable], [name, length, true, true, true]);
      assert.throws(() => value.call({}), TypeError);
    }
    assert.deepEqual(Object.keys(new WebSocket('ws://h')), []);
  });

  test('a class can extend it', () => {
    class Chat extends WebSocket {}
    assert.ok(new Chat('ws://h') instanceof WebSocket);
    assert.equal(new Chat('ws://h').url, 'ws://h/');
  });
});

describe('the URL', () => {
  afterEach(() => { delete globalThis.location; });

  const accepted = [
    ['ws://h', 'ws://h/'], ['wss://h:443/a?b', 'wss://h/a?b'], ['http://h', 'ws://h/'], ['https://h:8443', 'wss://h:8443/'],
    ['http://h:443/', 'ws://h:443/'], ['  ws://H/\t', 'ws://h/'], ['ws://h/%23', 'ws://h/%23'], ['ws://u:p@h', 'ws://u:p@h/'],
    ['ws://h/\uD800', 'ws://h/%EF%BF%BD'], [new URL('ws://h/x'), 'ws://h/x'],
  ];
  for (const [given, url] of accepted) {
    test(`${String(given).toWellFormed()} is taken`, () => assert.equal(new WebSocket(given).url, url));
  }

  for (const url of ['', '/a', 'h', 'ftp://h', 'mailto:a@h', 'ws://', 'ws://h#', 'ws://h/#a', 'http://h/a#', 'ws://a b', 'ws://h:65536', 'about:blank']) {
    test(`'${url}' is a SyntaxError`, () => throwsDOMException(() => new WebSocket(url), 'SyntaxError'));
  }

  test('what is thrown does not tell it: it may have a password in it', () => {
    for (const url of ['ws://user:secret@h:65536/?token=secret', '/?token=secret', 'ws://user:secret@h/?token=secret#']) {
      assert.throws(() => new WebSocket(url), ({ message }) => message.length > 0 && !message.includes('secret'));
    }
  });

  test('it is checked before the subprotocols, and after all conversions', () => {
    throwsDOMException(() => new WebSocket('ftp://h', 'a b'), 'SyntaxError');
    assert.throws(() => new WebSocket('ftp://h', Symbol('x')), TypeError);
    assert.throws(() => new WebSocket(Symbol('x')), TypeError);
    assert.equal(connection, undefined);
  });

  test('it may be relative where the host has a location', () => {
    globalThis.location = new URL('https://example.org/a/b');
    assert.equal(new WebSocket('../c').url, 'wss://example.org/c');
    throwsDOMException(() => new WebSocket('#c'), 'SyntaxError');
  });
});

describe('misuse', () => {
  for (const name of ['SyntaxError', 'InvalidAccessError', 'InvalidStateError']) {
    test(`what the connection calls ${name} is the DOMException of that name`, () => {
      const socket = new WebSocket('ws://h');
      const misuse = () => { throw Object.assign(new Error('why'), { name }); };
      connection.sendText = misuse;
      connection.close = misuse;
      throwsDOMException(() => socket.send(''), name);
      throwsDOMException(() => socket.close(), name);
    });
  }
});

describe('send()', () => {
  test('passes on what it is given by its type', () => {
    const socket = new WebSocket('ws://h');
    for (const data of ['a\uD800', null, new Uint8Array([1, 2]), new Uint8Array([3, 4, 5]).buffer, new Blob(['abc'])]) socket.send(data);
    assert.deepEqual(connection.calls, [
      ['text', 'a\uFFFD'], ['text', 'null'], ['bytes', [1, 2]], ['bytes', [3, 4, 5]], ['blob', 3],
    ]);
    assert.throws(() => socket.send(), TypeError);
  });
});

describe('close()', () => {
  test('passes on converted arguments', () => {
    const socket = new WebSocket('ws://h');
    socket.close();
    socket.close(undefined, undefined);
    socket.close(65536 + 1000);
    socket.close(null);
    socket.close('3000', '\uD800');
    socket.close(undefined, null);
    assert.deepEqual(connection.calls, [
      ['close', undefined, undefined], ['close', undefined, undefined], ['close', 65535, undefined],
      ['close', 0, undefined], ['close', 3000, '\uFFFD'], ['close', undefined, 'null'],
    ]);
  });

  test('converts before anything else happens', () => {
    const socket = new WebSocket('ws://h');
    assert.throws(() => socket.close(1000n), TypeError);
    assert.throws(() => socket.close(1, Symbol('x')), TypeError);
    assert.deepEqual(connection.calls, []);
  });
});

describe('binaryType', () => {
  test('is one of two values', () => {
    const socket = new WebSocket('ws://h');
    assert.equal(socket.binaryType, 'blob');
    for (const value of ['arraybuffer', 'Blob', '', null, 'nodebuffer']) socket.binaryType = value;
    assert.equal(socket.binaryType, 'arraybuffer');
    assert.throws(() => { socket.binaryType = Symbol('x'); }, TypeError);
  });
});

describe('events', () => {
  test('a message has data and origin', () => {
    const socket = new WebSocket('wss://user@H.example:8443/path');
    let event;
    socket.onmessage = (given) => { event = given; };
    connection.feedback.received('text');
    assert.ok(event instanceof MessageEvent);
    assert.deepEqual([event.data, event.origin, event.lastEventId, event.target], ['text', 'wss://h.example:8443', '', socket]);
    assert.deepEqual([event.bubbles, event.cancelable], [false, false]);
  });

  test('error is a plain event, and close comes after it', () => {
    const socket = new WebSocket('ws://h');
    const events = [];
    for (const type of ['open', 'error', 'close']) socket.addEventListener(type, (event) => events.push(event));
    connection.feedback.opened();
    connection.feedback.closed({ failed: true, code: 1006, reason: '', wasClean: false });
    assert.deepEqual(events.map(({ type }) => type), ['open', 'error', 'close']);
    assert.equal(events[1].constructor, Event);
    assert.ok(events[2] instanceof CloseEvent);
    assert.deepEqual([events[2].code, events[2].reason, events[2].wasClean], [1006, '', false]);
  });

  test('a connection that did not fail has no error', () => {
    const socket = new WebSocket('ws://h');
    const seen = [];
    socket.onerror = () => seen.push('error');
    socket.onclose = ({ code, reason, wasClean }) => seen.push([code, reason, wasClean]);
    connection.feedback.closed({ failed: false, code: 3000, reason: 'why', wasClean: true });
    assert.deepEqual(seen, [[3000, 'why', true]]);
  });
});

test('the connection gets the URL and the list of subprotocols, and can be asked for', () => {
  const dictionary = { protocols: 'a', headers: { b: 'c' } };
  const socket = new WebSocket('https://h/', dictionary);
  const init = { protocols: ['a'], headers: [['b', 'c']], dictionary };
  assert.deepEqual([connection.url.href, connection.init], ['wss://h/', init]);
  Object.assign(connection, { readyState: 1, bufferedAmount: 2, extensions: 'x', protocol: 'a' });
  assert.deepEqual([socket.readyState, socket.bufferedAmount, socket.extensions, socket.protocol], [1, 2, 'x', 'a']);
  assert.equal(connectionOf(socket), connection);
});
