// The WebSocketStream over a WebSocket of the host, which is the engine's here.

import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Writable } from 'node:stream';
import { describe, test } from 'node:test';

import { WebSocket } from 'isosocket/engine';

import { defineHostStream } from '../src/host-stream.js';
import { defineWebSocketStream } from '../src/stream.js';
import { close, frame, readFrame, serve, switching, text } from './peer.mjs';

const { WebSocketStream, WebSocketError } = defineHostStream(WebSocket);

const isDOMException = (name) => (error) => error instanceof DOMException && error.name === name;

/** Connects to a peer that answers the handshake and then does what `script` says. */
async function open(t, script, options) {
  const url = await serve(t, async (socket, request) => {
    socket.write(switching(request));
    await script(socket);
  });
  const stream = new WebSocketStream(url, options);
  const { readable, writable } = await stream.opened;
  return { stream, reader: readable.getReader(), writer: writable.getWriter() };
}

/** A stream over an open socket that the test plays, which tells nobody of its end. */
async function played(options) {
  let socket;
  const { WebSocketStream: Stream, WebSocketError: StreamError } = defineHostStream(/** @type {any} */ (class {
    readyState = 1;
    bufferedAmount = 0;
    /** The arguments of each call of close(). */
    closes = [];

    constructor() {
      socket = this;
    }

    send() {}

    close(...parameters) {
      this.closes.push(parameters);
    }
  }));
  const stream = new Stream('ws://h/', options);
  socket.onopen();
  const { readable, writable } = await stream.opened;
  return { stream, socket, StreamError, reader: readable.getReader(), writer: writable.getWriter() };
}

/** One of them with a write that waits for room, and what looks whether there is some. */
async function playedFull(t) {
  const looks = [];
  globalThis.scheduler = { postTask: (look) => looks.push(look) };
  t.after(() => delete globalThis.scheduler);
  const full = await played();
  full.socket.bufferedAmount = (4 << 20) + 1;
  const written = full.writer.write('x').catch((error) => error);
  await new Promise(setImmediate);
  assert.equal(looks.length, 1);
  return { ...full, written, look: () => looks.shift()() };
}

/** Answers the closing handshake, with the client's own code; gives the frame. */
async function answerClose(socket) {
  const received = await readFrame(socket);
  assert.equal(received.first, 0x88);
  socket.end(frame(0x88, received.payload));
  return received;
}

/** Runs this where a global has this value, if any. */
function having(name, value, run) {
  const own = globalThis[name];
  globalThis[name] = value;
  try {
    return run();
  } finally {
    globalThis[name] = own;
  }
}

