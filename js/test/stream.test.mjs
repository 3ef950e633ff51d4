import assert from 'node:assert/strict';
import { getEventListeners, once } from 'node:events';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { WebSocketServer } from 'ws';

import { WebSocketError, WebSocketStream } from 'isosocket/engine';

import { defineWebSocketStream } from '../src/stream.js';
import { close, frame, readUntil, serve, switching, text } from './peer.mjs';

const isDOMException = (name) => (error) => error instanceof DOMException && error.name === name;

const isWebSocketError = (closeCode, reason = '') => (error) => (
  error instanceof WebSocketError && error.closeCode === closeCode && error.reason === reason
);

describe('over a connection that the test plays', () => {
  /** What the class has asked of its connection; a test sets what the connection answers. */
  let connection;

  const play = (url, init, feedback) => {
    connection = {
      url, init, feedback, calls: [],
      readyState: 0, bufferedAmount: 0, backlog: 0, extensions: '', protocol: '', binaryType: 'blob',
      sendText: (data) => connection.calls.push(['text', data]),
      sendBytes: (bytes) => connection.calls.push(['bytes', [...bytes]]),
      close: (...parameters) => {
        connection.readyState = 2;
        connection.calls.push(['close', ...parameters]);
      },
      pause: () => connection.calls.push(['pause']),
      resume: () => connection.calls.push(['resume']),
    };
    return connection;
  };

  const { WebSocketStream: Stream, WebSocketError: StreamError } = defineWebSocketStream(play);

  beforeEach(() => { connection = undefined; });

  async function open(options) {
    const stream = new Stream('ws://h', options);
    connection.readyState = 1;
    connection.feedback.opened();
    const { readable, writable } = await stream.opened;
    await settled();
    connection.calls = [];
    return { stream, readable, writable, reader: readable.getReader(), writer: writable.getWriter() };
  }

  function end({ failed = false, code = 1000, reason = '', wasClean = true } = {}) {
    connection.readyState = 3;
    connection.feedback.closed({ failed, code, reason, wasClean });
  }

  /** When all reactions to what has happened have run. */
  const settled = () => new Promise((resolve) => { setImmediate(resolve); });

  const isPending = (promise) => {
    const pending = Symbol();
    return Promise.race([settled().then(() => pending), promise]).then((value) => value === pending, () => false);
  };

  test('the interface has the shape that Web IDL gives it', () => {
    assert.deepEqual([Stream.name, Stream.length, StreamError.name, StreamError.length], ['WebSocketStream', 1, 'WebSocketError', 0]);
    assert.deepEqual(Object.keys(Stream.prototype), ['url', 'opened', 'closed', 'close']);
    assert.deepEqual(Object.keys(StreamError.prototype), ['closeCode', 'reason']);
    assert.equal(Object.getPrototypeOf(StreamError), DOMException);
    assert.equal(String(Stream.prototype), '[object WebSocketStream]');
    assert.throws(() => Stream('ws://h'), TypeError);
    assert.throws(() => Object.create(Stream.prototype).url, TypeError);
    assert.throws(() => Stream.prototype.close.call({}), TypeError);
  });

  test('promises reject where other attributes throw', async () => {
    for (const name of ['opened', 'closed']) await assert.rejects(Object.create(Stream.prototype)[name], TypeError);
  });

  test('what has come is read before the failure, which all else is told at once', async () => {
    const { stream, reader, writer } = await open();
    connection.feedback.received('a');
    connection.feedback.received('b');
    end({ failed: true, code: 1006, wasClean: false });
    const failed = (error) => error instanceof StreamError && error.closeCode === 1006;
    await assert.rejects(stream.closed, failed);
    await assert.rejects(writer.closed, failed);
    assert.deepEqual(await reader.read(), { done: false, value: 'a' });
    assert.deepEqual(await reader.read(), { done: false, value: 'b' });
    await assert.rejects(reader.read(), failed);
    await assert.rejects(reader.closed, failed);
    assert.deepEqual(connection.calls.filter(([name]) => name === 'resume'), []);
  });

  test('a failure that waits for the reader is no matter of one who cancels', async () => {
    const { stream, reader } = await open();
    connection.feedback.received('a');
    end({ failed: true, code: 1006, wasClean: false });
    await assert.rejects(stream.closed, { name: 'WebSocketError' });
    await reader.cancel();
    assert.deepEqual(await reader.read(), { done: true, value: undefined });
  });

  describe('constructor', () => {
    test('passes on the URL, subprotocols and headers, and applies back-pressure', () => {
      const dictionary = { protocols: new Set(['x', 'y']), headers: { b: 'c' } };
      const stream = new Stream('http://h/a', dictionary);
      assert.equal(stream.url, 'ws://h/a');
      assert.deepEqual(connection.init, { protocols: ['x', 'y'], headers: [['b', 'c']], dictionary });
      assert.deepEqual([connection.calls, connection.binaryType], [[['pause']], 'arraybuffer']);
    });

    for (const options of [1, 'x', { protocols: 'x' }, { protocols: 1 }, { signal: {} }, { signal: null }, { headers: 1 }]) {
      test(`${JSON.stringify(options)} is a TypeError`, () => assert.throws(() => new Stream('ws://h', options), TypeError));
    }

    for (const protocols of [['a b'], [''], ['a', 'a'], ['\u20ac']]) {
      test(`the subprotocols ${JSON.stringify(protocols)} are a SyntaxError`, () => {
        assert.throws(() => new Stream('ws://h', { protocols }), isDOMException('SyntaxError'));
        assert.throws(() => new Stream('ws://h', { protocols, signal: AbortSignal.abort() }), isDOMException('SyntaxError'));
        assert.equal(connection, undefined);
      });
    }

    test('what the connection calls misuse is a DOMException', () => {
      const misuse = () => { throw Object.assign(new Error('why'), { name: 'SyntaxError' }); };
      const { WebSocketStream: Refused } = defineWebSocketStream(misuse);
      assert.throws(() => new Refused('ws://h'), isDOMException('SyntaxError'));
    });
  });

  describe('the signal', () => {
    test('aborted before: nothing is opened, and close() does nothing but check', async () => {
      const stream = new Stream('ws://h', { signal: AbortSignal.abort('why') });
      assert.equal(connection, undefined);
      await assert.rejects(stream.opened, (reason) => reason === 'why');
      await assert.rejects(stream.closed, (reason) => reason === 'why');
      stream.close();
      assert.throws(() => stream.close({ closeCode: 1001 }), isDOMException('InvalidAccessError'));
    });

    test('aborted while connecting: both promises reject, and the end changes nothing', async () => {
      const abort = new AbortController();
      const stream = new Stream('ws://h', { signal: abort.signal });
      abort.abort('why');
      assert.deepEqual(connection.calls, [['pause'], ['close']]);
      end({ failed: true, code: 1006, wasClean: false });
      await assert.rejects(stream.opened, (reason) => reason === 'why');
      await assert.rejects(stream.closed, (reason) => reason === 'why');
    });

    test('an event that a script dispatches is no abort', async () => {
      const abort = new AbortController();
      const stream = new Stream('ws://h', { signal: abort.signal });
      abort.signal.dispatchEvent(new Event('abort'));
      assert.deepEqual(connection.calls, [['pause']]);
      assert.ok(await isPending(stream.opened));
    });

    test('aborted while connecting, though a script stops the event', async () => {
      const abort = new AbortController();
      abort.signal.addEventListener('abort', (event) => event.stopImmediatePropagation());
      const stream = new Stream('ws://h', { signal: abort.signal });
      Object.defineProperty(abort.signal, 'reason', { value: 'another' });
      abort.abort('why');
      await assert.rejects(stream.opened, (reason) => reason === 'why');
      await assert.rejects(stream.closed, (reason) => reason === 'why');
    });

    test('aborted while connecting, where the host has no AbortSignal.any', async (t) => {
      const { any } = AbortSignal;
      t.after(() => Object.assign(AbortSignal, { any }));
      delete AbortSignal.any;
      const { WebSocketStream: Old } = defineWebSocketStream(play);
      const abort = new AbortController();
      const stream = new Old('ws://h', { signal: abort.signal });
      abort.signal.dispatchEvent(new Event('abort'));
      assert.ok(await isPending(stream.opened));
      abort.abort('why');
      await assert.rejects(stream.opened, (reason) => reason === 'why');
      await assert.rejects(stream.closed, (reason) => reason === 'why');
    });

    test('is left alone when there was no connection', async (t) => {
      const { any } = AbortSignal;
      t.after(() => Object.assign(AbortSignal, { any }));
      delete AbortSignal.any;
      const { WebSocketStream: Old } = defineWebSocketStream(play);
      const { signal } = new AbortController();
      new Old('ws://h', { signal });
      assert.equal(getEventListeners(signal, 'abort').length, 1);
      end({ failed: true, code: 1006, wasClean: false });
      assert.deepEqual(getEventListeners(signal, 'abort'), []);
    });

    test('has one that depends on it, with one listener, however many streams are made with it', async (t) => {
      const any = t.mock.method(AbortSignal, 'any');
      const { WebSocketStream: Many } = defineWebSocketStream(play);
      const abort = new AbortController();
      const streams = Array.from({ length: 20 }, () => new Many('ws://h', { signal: abort.signal }));
      const [{ result: dependant }] = any.mock.calls;
      assert.equal(getEventListeners(dependant, 'abort').length, 1);
      connection.readyState = 1;
      connection.feedback.opened();
      const opened = streams.pop();
      await opened.opened;
      abort.abort('why');
      for (const { opened: promise } of streams) await assert.rejects(promise, (reason) => reason === 'why');
      for (const { closed } of streams) await assert.rejects(closed, (reason) => reason === 'why');
      assert.ok(await isPending(opened.closed));
      assert.equal(any.mock.callCount(), 1);
    });

    test('is listened to again after all handshakes were over', async (t) => {
      const any = t.mock.method(AbortSignal, 'any');
      const { WebSocketStream: Late } = defineWebSocketStream(play);
      const abort = new AbortController();
      for (let count = 0; count < 3; count += 1) {
        new Late('ws://h', { signal: abort.signal });
        connection.feedback.opened();
      }
      const [{ result: dependant }] = any.mock.calls;
      assert.deepEqual(getEventListeners(dependant, 'abort'), []);
      const stream = new Late('ws://h', { signal: abort.signal });
      abort.abort('why');
      await assert.rejects(stream.opened, (reason) => reason === 'why');
      await assert.rejects(stream.closed, (reason) => reason === 'why');
      assert.equal(any.mock.callCount(), 1);
    });

    test('aborted when it is open: nothing', async () => {
      const abort = new AbortController();
      const { stream } = await open({ signal: abort.signal });
      abort.abort();
      assert.deepEqual(connection.calls, []);
      assert.ok(await isPending(stream.closed));
    });
  });

  describe('reading', () => {
    test('text is a string, binary a Uint8Array', async () => {
      const { reader } = await open();
      connection.feedback.received('text');
      assert.deepEqual(await reader.read(), { value: 'text', done: false });
      connection.feedback.received(new Uint8Array([1, 2]).buffer);
      assert.deepEqual(await reader.read(), { value: new Uint8Array([1, 2]), done: false });
    });

    test('every message applies back-pressure, and a pull releases it', async () => {
      const { reader } = await open();
      connection.feedback.received('one');
      await settled();
      assert.deepEqual(connection.calls, [['pause']]);
      await reader.read();
      await settled();
      assert.deepEqual(connection.calls, [['pause'], ['resume']]);
    });

    test('a reader that waits is given the next message without delay', async () => {
      const { reader } = await open();
      const reads = [reader.read(), reader.read()];
      await settled();
      connection.calls = [];
      connection.feedback.received('one');
      assert.deepEqual(connection.calls, [['pause'], ['resume']]);
      await settled();
      connection.feedback.received('two');
      assert.deepEqual((await Promise.all(reads)).map(({ value }) => value), ['one', 'two']);
    });

    test('a message after close() is dropped', async () => {
      const { stream, reader } = await open();
      stream.close();
      connection.feedback.received('late');
      end();
      assert.deepEqual(await reader.read(), { value: undefined, done: true });
    });

    test('cancel() closes, and lets the peer\'s Close frame through', async () => {
      const { reader } = await open();
      await reader.cancel();
      assert.deepEqual(connection.calls, [['close', undefined, ''], ['resume']]);
      end();
    });
  });

  describe('writing', () => {
    test('passes on what it is given by its type', async () => {
      const { writer } = await open();
      for (const data of ['a\uD800', null, new Uint8Array([1, 2]), new Uint8Array([3]).buffer, new Blob(['b'])]) await writer.write(data);
      assert.deepEqual(connection.calls, [
        ['text', 'a\uFFFD'], ['text', 'null'], ['bytes', [1, 2]], ['bytes', [3]], ['text', '[object Blob]'],
      ]);
    });

    for (const [name, chunk] of [['a Symbol', Symbol()], ['shared memory', new Uint8Array(new SharedArrayBuffer(1))]]) {
      test(`${name} is refused, and errors the stream`, async () => {
        const { writer } = await open();
        await assert.rejects(writer.write(chunk), TypeError);
        await assert.rejects(writer.write('next'), TypeError);
        assert.deepEqual(connection.calls, []);
      });
    }

    for (const [name, room, none] of [['backlog', 65536, 65537], ['bufferedAmount', 65536, 65537]]) {
      test(`waits while ${name} is ${none}, not ${room}`, async () => {
        const { writer } = await open();
        connection[name] = none;
        const write = writer.write('x');
        assert.ok(await isPending(write));
        connection.feedback.drained();
        assert.ok(await isPending(write));
        assert.equal(writer.desiredSize, 0);
        connection[name] = room;
        connection.feedback.drained();
        await write;
        await writer.write('y');
      });
    }

    test('a write that waits ends when we close: it was sent before the Close frame', async () => {
      const { stream, writer } = await open();
      connection.backlog = 65537;
      const write = writer.write('x');
      await settled();
      stream.close();
      await write;
      end();
      assert.deepEqual(await stream.closed, { closeCode: 1000, reason: '' });
    });

    test('a write that waits when the peer closes is lost, and the end is not clean', async () => {
      const { stream, writer } = await open();
      connection.backlog = 65537;
      const write = writer.write('x');
      await settled();
      connection.readyState = 2;
      connection.backlog = 0;
      connection.feedback.drained();
      assert.ok(await isPending(write));
      end({ code: 4000, reason: 'bye' });
      const error = await write.then(assert.fail, (reason) => reason);
      assert.ok(isDOMException('InvalidStateError')(error));
      await assert.rejects(writer.write('y'), (reason) => reason === error);
      await assert.rejects(stream.closed, (reason) => reason instanceof StreamError && reason.closeCode === 4000 && reason.reason === 'bye');
    });

    test('a write while closing is dropped, and ends with the connection', async () => {
      const { stream, writer } = await open();
      stream.close();
      const write = writer.write('x');
      assert.ok(await isPending(write));
      end();
      await write;
      assert.deepEqual(connection.calls, [['close', undefined, ''], ['resume']]);
    });

    test('close() ends when the connection does', async () => {
      const { writer } = await open();
      const closing = writer.close();
      assert.ok(await isPending(closing));
      assert.deepEqual(connection.calls, [['close', undefined, ''], ['resume']]);
      end({ code: 1005 });
      await closing;
      await writer.closed;
    });

    test('close() fails when the connection does', async () => {
      const { writer } = await open();
      const closing = writer.close();
      assert.ok(await isPending(closing));
      end({ failed: true, code: 1006, wasClean: false });
      await assert.rejects(closing, { name: 'WebSocketError', closeCode: 1006 });
    });

    test('abort() does not wait for a write that waits', async () => {
      const { writer } = await open();
      connection.backlog = 65537;
      const write = writer.write('x');
      await settled();
      const aborting = writer.abort(new StreamError('', { closeCode: 3000, reason: 'why' }));
      await assert.rejects(write, StreamError);
      await aborting;
      assert.deepEqual(connection.calls, [['text', 'x'], ['close', 3000, 'why'], ['resume']]);
      end();
    });
  });

  describe('the end', () => {
    test('a clean one closes the readable stream and errors the writable one', async () => {
      const { stream, reader, writer } = await open();
      end({ code: 3000, reason: 'why' });
      assert.deepEqual(await stream.closed, { closeCode: 3000, reason: 'why' });
      assert.equal((await reader.read()).done, true);
      await assert.rejects(writer.closed, isDOMException('InvalidStateError'));
    });

    test('another one rejects with one WebSocketError', async () => {
      const { stream, reader, writer } = await open();
      end({ failed: true, code: 1006, wasClean: false });
      const error = await stream.closed.then(assert.fail, (reason) => reason);
      assert.deepEqual([error instanceof StreamError, error.closeCode, error.reason], [true, 1006, '']);
      for (const promise of [reader.read(), writer.closed]) await assert.rejects(promise, (reason) => reason === error);
    });

    test('one before it was open rejects both promises', async () => {
      const stream = new Stream('ws://h');
      end({ failed: true, code: 1006, wasClean: false });
      await assert.rejects(stream.opened, (error) => error instanceof StreamError && error.closeCode === null);
      await assert.rejects(stream.closed, (error) => error instanceof StreamError && error.closeCode === 1006);
    });

    test('a code that only a peer may send is not sent back', async () => {
      const first = await open();
      end({ failed: true, code: 1001, wasClean: false });
      const error = await first.stream.closed.then(assert.fail, (reason) => reason);
      const { reader } = await open();
      await reader.cancel(error);
      assert.deepEqual(connection.calls, [['close', undefined, ''], ['resume']]);
      end();
    });
  });

  describe('close()', () => {
    for (const [closeInfo, name] of [
      [{ closeCode: 999 }, 'InvalidAccessError'], [{ closeCode: 1001 }, 'InvalidAccessError'], [{ closeCode: 2999 }, 'InvalidAccessError'],
      [{ closeCode: 5000 }, 'InvalidAccessError'], [{ closeCode: null }, 'InvalidAccessError'],
      [{ reason: 'x'.repeat(124) }, 'SyntaxError'], [{ reason: '\u20ac'.repeat(41) + 'x' }, 'SyntaxError'],
      [{ reason: '\u{1F600}'.repeat(31) }, 'SyntaxError'], [{ reason: '\u00e9'.repeat(62) }, 'SyntaxError'],
    ]) {
      test(`${JSON.stringify(closeInfo)} is ${name}, as in a WebSocketError`, async () => {
        const { stream } = await open();
        assert.throws(() => stream.close(closeInfo), isDOMException(name));
        assert.throws(() => new StreamError('', closeInfo), isDOMException(name));
        assert.deepEqual(connection.calls, []);
      });
    }

    for (const closeInfo of [1, true, 'x', { closeCode: -1 }, { closeCode: 65536 }, { closeCode: NaN }, { closeCode: 'x' }]) {
      test(`${typeof closeInfo === 'object' ? Object.values(closeInfo) : closeInfo} is a TypeError`, async () => {
        const { stream } = await open();
        assert.throws(() => stream.close(closeInfo), TypeError);
        assert.throws(() => new StreamError('', closeInfo), TypeError);
      });
    }

    for (const [closeInfo, ...parameters] of [
      [undefined, undefined, ''], [null, undefined, ''], [{}, undefined, ''], [{ closeCode: 1000 }, 1000, ''], [{ closeCode: 3000 }, 3000, ''],
      [{ closeCode: 4999.9, reason: 'why' }, 4999, 'why'], [{ reason: '\u20ac'.repeat(41) }, undefined, '\u20ac'.repeat(41)],
      [{ reason: '\uD800' }, undefined, '\uFFFD'],
    ]) {
      test(`${JSON.stringify(closeInfo)} is passed on`, async () => {
        const { stream } = await open();
        stream.close(closeInfo);
        assert.deepEqual(connection.calls, [['close', ...parameters], ['resume']]);
      });
    }
  });

  test('a WebSocketError with a reason and no code has the code 1000', () => {
    const error = new StreamError('message', { reason: 'why' });
    assert.deepEqual([error.name, error.message, error.code, error.closeCode, error.reason], ['WebSocketError', 'message', 0, 1000, 'why']);
    assert.deepEqual([new StreamError().closeCode, new StreamError().reason, new StreamError().message], [null, '', '']);
  });
});

