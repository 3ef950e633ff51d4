// What a program may ask of a socket beyond the standard.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { failure, ping, ref, terminate, unref, WebSocket, WebSocketStream } from 'isosocket/engine';

import { close, eventsOf, frame, readFrame, run, serve, switching, text } from './peer.mjs';
import { interfacesOver, STAYS } from './network.mjs';

const FAILED = ['error 3', "close 1006 '' false"];

test('the interface has no members beyond those of the standard', () => {
  for (const name of ['ping', 'terminate', 'ref', 'unref', 'failure', 'onpong']) assert.ok(!(name in WebSocket.prototype), name);
});

test('what is no socket is a TypeError', () => {
  for (const ask of [failure, ping, ref, terminate, unref]) {
    for (const value of [undefined, null, {}, new EventTarget(), Object.create(WebSocket.prototype)]) {
      assert.throws(() => ask(value), TypeError);
    }
  }
});

describe('ping', () => {
  test('is answered by an event with the bytes, in order with the messages', async (t) => {
    const pings = [];
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      for (let count = 0; count < 2; count += 1) {
        const { first, payload } = await readFrame(socket);
        pings.push([first, String(payload)]);
      }
      socket.end(Buffer.concat([frame(0x81, 'before'), frame(0x8a, 'a'), frame(0x81, 'between'), frame(0x8a, 'b'), close(1000)]));
    });
    const socket = new WebSocket(url);
    const seen = [];
    socket.addEventListener('pong', (event) => {
      assert.ok(event instanceof MessageEvent);
      assert.ok(event.data instanceof ArrayBuffer);
      seen.push(`pong ${Buffer.from(event.data)}`);
    });
    socket.onmessage = ({ data }) => seen.push(data);
    await once(socket, 'open');
    ping(socket, 'a');
    ping(socket, Buffer.from('b'));
    await once(socket, 'close');
    assert.deepEqual(pings, [[0x89, 'a'], [0x89, 'b']]);
    assert.deepEqual(seen, ['before', 'pong a', 'between', 'pong b']);
  });

  test('has at most 125 bytes', async (t) => {
    const lengths = [];
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      for (let count = 0; count < 2; count += 1) lengths.push((await readFrame(socket)).payload.length);
      socket.end(close(1000));
    });
    const socket = new WebSocket(url);
    await once(socket, 'open');
    ping(socket);
    ping(socket, 'x'.repeat(125));
    assert.throws(() => ping(socket, 'x'.repeat(126)), RangeError);
    assert.throws(() => ping(socket, '\u20ac'.repeat(42)), RangeError);
    assert.throws(() => ping(socket, new Blob(['x'])), TypeError);
    await once(socket, 'close');
    assert.deepEqual(lengths, [0, 125]);
  });

  test('throws while connecting, and does nothing once the socket closes', async (t) => {
    const ended = resolvers();
    const url = await serve(t, (socket, request) => {
      socket.write(switching(request));
      const received = [];
      socket.on('data', (chunk) => {
        received.push(...chunk);
        if (socket.writable) socket.end(close(1000));
      });
      socket.on('close', () => ended.resolve(received));
    });
    const socket = new WebSocket(url);
    assert.throws(() => ping(socket), (error) => error instanceof DOMException && error.name === 'InvalidStateError');
    socket.onopen = () => {
      socket.close();
      ping(socket);
    };
    await eventsOf(socket);
    ping(socket);
    const [first, length, ...rest] = await ended.promise;
    assert.deepEqual([first, length, rest.length], [0x88, 0x80, 4], 'a Close frame with its key, and nothing behind it');
  });

  test('throws a RangeError for which there is no room, and the connection goes on', async () => {
    const interfaces = interfacesOver(() => STAYS);
    const socket = new interfaces.WebSocket('ws://host.test/', { maxSendQueue: 100 });
    await once(socket, 'open');
    // With its header and its key it is as much as may wait.
    socket.send('x'.repeat(94));
    assert.throws(() => interfaces.ping(socket, 'x'), (error) => error instanceof RangeError && /\(maxSendQueue\)$/.test(error.message));
    assert.equal(socket.readyState, WebSocket.OPEN);
    interfaces.terminate(socket);
  });

  test('a pong that nobody has asked for is no event', async (t) => {
    const url = await serve(t, (socket, request) => {
      socket.end(Buffer.concat([Buffer.from(switching(request)), frame(0x8a, 'x'), frame(0x8a, 'y'), close(1000)]));
    });
    const socket = new WebSocket(url);
    socket.addEventListener('pong', () => assert.fail());
    assert.deepEqual(await eventsOf(socket), ['open', "close 1000 '' true"]);
  });
});