describe('the constructor', () => {
  // In jsdom there are none; in happy-dom WritableStream is that of node:stream.
  for (const [name, value] of [['ReadableStream'], ['WritableStream'], ['WritableStream', Writable]]) {
    const host = `a host with ${value ? 'another' : 'no'} ${name}`;

    test(`over a socket of ${host} throws and does not connect`, () => {
      const { WebSocketStream } = defineHostStream(class { constructor() { assert.fail('it connects'); } });
      const words = { name: 'TypeError', message: /Stream is not|getWriter is not/ };
      having(name, value, () => assert.throws(() => new WebSocketStream('ws://127.0.0.1:1'), words));
    });

    test(`of the engine in ${host} throws and does not connect`, () => {
      const { WebSocketStream } = having(name, value, () => defineWebSocketStream(() => assert.fail('it connects')));
      const words = { name: 'TypeError', message: /needs ReadableStream and WritableStream/ };
      assert.throws(() => new WebSocketStream('ws://127.0.0.1:1'), words);
    });
  }

  for (const [name, parameters] of [
    ['no URL', []], ['options that are no object', ['ws://h', 1]], ['protocols that are a string', ['ws://h', { protocols: 'a' }]],
    ['protocols that are no sequence', ['ws://h', { protocols: 1 }]], ['a signal that is none', ['ws://h', { signal: {} }]],
    ['a limit that is none', ['ws://h', { inboundLimit: 1 }]], ['a limit that is less than 0', ['ws://h', { inboundLimit: { bytes: -1 } }]],
    ['a limit that is no number', ['ws://h', { inboundLimit: { messages: 'many' } }]],
    ['a limit that is a number in a string', ['ws://h', { inboundLimit: { bytes: '5' } }]],
    ['protocols that are null', ['ws://h', { protocols: null }]], ['protocols that are an object', ['ws://h', { protocols: {} }]],
  ]) {
    test(`${name}: TypeError`, () => assert.throws(() => new WebSocketStream(...parameters), TypeError));
  }

  for (const [name, parameters] of [
    ['no URL at all', ['ws://']], ['another scheme', ['ftp://h']], ['a fragment', ['ws://h/#']], ['a protocol that is no token', ['ws://h', { protocols: ['a b'] }]],
    ['a protocol twice', ['ws://h', { protocols: ['a', 'a'] }]],
  ]) {
    test(`${name}: SyntaxError`, () => {
      assert.throws(() => new WebSocketStream(...parameters), isDOMException('SyntaxError'));
      const [url, options] = parameters;
      assert.throws(() => new WebSocketStream(url, { ...options, signal: AbortSignal.abort() }), isDOMException('SyntaxError'));
    });
  }

  test('the members are where Web IDL has them, and for their own objects', async () => {
    assert.deepEqual(Object.keys(WebSocketStream.prototype), ['url', 'opened', 'closed', 'close']);
    assert.equal(String(WebSocketStream.prototype), '[object WebSocketStream]');
    assert.throws(() => WebSocketStream.prototype.url, TypeError);
    await assert.rejects(WebSocketStream.prototype.opened, TypeError);
    await assert.rejects(WebSocketStream.prototype.closed, TypeError);
  });

  test('a signal that is aborted, before or while it connects, rejects both promises', async (t) => {
    const url = await serve(t, () => {});
    const before = new WebSocketStream(url, { signal: AbortSignal.abort('why') });
    const abort = new AbortController();
    const meanwhile = new WebSocketStream(url, { signal: abort.signal });
    abort.abort('why');
    for (const promise of [before.opened, before.closed, meanwhile.opened, meanwhile.closed]) {
      await assert.rejects(promise, (reason) => reason === 'why');
    }
  });

  test('an abort that a script dispatches is none', async (t) => {
    const { signal } = new AbortController();
    const url = await serve(t, (socket, request) => socket.end(switching(request)));
    const stream = new WebSocketStream(url, { signal });
    signal.dispatchEvent(new Event('abort'));
    await stream.opened;
    await assert.rejects(stream.closed, WebSocketError);
  });

  test('for a signal that is already aborted no WebSocket is made, which would connect', async () => {
    let made = 0;
    const { WebSocketStream } = defineHostStream(class {
      constructor() {
        made += 1;
      }
    });
    const stream = new WebSocketStream('HTTPS://h:443/a b', { protocols: ['a', 'A'], signal: AbortSignal.abort('why') });
    assert.equal(made, 0);
    assert.equal(stream.url, 'wss://h/a%20b');
    stream.close({ closeCode: 3000, reason: 'done' });
    assert.throws(() => stream.close({ closeCode: 1001 }), isDOMException('InvalidAccessError'));
    await assert.rejects(stream.closed, (reason) => reason === 'why');
  });

  test('a signal that is aborted when the stream is open changes nothing', async (t) => {
    const abort = new AbortController();
    const { stream, reader } = await open(t, async (socket) => {
      await readFrame(socket);
      socket.write(text('still there'));
      await answerClose(socket);
    }, { signal: abort.signal }).then((opened) => {
      abort.abort();
      opened.writer.write('go on');
      return opened;
    });
    assert.equal((await reader.read()).value, 'still there');
    stream.close();
    assert.deepEqual(await stream.closed, { closeCode: 1005, reason: '' });
  });
});