describe('against the npm package ws', () => {
  let server;
  let url;

  before(async () => {
    server = new WebSocketServer({ host: '127.0.0.1', port: 0, maxPayload: 1 << 26, handleProtocols: (offered) => [...offered][0] });
    await once(server, 'listening');
    url = `ws://127.0.0.1:${server.address().port}`;
  });

  afterEach(() => {
    server.removeAllListeners('connection');
    for (const client of server.clients) client.terminate();
  });

  after(() => server.close());

  const accepted = async () => (await once(server, 'connection'))[0];

  test('echoes, with a subprotocol, through pipes', async () => {
    server.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
    const stream = new WebSocketStream(url, { protocols: ['chat'] });
    const { readable, writable, protocol } = await stream.opened;
    assert.equal(protocol, 'chat');
    const messages = Array.from({ length: 200 }, (_, index) => (index % 2 ? `${index}` : new Uint8Array(index * 700).fill(index)));
    const sent = new ReadableStream({
      start: (controller) => {
        for (const message of messages) controller.enqueue(message);
      },
    }).pipeTo(writable, { preventClose: true });
    const echoed = [];
    for await (const message of readable) {
      echoed.push(message);
      if (echoed.length === messages.length) break;
    }
    assert.deepEqual(echoed, messages);
    // Breaking out of the loop has cancelled the stream, which closes the connection.
    assert.deepEqual(await stream.closed, { closeCode: 1005, reason: '' });
    await assert.rejects(sent, isDOMException('InvalidStateError'));
  });

  /** A program that does something else for some turns of the event loop, in which everybody else may go on. */
  async function turns(count) {
    for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => { setImmediate(resolve); });
  }

  test('a slow reader stops a peer that floods, and gets everything in order', async () => {
    const payload = 'x'.repeat(1 << 16);
    const total = 1024;
    const stream = new WebSocketStream(url);
    const peer = await accepted();
    const { readable } = await stream.opened;
    let sent = 0;
    const next = () => {
      sent += 1;
      if (sent < total) peer.send(`${sent} ${payload}`, next);
    };
    peer.send(`0 ${payload}`, next);
    let read = 0;
    for await (const message of readable.values({ preventCancel: true })) {
      assert.ok(message === `${read} ${payload}`);
      read += 1;
      // What is on the way is what the system's buffers have room for, and no more.
      assert.ok(sent - read < 256, `${sent} messages were sent when ${read} were read`);
      if (read === total) break;
      await turns(20);
    }
    peer.close(1000);
    assert.deepEqual(await stream.closed, { closeCode: 1000, reason: '' });
  });

  test('a peer that does not read stops the writer, and gets everything in order', async () => {
    const stream = new WebSocketStream(url);
    const peer = await accepted();
    peer.pause();
    const { writable } = await stream.opened;
    const writer = writable.getWriter();
    const payload = new Uint8Array(1 << 20);
    const total = 32;
    let written = 0;
    const writing = (async () => {
      for (; written < total; written += 1) {
        payload[0] = written;
        await writer.write(payload);
      }
    })();
    await turns(2000);
    // So many as the system's buffers have room for.
    assert.ok(written < 16, `${written} of ${total} messages were written without a reader`);
    const received = [];
    peer.on('message', (data) => received.push(data[0]));
    peer.resume();
    await writing;
    await writer.close();
    assert.deepEqual(received, Array.from({ length: total }, (_, index) => index));
    assert.deepEqual(await stream.closed, { closeCode: 1005, reason: '' });
  });

  test('messages without content fill the buffer, too', async () => {
    const stream = new WebSocketStream(url);
    const peer = await accepted();
    peer.pause();
    const { writable } = await stream.opened;
    const writer = writable.getWriter();
    // The program does nothing but write; it gives way to the event loop all the same.
    let seen = false;
    setImmediate(() => { seen = true; });
    let written = 0;
    for (; !seen && written < 100_000; written += 1) await writer.write('');
    assert.ok(written < 20_000, `${written} messages of 6 bytes were written in one turn`);
    peer.resume();
    stream.close();
    await stream.closed;
  });

  test('the peer\'s close behind a message that nobody reads is seen', async () => {
    const stream = new WebSocketStream(url);
    const peer = await accepted();
    const { readable } = await stream.opened;
    peer.send('last');
    peer.close(4000, 'bye');
    assert.deepEqual(await stream.closed, { closeCode: 4000, reason: 'bye' });
    const reader = readable.getReader();
    assert.deepEqual(await reader.read(), { value: 'last', done: false });
    assert.equal((await reader.read()).done, true);
  });

  test('the peer\'s close behind messages that nobody reads comes when they are read', async () => {
    const stream = new WebSocketStream(url);
    const peer = await accepted();
    const { readable } = await stream.opened;
    for (const message of ['1', '2', '3']) peer.send(message);
    peer.close(1000);
    const messages = [];
    for await (const message of readable) messages.push(message);
    assert.deepEqual(messages, ['1', '2', '3']);
    assert.deepEqual(await stream.closed, { closeCode: 1000, reason: '' });
  });

  test('close() does not wait for messages that nobody reads', async () => {
    const stream = new WebSocketStream(url);
    const peer = await accepted();
    await stream.opened;
    for (let count = 0; count < 100; count += 1) peer.send('x'.repeat(1000));
    stream.close({ closeCode: 3000, reason: 'enough' });
    assert.deepEqual(await stream.closed, { closeCode: 3000, reason: 'enough' });
  });
});