describe('terminate', () => {
  test('ends an open connection at once, without a Close frame', async (t) => {
    const ended = resolvers();
    const url = await serve(t, (socket, request) => {
      socket.write(switching(request));
      const received = [];
      socket.on('data', (chunk) => received.push(...chunk));
      socket.on('close', () => ended.resolve(received));
    });
    const socket = new WebSocket(url);
    socket.onopen = () => {
      terminate(socket);
      assert.equal(socket.readyState, WebSocket.CLOSING);
      socket.send('never');
      assert.equal(socket.bufferedAmount, 5);
      terminate(socket);
    };
    assert.deepEqual(await eventsOf(socket), ['open', ...FAILED]);
    assert.deepEqual(await ended.promise, []);
    terminate(socket);
  });

  test('is what ends it, though a Close frame of the peer has come that nothing was told of', async (t) => {
    const url = await serve(t, (socket, request) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), Buffer.from([0x81, 1, 0x61, 0x88, 2, 3, 0xe8])]));
    });
    const socket = new WebSocket(url);
    const events = eventsOf(socket);
    socket.addEventListener('message', () => terminate(socket));
    const told = await events;
    assert.deepEqual(told.slice(0, 1), ['open']);
    assert.deepEqual(told.slice(-2), FAILED);
    assert.match(failure(socket), /this program has ended the connection/);
  });

  test('drops what has come that nothing was told of', async () => {
    const come = (events) => setImmediate(() => events.received(Buffer.concat(['a', 'b', 'c'].map((name) => text(name)))));
    const { WebSocket: Socket, terminate: end } = interfacesOver(() => {}, come);
    const socket = new Socket('ws://host.test/');
    socket.onmessage = () => end(socket);
    assert.deepEqual(await eventsOf(socket), ['open', 'message a', ...FAILED]);
  });

  test('stops a message that is on its way, though other tasks come first', async (t) => {
    const LENGTH = 32 << 20;
    const received = resolvers();
    const goOn = resolvers();
    const url = await serve(t, async (socket, request) => {
      socket.pause();
      // A batch ends before the fragments.
      socket.write(Buffer.concat([Buffer.from(switching(request)), text('a'), frame(0x01, 'b'), frame(0x80, 'c')]));
      await goOn.promise;
      let length = 0;
      socket.on('data', (chunk) => {
        length += chunk.length;
      });
      socket.on('error', () => {});
      socket.on('close', () => received.resolve(length));
      socket.resume();
    });
    const socket = new WebSocket(url);
    const events = eventsOf(socket);
    socket.onopen = () => socket.send(new Uint8Array(LENGTH));
    socket.onmessage = async () => {
      await null;
      terminate(socket);
    };
    assert.deepEqual((await events).slice(-2), FAILED);
    goOn.resolve();
    const length = await received.promise;
    assert.ok(length < LENGTH, `${length} bytes`);
  });

  test('ends one that connects', async (t) => {
    const url = await serve(t, () => {});
    const [socket, waiting] = [new WebSocket(url), new WebSocket(url)];
    const events = [socket, waiting].map(eventsOf);
    terminate(waiting);
    terminate(socket);
    assert.deepEqual([socket.readyState, waiting.readyState], [2, 2]);
    assert.deepEqual(await Promise.all(events), [FAILED, FAILED]);
  });

  test('ends one whose closing handshake is not answered', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request)));
    const socket = new WebSocket(url);
    socket.onopen = () => {
      socket.close();
      terminate(socket);
    };
    assert.deepEqual(await eventsOf(socket), ['open', ...FAILED]);
  });

  test('ends a stream, and one that was never opened has nothing to end', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request)));
    const stream = new WebSocketStream(url);
    await stream.opened;
    terminate(stream);
    await assert.rejects(stream.closed, { name: 'WebSocketError', closeCode: 1006 });
    assert.match(failure(stream), /this program/);
    const aborted = new WebSocketStream(url, { signal: AbortSignal.abort() });
    terminate(aborted);
    assert.equal(failure(aborted), undefined);
  });
});

describe('unref', () => {
  const program = (body) => `
    import { ref, unref, WebSocket } from 'isosocket/engine';
    const socket = new WebSocket(process.env.PEER, { heartbeat: true });
    process.on('exit', () => console.log('ended', socket.readyState));
    ${body}
  `;

  test('lets the process end while the connection is open', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request)));
    const env = { ...process.env, PEER: url };
    assert.equal(await run(program('socket.onopen = () => unref(socket);'), { env }), 'ended 1\n');
  });

  test('lets the process end while it connects', async (t) => {
    const url = await serve(t, () => {});
    const env = { ...process.env, PEER: url };
    assert.equal(await run(program('unref(socket);'), { env }), 'ended 0\n');
  });

  test('lets the process end while a connection is open to the second address of a name', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request)));
    const addresses = `
      import dns from 'node:dns';
      // Nobody listens at the first one.
      dns.lookup = (name, options, found) => found(null, [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]);
    `;
    const open = 'const wait = setInterval(() => {}, 1000); socket.onopen = () => clearInterval(wait);';
    // This peer does not speak TLS, and waits for an end of the request that never comes.
    for (const [scheme, until, state] of [['ws', open, 1], ['wss', 'setTimeout(() => {}, 500);', 0]]) {
      const env = { ...process.env, PEER: url.replace('ws://127.0.0.1', `${scheme}://two-addresses.test`) };
      assert.equal(await run(addresses + program(`unref(socket); ${until}`), { env }), `ended ${state}\n`);
    }
  });

  test('is for one socket, and not for another that waits for its turn', async (t) => {
    const url = await serve(t, () => {});
    const env = { ...process.env, PEER: url };
    const body = `
      unref(socket);
      const waiting = new WebSocket(process.env.PEER, { handshakeTimeout: 50 });
      waiting.onclose = () => console.log('has waited');
    `;
    assert.equal(await run(program(body), { env }), 'has waited\nended 0\n');
    assert.equal(await run(program(`${body} unref(waiting);`), { env }), 'ended 0\n');
  });

  test('of one that waits for its turn is for the connection that it gets', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request)));
    const env = { ...process.env, PEER: url };
    const body = 'const waiting = unref(new WebSocket(process.env.PEER)); waiting.onopen = () => unref(socket);';
    assert.equal(await run(program(body), { env }), 'ended 1\n');
  });

  test('is taken back by ref', async (t) => {
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      await readFrame(socket);
      socket.end(close(1000));
    });
    const env = { ...process.env, PEER: url };
    const body = 'socket.onopen = () => { ref(ref(unref(socket))); setTimeout(() => socket.send("x"), 200).unref(); };';
    assert.equal(await run(program(body), { env }), 'ended 3\n');
  });
});

function resolvers() {
  let resolve;
  const promise = new Promise((given) => { resolve = given; });
  return { promise, resolve };
}