describe('reading', () => {
  test('text is a string, binary a Uint8Array, and behind them is the end', async (t) => {
    const { stream, reader } = await open(t, (socket) => {
      socket.end(Buffer.concat([text('one'), frame(0x82, Buffer.from([1, 2])), text('three'), close(3000, 'why')]));
    });
    assert.deepEqual(await stream.closed, { closeCode: 3000, reason: 'why' });
    assert.deepEqual(await reader.read(), { value: 'one', done: false });
    assert.deepEqual(await reader.read(), { value: new Uint8Array([1, 2]), done: false });
    assert.deepEqual(await reader.read(), { value: 'three', done: false });
    assert.deepEqual(await reader.read(), { value: undefined, done: true });
  });

  test('an end that is not clean is told behind the messages that came before it', async (t) => {
    const { stream, reader } = await open(t, (socket) => socket.end(Buffer.concat([text('one'), text('two'), text('three')])));
    const error = await stream.closed.catch((reason) => reason);
    assert.deepEqual([error instanceof WebSocketError, error.closeCode, error.reason], [true, 1006, '']);
    for (const value of ['one', 'two', 'three']) assert.deepEqual(await reader.read(), { value, done: false });
    await assert.rejects(reader.read(), (reason) => reason === error);
  });

  test('many messages are read without one of them moving the others', async (t) => {
    let socket;
    const { WebSocketStream } = defineHostStream(class {
      url = 'ws://h/';
      readyState = 1;
      bufferedAmount = 0;
      extensions = '';
      protocol = '';
      constructor() { socket = this; }
    });
    const stream = new WebSocketStream('ws://h/', { inboundLimit: { messages: Infinity } });
    socket.onopen();
    const reader = (await stream.opened).readable.getReader();
    const { shift } = Array.prototype;
    let shifts = 0;
    Array.prototype.shift = function counted() {
      shifts += 1;
      return shift.call(this);
    };
    t.after(() => { Array.prototype.shift = shift; });
    const count = 200_000;
    for (let index = 0; index < count; index += 1) socket.onmessage({ data: `${index}` });
    for (let index = 0; index < count; index += 1) assert.equal((await reader.read()).value, `${index}`);
    socket.onmessage({ data: 'last' });
    assert.equal((await reader.read()).value, 'last');
    assert.equal(shifts, 0);
  });

  // One message is with the stream, the others wait in front of it.
  for (const [name, inboundLimit, kept] of [
    ['bytes', { bytes: 8 }, ['0000', '1111', '2222']], ['bytes, one less', { bytes: 7 }, ['0000', '1111']],
    ['messages', { messages: 2 }, ['0000', '1111', '2222']], ['messages, one less', { messages: 1 }, ['0000', '1111']],
    ['nothing but what is alone', { bytes: 0 }, ['0000', '1111']],
  ]) {
    test(`no more waits than the limit of ${name}`, async (t) => {
      let closing;
      const { stream, reader } = await open(t, (socket) => {
        socket.write(Buffer.concat([0, 1, 2, 3].map((digit) => text(String(digit).repeat(4)))));
        closing = answerClose(socket);
      }, { inboundLimit });
      const error = await stream.closed.catch((reason) => reason);
      assert.deepEqual([error instanceof WebSocketError, error.closeCode, error.reason], [true, 4009, 'the reader is too slow']);
      for (const value of kept) assert.deepEqual(await reader.read(), { value, done: false });
      await assert.rejects(reader.read(), (reason) => reason === error);
      assert.equal((await closing).payload.readUInt16BE(0), 4009);
    });
  }

  test('what a socket still fires when too much has come changes nothing', async () => {
    const { stream, socket, reader } = await played({ inboundLimit: { messages: 1 } });
    for (const data of ['with the stream', 'waits', 'too much']) socket.onmessage({ data });
    assert.deepEqual(socket.closes, [[4009, 'the reader is too slow']]);
    socket.onclose?.({ code: 4009, reason: '', wasClean: true });
    assert.deepEqual(await reader.read(), { value: 'with the stream', done: false });
    socket.onmessage?.({ data: 'late' });
    assert.deepEqual(await reader.read(), { value: 'waits', done: false });
    const error = await stream.closed.catch((reason) => reason);
    await assert.rejects(reader.read(), (reason) => reason === error);
  });

  test('cancel() closes with the code of its reason', async (t) => {
    let closing;
    const { stream, reader } = await open(t, (socket) => { closing = answerClose(socket); });
    await reader.cancel(new WebSocketError('', { closeCode: 3001, reason: 'enough' }));
    assert.deepEqual((await closing).payload, Buffer.concat([Buffer.from([3001 >> 8, 3001 & 0xff]), Buffer.from('enough')]));
    assert.deepEqual(await stream.closed, { closeCode: 3001, reason: 'enough' });
  });
});