describe('against a peer byte for byte', () => {
  test('a loss is reported to a program that writes, though messages wait to be read', async (t) => {
    const url = await serve(t, async (socket, request) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), text('1'), text('2'), text('3')]));
      await readUntil(socket, (bytes) => bytes.length > 0);
      socket.resetAndDestroy();
    });
    const stream = new WebSocketStream(url);
    const { writable } = await stream.opened;
    const writer = writable.getWriter();
    await assert.rejects((async () => {
      for (;;) await writer.write(new Uint8Array(1 << 16));
    })(), DOMException);
    await assert.rejects(stream.closed, isWebSocketError(1006));
  });

  test('a frame that is wrong ends the connection, whoever waits', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(Buffer.concat([Buffer.from(switching(request)), text('1'), frame(0xff)])));
    const stream = new WebSocketStream(url);
    await stream.opened;
    await assert.rejects(stream.closed, isWebSocketError(1006));
  });

  test('a Close frame that comes with the handshake is not lost', async (t) => {
    const url = await serve(t, (socket, request) => socket.end(Buffer.concat([Buffer.from(switching(request)), text('1'), close(1000, 'bye')])));
    const stream = new WebSocketStream(url);
    const { readable } = await stream.opened;
    assert.deepEqual(await readable.getReader().read(), { value: '1', done: false });
    assert.deepEqual(await stream.closed, { closeCode: 1000, reason: 'bye' });
  });

  test('rejections that a program does not look at are no unhandled ones', async (t) => {
    const seen = [];
    const listener = (reason) => seen.push(reason);
    process.on('unhandledRejection', listener);
    t.after(() => process.off('unhandledRejection', listener));
    const url = await serve(t, (socket) => socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
    const stream = new WebSocketStream(url);
    await assert.rejects(stream.opened, isWebSocketError(null));
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.deepEqual(seen, []);
  });
});
