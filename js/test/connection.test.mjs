import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test } from 'node:test';

import { failure, ping, WebSocket } from 'isosocket/engine';

import { interfacesOver, payloadsOf, socketOver } from './network.mjs';
import { close, eventsOf, frame, LIMIT, readFrame, serve, switching, text } from './peer.mjs';

const FAILED = ['error 3', "close 1006 '' false"];

describe('the request', () => {
  test('is that of RFC 6455, section 4.1', async (t) => {
    let request;
    const url = await serve(t, (socket, head) => {
      request = head;
      socket.end();
    });
    await eventsOf(new WebSocket(`${url}a?b`, { protocols: ['x', 'y'], headers: { Cookie: 'c=d' } }));
    const { requestLine, headers } = request;
    assert.equal(requestLine, 'GET /a?b HTTP/1.1');
    assert.equal(headers.get('host'), new URL(url).host);
    assert.equal(headers.get('upgrade').toLowerCase(), 'websocket');
    assert.equal(headers.get('connection').toLowerCase(), 'upgrade');
    assert.equal(headers.get('sec-websocket-version'), '13');
    assert.equal(headers.get('sec-websocket-protocol'), 'x, y');
    assert.equal(headers.get('cookie'), 'c=d');
    assert.equal(Buffer.from(headers.get('sec-websocket-key'), 'base64').length, 16);
  });

  test('has a byte for each character of a header that the program gives', async (t) => {
    let request;
    const url = await serve(t, (socket, head) => {
      request = head;
      socket.end();
    });
    await eventsOf(new WebSocket(url, { headers: { 'X-A': '\u00e9\u00ff\u0080' }, origin: 'https://\u00e9.example' }));
    // The test's peer reads the head as Latin-1, too.
    assert.equal(request.headers.get('x-a'), '\u00e9\u00ff\u0080');
    assert.equal(request.headers.get('origin'), 'https://\u00e9.example');
  });
});

test('ws: is not mixed content, whatever location a program has', async (t) => {
  globalThis.location = /** @type {any} */ (new URL('https://a.example/'));
  t.after(() => delete globalThis.location);
  const { WebSocket: Socket } = interfacesOver(() => {}, (events) => setImmediate(() => events.received(close(1000))));
  assert.deepEqual(await eventsOf(new Socket('ws://b.example')), ['open', "close 1000 '' true"]);
});

test('events and Blobs are made by the classes that the host had, whatever a program puts in their place', async (t) => {
  const url = await serve(t, (socket, request) => {
    socket.write(switching(request));
    socket.end(Buffer.concat([frame(0x82, 'x'), close(1000)]));
  });
  const { Event, Blob } = globalThis;
  t.after(() => Object.assign(globalThis, { Event, Blob }));
  globalThis.Event = globalThis.Blob = () => assert.fail();
  assert.deepEqual(await eventsOf(new WebSocket(url)), ['open', 'message', "close 1000 '' true"]);
});