describe('writing', () => {
  test('passes on what it is given by its type', async (t) => {
    let frames;
    const { writer, stream } = await open(t, async (socket) => {
      frames = [];
      for (let count = 0; count < 5; count += 1) {
        const { first, payload } = await readFrame(socket);
        frames.push([first, String(payload)]);
      }
      await answerClose(socket);
    });
    for (const data of ['a', null, new Uint8Array([98]), new Uint8Array([99]).buffer, new Blob(['b'])]) await writer.write(data);
    await writer.close();
    await stream.closed;
    assert.deepEqual(frames, [[0x81, 'a'], [0x81, 'null'], [0x82, 'b'], [0x82, 'c'], [0x81, '[object Blob]']]);
  });

  for (const [name, chunk] of [['a Symbol', Symbol()], ['shared memory', new SharedArrayBuffer(1)]]) {
    test(`${name} is refused, and errors the stream`, async (t) => {
      const { writer } = await open(t, (socket) => answerClose(socket));
      await assert.rejects(writer.write(chunk), TypeError);
      await assert.rejects(writer.write('next'), TypeError);
    });
  }

  test('waits until the peer reads, and is lost when it goes', async (t) => {
    let peer;
    const { stream, writer } = await open(t, (socket) => {
      peer = socket;
      socket.pause();
    });
    // More than a network on one machine takes without a reader.
    const written = writer.write(new Uint8Array(64 << 20)).catch((error) => error);
    peer.destroy();
    assert.ok(isDOMException('InvalidStateError')(await written));
    await assert.rejects(stream.closed, (error) => error instanceof WebSocketError && error.closeCode === 1006);
  });

  test('a write that waits ends when there is room', async (t) => {
    let peer;
    const { writer, stream } = await open(t, (socket) => {
      peer = socket;
      socket.pause();
    });
    const written = writer.write(new Uint8Array(32 << 20));
    assert.ok(writer.desiredSize <= 0);
    peer.resume();
    await written;
    stream.close();
    peer.destroy();
    await stream.closed.catch(() => {});
  });

  test('where there is a scheduler it is what a write waits by, less and less often', async (t) => {
    const delays = [];
    globalThis.scheduler = {
      postTask(callback, { delay }) {
        delays.push(delay);
        setTimeout(callback, delay);
        if (delays.length === 8) peer.resume();
      },
    };
    t.after(() => delete globalThis.scheduler);
    let peer;
    const { writer, stream } = await open(t, (socket) => {
      peer = socket;
      socket.pause();
    });
    await writer.write(new Uint8Array(32 << 20));
    assert.deepEqual(delays.slice(0, 8), [1, 2, 4, 8, 16, 32, 64, 64]);
    stream.close();
    peer.destroy();
    await stream.closed.catch(() => {});
  });

  test('a write that waits when the peer closes is lost, whatever room there is then, and the end is not clean', async (t) => {
    const { stream, socket, StreamError, writer, written, look } = await playedFull(t);
    socket.readyState = 2;
    socket.bufferedAmount = 0;
    look();
    stream.close();
    socket.onclose({ code: 1000, reason: '', wasClean: true });
    assert.ok(isDOMException('InvalidStateError')(await written));
    await assert.rejects(writer.closed, isDOMException('InvalidStateError'));
    await assert.rejects(stream.closed, (error) => error instanceof StreamError && error.closeCode === 1000);
  });

  test('abort() does not wait for a write that waits', async (t) => {
    const { socket, StreamError, writer, written } = await playedFull(t);
    const reason = new StreamError('', { closeCode: 3000 });
    await writer.abort(reason);
    assert.equal(await written, reason);
    assert.deepEqual(socket.closes, [[3000, '']]);
  });

  test('a write while closing is dropped, and ends with the connection', async (t) => {
    const { stream, writer } = await open(t, (socket) => answerClose(socket));
    stream.close({ closeCode: 3000 });
    await writer.write('x');
    assert.deepEqual(await stream.closed, { closeCode: 3000, reason: '' });
    await assert.rejects(writer.write('y'), isDOMException('InvalidStateError'));
  });

  test('abort() closes with the code of its reason', async (t) => {
    let closing;
    const { writer } = await open(t, (socket) => { closing = answerClose(socket); });
    await writer.abort(new WebSocketError('', { reason: 'why' }));
    assert.deepEqual((await closing).payload, Buffer.concat([Buffer.from([1000 >> 8, 1000 & 0xff]), Buffer.from('why')]));
  });
});

describe('the end', () => {
  test('a connection that fails rejects both promises', async (t) => {
    const url = await serve(t, (socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
    const stream = new WebSocketStream(url);
    await assert.rejects(stream.opened, (error) => error instanceof WebSocketError && error.closeCode === null);
    await assert.rejects(stream.closed, (error) => error instanceof WebSocketError && error.closeCode === 1006);
  });

  test('the end of a connection that was never open leaves nothing at the signal', async (t) => {
    const { signal } = new AbortController();
    const url = await serve(t, (socket) => socket.end('HTTP/1.1 404 Not Found\r\n\r\n'));
    await assert.rejects(new WebSocketStream(url, { signal }).closed);
    assert.deepEqual(getEventListeners(signal, 'abort'), []);
  });

  test('close() with a reason and no code has the code 1000', async () => {
    const { stream, socket } = await played();
    stream.close({ reason: 'why' });
    assert.deepEqual(socket.closes, [[1000, 'why']]);
  });

  for (const [state, readyState] of [['CLOSED', 3], ['CONNECTING', 0]]) {
    test(`of a socket that is ${state} and fires error without close rejects both promises`, async () => {
      let socket;
      const { WebSocketStream: Stream, WebSocketError: StreamError } = defineHostStream(/** @type {any} */ (class {
        readyState = readyState;

        constructor() {
          socket = this;
        }

        close() {}
      }));
      const stream = new Stream('ws://h');
      socket.onerror();
      await assert.rejects(stream.opened, (error) => error instanceof StreamError && error.closeCode === null);
      await assert.rejects(stream.closed, (error) => error instanceof StreamError && error.closeCode === 1006);
    });
  }

  test('a socket that tells of its end within close() ends the stream with the reason of the signal', async () => {
    const { WebSocketStream: Stream } = defineHostStream(/** @type {any} */ (class {
      close() {
        this.onerror();
        this.onclose({ code: 1006 });
      }
    }));
    const abort = new AbortController();
    const stream = new Stream('ws://h', { signal: abort.signal });
    abort.abort('why');
    for (const promise of [stream.opened, stream.closed]) await assert.rejects(promise, (reason) => reason === 'why');
  });

  for (const [closeInfo, name] of [
    [{ closeCode: 999 }, 'InvalidAccessError'], [{ closeCode: 2999 }, 'InvalidAccessError'], [{ closeCode: 5000 }, 'InvalidAccessError'],
    [{ reason: 'x'.repeat(124) }, 'SyntaxError'],
  ]) {
    test(`close(${JSON.stringify(closeInfo).slice(0, 24)}): ${name}`, async (t) => {
      const { stream } = await open(t, (socket) => answerClose(socket));
      assert.throws(() => stream.close(closeInfo), isDOMException(name));
      stream.close({ closeCode: 3000, reason: 'x'.repeat(123) });
      assert.equal((await stream.closed).reason.length, 123);
    });
  }
});