describe('a connection that is not established fails with error, then close 1006', () => {
  const answers = {
    'status 200': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK',
    'status 301': 'HTTP/1.1 301 Moved Permanently\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n',
    'status 404': 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
    'a wrong Accept': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n',
    'no HTTP at all': 'SSH-2.0-OpenSSH_9.2\r\n',
  };
  for (const [name, answer] of Object.entries(answers)) {
    test(name, async (t) => {
      const url = await serve(t, (socket) => socket.write(answer));
      const socket = new WebSocket(url);
      assert.deepEqual(await eventsOf(socket), FAILED);
      assert.equal(typeof failure(socket), 'string');
    });
  }

  test('an endless header', async (t) => {
    const url = await serve(t, (socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nX: ');
      const more = () => {
        while (!socket.destroyed && socket.write('x'.repeat(65536)));
      };
      socket.on('drain', more);
      more();
    });
    assert.deepEqual(await eventsOf(new WebSocket(url)), FAILED);
  });

  test('an end without an answer', async (t) => {
    const url = await serve(t, (socket) => socket.end());
    assert.deepEqual(await eventsOf(new WebSocket(url)), FAILED);
  });

  test('a reset', async (t) => {
    const url = await serve(t, (socket) => socket.resetAndDestroy());
    assert.deepEqual(await eventsOf(new WebSocket(url)), FAILED);
  });

  test('a subprotocol that was not offered, or none of those that were', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request, 'Sec-WebSocket-Protocol: z')));
    assert.deepEqual(await eventsOf(new WebSocket(url)), FAILED);
    assert.deepEqual(await eventsOf(new WebSocket(url, ['x', 'y'])), FAILED);
    const mute = await serve(t, (socket, request) => socket.write(switching(request)));
    assert.deepEqual(await eventsOf(new WebSocket(mute, 'x')), FAILED);
  });

  test('a port nobody listens at', async (t) => {
    const server = net.createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    assert.deepEqual(await eventsOf(socket), FAILED);
    assert.match(failure(socket), /ECONNREFUSED/);
    // At any address of a name.
    const addresses = [{ address: '127.0.0.2', family: 4 }, { address: '127.0.0.1', family: 4 }];
    t.mock.method(dns, 'lookup', (name, options, found) => found(null, addresses));
    const named = new WebSocket(`ws://two-addresses.test:${port}`);
    assert.deepEqual(await eventsOf(named), FAILED);
    assert.match(failure(named), new RegExp(`ECONNREFUSED 127.0.0.2:${port}; .*ECONNREFUSED 127.0.0.1:${port}$`));
  });

  test('a port where no TLS is spoken', async (t) => {
    const server = net.createServer((socket) => socket.on('error', () => {}).write('HTTP/1.1 400 no\r\n\r\n')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const socket = new WebSocket(`wss://127.0.0.1:${server.address().port}`);
    assert.deepEqual(await eventsOf(socket), FAILED);
    assert.match(failure(socket), /: ERR_SSL_[A-Z_]+: [a-z ]+ \(it does not speak TLS on this port\)$/);
  });

  test('a name that leads nowhere', async () => {
    assert.deepEqual(await eventsOf(new WebSocket('ws://nowhere.invalid')), FAILED);
  });

  test('wss to a server without TLS', async (t) => {
    const server = net.createServer((socket) => socket.on('error', () => {}).end('no TLS here\r\n')).listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    assert.deepEqual(await eventsOf(new WebSocket(`wss://127.0.0.1:${server.address().port}`)), FAILED);
  });

  test('a bad port, without a connection', async (t) => {
    t.mock.method(net, 'connect', () => assert.fail('connected'));
    for (const port of [1, 6666, 10080]) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}`);
      assert.equal(socket.readyState, WebSocket.CONNECTING);
      assert.deepEqual(await eventsOf(socket), FAILED);
    }
  });

  test('close() while connecting', async (t) => {
    const url = await serve(t, () => {});
    const socket = new WebSocket(url);
    const events = eventsOf(socket);
    let returned = false;
    socket.onerror = () => assert.ok(returned);
    socket.close(3000, 'why');
    returned = true;
    assert.equal(socket.readyState, WebSocket.CLOSING);
    assert.deepEqual(await events, FAILED);
  });
});

describe('an established connection', () => {
  test('has the subprotocol of the answer when open is fired', async (t) => {
    const url = await serve(t, (socket, request) => {
      socket.write(switching(request, 'Sec-WebSocket-Protocol: y'));
      socket.end(close(1000));
    });
    const socket = new WebSocket(url, ['x', 'y']);
    assert.equal(socket.protocol, '');
    socket.onopen = () => assert.deepEqual([socket.readyState, socket.protocol, socket.extensions], [1, 'y', '']);
    assert.deepEqual(await eventsOf(socket), ['open', "close 1000 '' true"]);
    assert.equal(socket.protocol, 'y');
    assert.equal(failure(socket), undefined);
  });

  test('frames that come with the answer follow open, each in a task of its own', async (t) => {
    const url = await serve(t, (socket, request) => {
      socket.end(Buffer.concat([Buffer.from(switching(request)), text('a'), text('b'), text('c'), close(3000, 'done')]));
    });
    const socket = new WebSocket(url);
    const events = eventsOf(socket);
    const order = [];
    for (const type of ['open', 'message', 'close']) {
      socket.addEventListener(type, ({ data }) => {
        order.push(data ?? type);
        Promise.resolve().then(() => {}).then(() => order.push('then'));
        process.nextTick(() => order.push('tick'));
      });
    }
    assert.deepEqual(await events, ['open', 'message a', 'message b', 'message c', "close 3000 'done' true"]);
    await new Promise(setImmediate);
    const expected = ['open', 'a', 'b', 'c', 'close'];
    assert.deepEqual(order.filter((entry) => expected.includes(entry)), expected);
    for (let index = 0; index < order.length; index += 3) assert.deepEqual(order.slice(index + 1, index + 3).sort(), ['then', 'tick']);
  });

  test('a handler that throws stops nobody else', async (t) => {
    const thrown = [];
    process.setUncaughtExceptionCaptureCallback((error) => thrown.push(error.message));
    t.after(() => process.setUncaughtExceptionCaptureCallback(null));
    const url = await serve(t, (socket, request) => {
      socket.end(Buffer.concat([Buffer.from(switching(request)), text('a'), text('b'), close(1000)]));
    });
    const socket = new WebSocket(url);
    socket.onopen = () => { throw new Error('in open'); };
    socket.addEventListener('message', ({ data }) => { throw new Error(`in ${data}`); });
    assert.deepEqual(await eventsOf(socket), ['open', 'message a', 'message b', "close 1000 '' true"]);
    assert.deepEqual(thrown, ['in open', 'in a', 'in b']);
  });

  test('binaryType is read when the message is dispatched', async (t) => {
    const url = await serve(t, (socket, request) => {
      socket.end(Buffer.concat([Buffer.from(switching(request)), frame(0x82, 'one'), frame(0x82, 'two'), frame(0x82), close(1000)]));
    });
    const socket = new WebSocket(url);
    const received = [];
    socket.onmessage = ({ data }) => {
      received.push(data);
      socket.binaryType = 'arraybuffer';
    };
    await eventsOf(socket);
    const [one, two, empty] = received;
    assert.ok(one instanceof Blob);
    assert.equal(await one.text(), 'one');
    assert.ok(two instanceof ArrayBuffer && empty instanceof ArrayBuffer);
    assert.deepEqual([Buffer.from(two).toString(), empty.byteLength], ['two', 0]);
  });

  test('close() sends a Close frame without a body; with a code and a reason, those', async (t) => {
    const frames = [];
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      const received = await readFrame(socket);
      frames.push([received.first, received.payload.toString('latin1')]);
      socket.end(frame(0x88, received.payload));
    });
    const closings = [[[], "close 1005 '' true"], [[3000, 'why'], "close 3000 'why' true"], [[undefined, 'why'], "close 1000 'why' true"]];
    for (const [parameters, expected] of closings) {
      const socket = new WebSocket(url);
      socket.onopen = () => socket.close(...parameters);
      assert.deepEqual(await eventsOf(socket), ['open', expected]);
    }
    assert.deepEqual(frames, [[0x88, ''], [0x88, '\x0b\xb8why'], [0x88, '\x03\xe8why']]);
  });

  test('what was sent before close() comes before the Close frame, Blobs included', async (t) => {
    const frames = [];
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      for (;;) {
        const { first, payload } = await readFrame(socket);
        frames.push([first, payload.toString('latin1')]);
        if (first === 0x88) break;
      }
      socket.end(close());
    });
    const socket = new WebSocket(url);
    socket.onopen = () => {
      socket.send(new Blob(['blob']));
      socket.send('text');
      socket.send(new Blob([]));
      socket.send(new Uint8Array([65]));
      assert.equal(socket.bufferedAmount, 9);
      socket.close();
      socket.send('lost');
      assert.equal(socket.bufferedAmount, 13);
    };
    assert.deepEqual(await eventsOf(socket), ['open', "close 1005 '' true"]);
    assert.deepEqual(frames, [[0x82, 'blob'], [0x81, 'text'], [0x82, ''], [0x82, 'A'], [0x88, '']]);
  });

  test('text is sent whole, however many bytes its characters have', async () => {
    // Of 16,383 and of 16,386 bytes.
    const texts = [5461, 5462].map((count) => '\u20ac'.repeat(count));
    let sent;
    const socket = socketOver((piece, events) => {
      sent = payloadsOf(Buffer.from(piece));
      events.received(close(1000));
      events.ended();
    });
    socket.onopen = () => texts.forEach((data) => socket.send(data));
    await eventsOf(socket);
    assert.deepEqual(sent.map(String), texts);
  });

  test('what is sent in one go is masked, and written at once', async (t) => {
    const chunks = [];
    const url = await serve(t, (socket, request) => {
      socket.write(switching(request));
      socket.on('data', (chunk) => {
        chunks.push(chunk.length);
        socket.end(close(1000));
      });
    });
    const socket = new WebSocket(url);
    socket.onopen = () => {
      for (let count = 0; count < 10; count += 1) socket.send('x');
    };
    await eventsOf(socket);
    assert.equal(chunks[0], 70);
  });

  test('bufferedAmount does not fall within a task, and falls after it', async (t) => {
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      await readFrame(socket);
      socket.write(text('a'));
      socket.end(close(1000));
    });
    const socket = new WebSocket(url);
    const amounts = [];
    socket.onopen = async () => {
      socket.send('\u20ac');
      amounts.push(socket.bufferedAmount);
      for (let count = 0; count < 100; count += 1) await null;
      amounts.push(socket.bufferedAmount);
    };
    socket.onmessage = () => amounts.push(socket.bufferedAmount);
    await eventsOf(socket);
    assert.deepEqual(amounts, [3, 3, 0]);
  });

  test('bufferedAmount falls for whoever asks from another task', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request)));
    const socket = new WebSocket(url);
    await once(socket, 'open');
    socket.send('x');
    const asked = Date.now();
    while (socket.bufferedAmount > 0) {
      assert.ok(Date.now() - asked < LIMIT);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    socket.close();
  });

  test('misuse throws, and the socket stays usable', async (t) => {
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      await readFrame(socket);
      socket.end(close(1000));
    });
    const socket = new WebSocket(url);
    const named = (name) => (error) => error instanceof DOMException && error.name === name;
    const misuse = () => {
      for (const code of [0, 999, 1001, 2999, 5000, 65536 + 1000, NaN, null, 'x']) {
        assert.throws(() => socket.close(code), named('InvalidAccessError'));
      }
      assert.throws(() => socket.close(1000, 'x'.repeat(124)), named('SyntaxError'));
      assert.throws(() => socket.close(undefined, '\u20ac'.repeat(42)), named('SyntaxError'));
      assert.throws(() => socket.close(999, 'x'.repeat(124)), named('InvalidAccessError'));
    };
    assert.throws(() => socket.send('x'), named('InvalidStateError'));
    misuse();
    assert.equal(socket.readyState, 0);
    socket.onopen = () => {
      misuse();
      assert.equal(socket.readyState, 1);
      socket.close(4999, 'x'.repeat(123));
    };
    assert.deepEqual(await eventsOf(socket), ['open', "close 1000 '' true"]);
    misuse();
    socket.close();
  });

  test('nothing is sent while connecting, whatever it is, and each call throws', async (t) => {
    const frames = [];
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      frames.push((await readFrame(socket)).first);
      socket.end(close(1000));
    });
    const socket = new WebSocket(url);
    for (const data of ['', 'x', 'x'.repeat(20_000), Buffer.from('x'), new Uint8Array(0), new Uint8Array(20_000), new Blob(['x'])]) {
      assert.throws(() => socket.send(data), { name: 'InvalidStateError', code: 11 });
    }
    assert.equal(socket.bufferedAmount, 0);
    socket.onopen = () => socket.close(1000);
    assert.deepEqual(await eventsOf(socket), ['open', "close 1000 '' true"]);
    assert.deepEqual(frames, [0x88]);
  });

  test('bytes are sent as they are at the call, whatever array they are in and whatever that says of itself', async (t) => {
    const frames = [];
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      for (;;) {
        const { first, payload } = await readFrame(socket);
        if (first === 0x88) break;
        frames.push([first, payload.toString('hex')]);
      }
      socket.end(close());
    });
    const socket = new WebSocket(url);
    socket.onopen = () => {
      const bytes = new Uint8Array([1, 2, 3]);
      for (const [length, data] of [[3, bytes], [1, new Uint8Array(bytes.buffer, 1, 1)], [3, bytes.buffer], [2, Buffer.from('ab')]]) {
        const before = socket.bufferedAmount;
        socket.send(data);
        assert.equal(socket.bufferedAmount, before + length);
      }
      bytes.fill(9);
      for (const length of [1, 1000]) {
        socket.send(Object.defineProperties(new Uint8Array([4, 5]), { length: { value: length }, byteLength: { value: length } }));
        ping(socket, Object.defineProperty(new Uint8Array([6]), 'length', { value: length }));
      }
      socket.send(Object.setPrototypeOf(new Uint8Array([7]), null));
      socket.send('\ud800');
      assert.equal(socket.bufferedAmount, 9 + 4 + 1 + 3);
      socket.close();
    };
    await eventsOf(socket);
    assert.deepEqual(frames, [
      [0x82, '010203'], [0x82, '02'], [0x82, '010203'], [0x82, '6162'],
      [0x82, '0405'], [0x89, '06'], [0x82, '0405'], [0x89, '06'], [0x82, '07'], [0x81, 'efbfbd'],
    ]);
  });

  test('subprotocols that are no tokens, or occur twice, are a SyntaxError', () => {
    for (const protocols of ['', 'a b', 'a,b', '\u00e9', 'a\0', ['a', 'a'], ['a', '']]) {
      assert.throws(() => new WebSocket('ws://h', protocols), { name: 'SyntaxError', code: 12 });
    }
  });

  test('a connection that is dropped is error and close 1006', async (t) => {
    const url = await serve(t, (socket, request) => socket.end(switching(request)));
    assert.deepEqual(await eventsOf(new WebSocket(url)), ['open', ...FAILED]);
  });

  test('a frame that breaks the rules fails the connection, after what came before it', async (t) => {
    let answered;
    const url = await serve(t, (socket, request) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), text('a'), frame(0x83, 'LOL')]));
      answered = readFrame(socket);
    });
    assert.deepEqual(await eventsOf(new WebSocket(url)), ['open', 'message a', ...FAILED]);
    const { first, payload } = await answered;
    assert.deepEqual([first, payload.readUInt16BE(0)], [0x88, 1002]);
  });

  test('what a peer gets that has ended its side: answers, and the Close frame', async (t) => {
    // So many that the end has come before it is the last one's turn.
    const others = new Array(10_000).fill(text(''));
    let received;
    const url = await serve(t, (socket, request) => {
      socket.end(Buffer.concat([Buffer.from(switching(request)), ...others, text('last'), close(1000)]));
      received = (async () => [await readFrame(socket), await readFrame(socket)])();
    });
    const socket = new WebSocket(url);
    socket.onmessage = ({ data }) => data === 'last' && socket.send('answer');
    const log = await eventsOf(socket);
    assert.deepEqual([log.length, ...log.slice(-2)], [10_003, 'message last', "close 1000 '' true"]);
    const frames = (await received).map(({ first, payload }) => [first, payload.toString('latin1')]);
    assert.deepEqual(frames, [[0x81, 'answer'], [0x88, '\x03\xe8']]);
  });

  test('what has come before the end of the peer is looked at, though the connection breaks behind that', async () => {
    const socket = socketOver(() => {}, (events) => setImmediate(() => {
      events.received(Buffer.concat([text('a'), text('b'), close(1000, 'done')]));
      events.ended();
      events.lost('a reset');
    }));
    assert.deepEqual(await eventsOf(socket), ['open', 'message a', 'message b', "close 1000 'done' true"]);
  });

  test('a peer that ends its side without a Close frame is not left waiting', async (t) => {
    for (const head of [switching, () => 'HTTP/1.1 101 ']) {
      let ended;
      const url = await serve(t, (socket, request) => {
        socket.end(head(request));
        ended = once(socket.resume(), 'end');
      });
      const log = await eventsOf(new WebSocket(url));
      assert.deepEqual(log.slice(-2), FAILED);
      await ended;
    }
  });

  test('it may end while what was sent is on its way', async () => {
    const socket = socketOver((piece, events) => {
      events.received(close(1000));
      events.ended();
    });
    socket.onopen = () => socket.send('x');
    assert.deepEqual(await eventsOf(socket), ['open', "close 1000 '' true"]);
  });

  test('a message for which there can be no string fails it, and those behind it are none', async (t) => {
    const long = 'x'.repeat(100);
    for (const method of ['latin1Slice', 'utf8Slice']) {
      const payload = method === 'latin1Slice' ? long : `\u20ac${long.slice(3)}`;
      const { [method]: read } = Buffer.prototype;
      const mocked = t.mock.method(Buffer.prototype, method, function slice(start, end) {
        if (end - start === 100) throw Object.assign(new Error('Cannot create a string longer than that'), { code: 'ERR_STRING_TOO_LONG' });
        return read.call(this, start, end);
      });
      for (const between of [[], [text('c')]]) {
        const chunk = Buffer.concat([text('a'), ...between, text(payload), text('b')]);
        const socket = socketOver(() => {}, (events) => { events.received(chunk); });
        assert.deepEqual(await eventsOf(socket), ['open', 'message a', ...between.map(() => 'message c'), ...FAILED]);
      }
      mocked.mock.restore();
    }
  });

  test('send() after close grows bufferedAmount and does nothing else', async (t) => {
    const url = await serve(t, (socket, request) => socket.end(Buffer.concat([Buffer.from(switching(request)), close(1000)])));
    const socket = new WebSocket(url);
    await eventsOf(socket);
    socket.send('12345');
    socket.send(new Blob(['67']));
    await new Promise(setImmediate);
    assert.equal(socket.bufferedAmount, 7);
  });
});

test('one connection to a host is opened at a time', async (t) => {
  const log = [];
  const url = await serve(t, async (socket, request) => {
    log.push(request.requestLine);
    for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
    log.push('answered');
    socket.end(Buffer.concat([Buffer.from(switching(request)), close(1000)]));
  });
  const sockets = ['1', '2', '3'].map((name) => new WebSocket(url + name));
  const gone = new WebSocket(`${url}gone`);
  gone.close();
  await Promise.all([...sockets, gone].map(eventsOf));
  assert.deepEqual(log, ['1', '2', '3'].flatMap((name) => [`GET /${name} HTTP/1.1`, 'answered']));
});
