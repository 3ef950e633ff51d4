// Long binary messages, whose payload is not given to the engine: in order with all else, and nothing behind them is looked at
// before its turn.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';

import { clockOf } from './clock.mjs';
import { bytesOf, framesOf, interfacesOver, longFrame, longHeader, socketOver } from './network.mjs';
import { close, eventsOf, frame, text } from './peer.mjs';

const LONG = 16_384;
const MIB = 1 << 20;

const nothing = () => {};
const long = (number, size = LONG) => longFrame(0x82, bytesOf(size, number));
/** What stands in a log for the message with this number. */
const nameOf = (data) => (typeof data === 'string' ? data : `${data.byteLength} from ${new Uint8Array(data)[0]}`);

/** A socket that gets these chunks, each in a callback of its own, and then the end; with what it has written. */
function socketThatGets(chunks, { options, headers, onSession = nothing } = {}) {
  const written = [];
  const take = (piece) => { written.push(Buffer.from(piece)); };
  const socket = socketOver(take, (events) => {
    const next = ([chunk, ...others]) => {
      if (chunk === undefined) events.ended();
      else {
        events.received(chunk);
        setImmediate(next, others);
      }
    };
    setImmediate(next, chunks);
  }, { options, headers, ended: take });
  onSession(socket);
  const frames = async () => {
    // What is written last goes out behind the last event.
    for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
    return framesOf(Buffer.concat(written));
  };
  return { socket, frames };
}

/** The events until the end, with names for the messages. */
async function logOf(socket) {
  const log = [];
  socket.addEventListener('message', ({ data }) => log.push(nameOf(data)));
  const events = await eventsOf(socket);
  return [...log, ...events.filter((event) => !/^(open|message)/.test(event))];
}

const CLEAN = "close 1000 '' true";
const UNCLEAN = "close 1006 '' false";

for (const [name, parts, log] of [
  ['several', [long(1), long(2), long(3), long(4)], [`${LONG} from 1`, `${LONG} from 2`, `${LONG} from 3`, `${LONG} from 4`]],
  ['one between short ones', [text('a'), text('b'), long(3), text('c'), text('d')], ['a', 'b', `${LONG} from 3`, 'c', 'd']],
  ['some before short ones', [long(1), long(2), text('a'), long(3)], [`${LONG} from 1`, `${LONG} from 2`, 'a', `${LONG} from 3`]],
  ['one behind a Ping frame', [frame(0x89, 'x'), long(1)], [`${LONG} from 1`]],
  ['one behind another in fragments', [longFrame(0x02, bytesOf(LONG, 1)), long(2).fill(0x80, 0, 1), long(3)], [`${2 * LONG} from 1`, `${LONG} from 3`]],
  ['of a mebibyte and more', [long(1, MIB), long(2, 3 * MIB + 5), text('a')], [`${MIB} from 1`, `${3 * MIB + 5} from 2`, 'a']],
]) {
  const stream = Buffer.concat([...parts, close(1000)]);
  for (const size of [stream.length, 65_536, 30_000, 9000]) {
    test(`in order: ${name}, in chunks of ${size}`, async () => {
      const chunks = [];
      for (let start = 0; start < stream.length; start += size) chunks.push(stream.subarray(start, start + size));
      assert.deepEqual(await logOf(socketThatGets(chunks).socket), [...log, CLEAN]);
    });
  }
}

test('wherever a header is cut', async () => {
  const payload = bytesOf(70_000, 5);
  const stream = Buffer.concat([text('a'), longFrame(0x82, payload), longFrame(0x82, payload), close(1000)]);
  const second = 3 + 10 + payload.length;
  for (const place of [3, second]) {
    for (let cut = place - 1; cut <= place + 14; cut += 1) {
      const received = [];
      const { socket } = socketThatGets([stream.subarray(0, cut), stream.subarray(cut)]);
      socket.addEventListener('message', ({ data }) => received.push(data));
      assert.equal((await eventsOf(socket)).at(-1), CLEAN);
      assert.equal(received.length, 3);
      for (const data of received.slice(1)) assert.ok(payload.equals(new Uint8Array(data)), `cut at ${cut}`);
    }
  }
});

test('each has a task of its own, with the microtasks of the one before', async () => {
  const log = [];
  const { socket } = socketThatGets([Buffer.concat([long(1), long(2), long(3), close(1000)])]);
  socket.onmessage = ({ data }) => {
    log.push(nameOf(data));
    queueMicrotask(() => log.push('microtask'));
  };
  await eventsOf(socket);
  assert.deepEqual(log, [1, 2, 3].flatMap((number) => [`${LONG} from ${number}`, 'microtask']));
});

test('an ArrayBuffer is of the right size, and shares no memory', async () => {
  const received = [];
  const { socket } = socketThatGets([Buffer.concat([long(1), long(2), long(3).subarray(0, 100)]), Buffer.concat([long(3).subarray(100), close(1000)])]);
  socket.onmessage = ({ data }) => received.push(data);
  await eventsOf(socket);
  for (const data of received) new Uint8Array(data).fill(9);
  assert.deepEqual(received.map((data) => [Object.getPrototypeOf(data), data.byteLength]), [1, 2, 3].map(() => [ArrayBuffer.prototype, LONG]));
});

test('a Blob', async () => {
  const received = [];
  const { socket } = socketThatGets([Buffer.concat([long(1), long(2), close(1000)])]);
  socket.binaryType = 'blob';
  socket.onmessage = ({ data }) => {
    received.push(data);
    socket.binaryType = 'arraybuffer';
  };
  await eventsOf(socket);
  assert.ok(received[0] instanceof Blob && received[1] instanceof ArrayBuffer);
  assert.ok(bytesOf(LONG, 1).equals(new Uint8Array(await received[0].arrayBuffer())));
});

/** How a long message comes, with something behind it. */
const WAYS = {
  'in one chunk with it': (behind) => [Buffer.concat([long(1), behind])],
  'in the chunk of its last bytes': (behind) => [long(1).subarray(0, 9000), Buffer.concat([long(1).subarray(9000), behind])],
  'behind a short one, in the chunk of its last bytes': (behind) => [
    Buffer.concat([text('a'), long(1).subarray(0, 9000)]), Buffer.concat([long(1).subarray(9000), behind]),
  ],
  'behind another one': (behind) => [Buffer.concat([long(0), long(1), behind])],
};

for (const [name, chunksWith] of Object.entries(WAYS)) {
  const sendsIn = (onMessage) => ({
    onSession: (socket) => {
      socket.onmessage = ({ data }) => {
        if (nameOf(data) === `${LONG} from 1`) onMessage(socket);
      };
    },
  });

  test(`an answer goes out before that to what is behind: a Close frame ${name}`, async () => {
    const { socket, frames } = socketThatGets(chunksWith(close(3000, 'bye')), sendsIn((open) => open.send('reply')));
    assert.equal((await eventsOf(socket)).at(-1), "close 3000 'bye' true");
    assert.deepEqual((await frames()).map(({ first }) => first), [0x81, 0x88]);
  });

  test(`an answer goes out before that to what is behind: a Ping frame ${name}`, async () => {
    const { socket, frames } = socketThatGets(chunksWith(Buffer.concat([frame(0x89, 'x'), close(1000)])), sendsIn((open) => open.send('reply')));
    assert.equal((await eventsOf(socket)).at(-1), CLEAN);
    assert.deepEqual((await frames()).map(({ first }) => first), [0x81, 0x8a, 0x88]);
  });

  test(`an answer goes out before the failure by what is behind: ${name}`, async () => {
    const { socket, frames } = socketThatGets(chunksWith(frame(0x83)), sendsIn((open) => open.send('reply')));
    assert.deepEqual((await eventsOf(socket)).slice(-2), ['error 3', UNCLEAN]);
    assert.deepEqual((await frames()).map(({ first, payload }) => [first, payload.toString('hex')]), [[0x81, '7265706c79'], [0x88, '03ea']]);
  });

  test(`close() makes messages behind no events, and the Close frame behind them is taken: ${name}`, async () => {
    const behind = Buffer.concat([long(2), text('b'), close(3000, 'bye')]);
    const { socket, frames } = socketThatGets(chunksWith(behind), sendsIn((open) => open.close(4000, 'mine')));
    const log = await logOf(socket);
    assert.deepEqual(log.slice(log.indexOf(`${LONG} from 1`)), [`${LONG} from 1`, "close 3000 'bye' true"]);
    assert.deepEqual((await frames()).map(({ first, payload }) => [first, String(payload.subarray(2))]), [[0x88, 'mine']]);
  });

  test(`after close() in it, one that is arriving is no event: ${name}`, async () => {
    const chunks = chunksWith(long(2).subarray(0, 10_000));
    chunks.push(Buffer.concat([long(2).subarray(10_000), text('b'), close(3000, 'bye')]));
    const { socket } = socketThatGets(chunks, sendsIn((open) => open.close(4000)));
    const log = await logOf(socket);
    assert.deepEqual(log.slice(log.indexOf(`${LONG} from 1`)), [`${LONG} from 1`, "close 3000 'bye' true"]);
  });

  test(`the end behind a part of another is a failure: ${name}`, async () => {
    const { socket } = socketThatGets(chunksWith(long(2).subarray(0, 10_000)));
    assert.deepEqual((await logOf(socket)).slice(-3), [`${LONG} from 1`, 'error 3', UNCLEAN]);
  });
}

test('a connection that is lost in the middle of one has failed, and what came before is delivered', async () => {
  const socket = socketOver(nothing, (events) => setImmediate(() => {
    events.received(Buffer.concat([long(1), long(2), long(3).subarray(0, 10_000)]));
    events.lost('pulled out');
  }));
  assert.deepEqual(await logOf(socket), [`${LONG} from 1`, `${LONG} from 2`, 'error 3', UNCLEAN]);
});

test('terminate() in the middle of one, and with some that wait for their turn', async () => {
  const { WebSocket, terminate } = interfacesOver(nothing, (events) => setImmediate(() => {
    events.received(Buffer.concat([long(1), long(2), long(3).subarray(0, 10_000)]));
  }));
  const socket = new WebSocket('ws://host.test/');
  socket.binaryType = 'arraybuffer';
  socket.onmessage = () => terminate(socket);
  assert.deepEqual(await logOf(socket), [`${LONG} from 1`, 'error 3', UNCLEAN]);
});

for (const [name, options] of [['the program sets', { maxPayload: 70_000 }], ['there is without a setting', {}]]) {
  test(`the bound that ${name} holds, and an answer to what came before goes out`, async () => {
    const most = options.maxPayload ?? 64 * MIB;
    const chunk = Buffer.concat([long(1), longHeader(0x82, most + 1), Buffer.alloc(10_000)]);
    const { socket, frames } = socketThatGets([chunk], {
      options,
      onSession: (open) => { open.onmessage = () => open.send('reply'); },
    });
    assert.deepEqual(await logOf(socket), [`${LONG} from 1`, 'error 3', UNCLEAN]);
    assert.deepEqual((await frames()).map(({ first, payload }) => [first, payload.toString('hex')]), [[0x81, '7265706c79'], [0x88, '03f1']]);
  });
}

test('a message may have as many bytes as are allowed', async () => {
  const chunk = Buffer.concat([long(1), long(2, 70_000), close(1000)]);
  const { socket } = socketThatGets([chunk.subarray(0, 50_000), chunk.subarray(50_000)], { options: { maxPayload: 70_000 } });
  assert.deepEqual(await logOf(socket), [`${LONG} from 1`, '70000 from 2', CLEAN]);
});

test('a header makes room for a mebibyte and no more, and then each byte for four', async (t) => {
  const rooms = [];
  const { allocUnsafeSlow } = Buffer;
  t.mock.method(Buffer, 'allocUnsafeSlow', (length) => {
    if (length > 65_536) rooms.push(length);
    return allocUnsafeSlow(length);
  });
  const payload = Buffer.alloc(32 * MIB);
  for (let place = 0; place < payload.length; place += 4096) payload.writeUInt32BE(place, place);
  const stream = Buffer.concat([longFrame(0x82, payload), close(1000)]);
  const roomsAfter = [];
  const [a, b, c, d] = [MIB, 4 * (MIB + 1), 4 * (4 * MIB + 5), 32 * MIB];
  const ends = [100, 10 + a, 10 + a + 1, 10 + b, 10 + b + 1, 10 + c + 1, stream.length];
  const chunks = ends.map((end, index) => stream.subarray(ends[index - 1] ?? 0, end));
  let data;
  const socket = socketOver(nothing, (events) => {
    const next = ([chunk, ...others]) => {
      if (chunk === undefined) {
        events.ended();
        return;
      }
      events.received(chunk);
      roomsAfter.push([...rooms]);
      setImmediate(next, others);
    };
    setImmediate(next, chunks);
  });
  socket.onmessage = (event) => { data = event.data; };
  assert.equal((await eventsOf(socket)).at(-1), CLEAN);
  assert.ok(payload.equals(new Uint8Array(data)));
  assert.deepEqual(roomsAfter, [[a], [a], [a, b], [a, b], [a, b, c], [a, b, c, d], [a, b, c, d]]);
});

test('where compression was agreed on, one that is not compressed stands between those that are', async () => {
  const compressed = (payload, options) => {
    const bytes = deflateRawSync(payload, { finishFlush: 2, ...options });
    return longFrame(0xc1, bytes.subarray(0, -4));
  };
  const words = 'one two three four five six seven';
  const dictionary = Buffer.from(words);
  const chunk = Buffer.concat([compressed(words), long(1), compressed(words, { dictionary }), close(1000)]);
  for (const cut of [20, 60, 9000, chunk.length - 20]) {
    const { socket } = socketThatGets([chunk.subarray(0, cut), chunk.subarray(cut)], { headers: ['Sec-WebSocket-Extensions: permessage-deflate'] });
    assert.deepEqual(await logOf(socket), [words, `${LONG} from 1`, words, CLEAN]);
  }
});

test('a long compressed message is decompressed', async () => {
  const payload = bytesOf(3 * LONG, 1).map((byte, index) => byte ^ (index * 7919) >> 5);
  const bytes = deflateRawSync(payload, { finishFlush: 2 }).subarray(0, -4);
  assert.ok(bytes.length > 4096);
  let data;
  const { socket } = socketThatGets([Buffer.concat([longFrame(0xc2, bytes), close(1000)])], { headers: ['Sec-WebSocket-Extensions: permessage-deflate'] });
  socket.onmessage = (event) => { data = event.data; };
  assert.equal((await eventsOf(socket)).at(-1), CLEAN);
  assert.ok(Buffer.from(payload).equals(new Uint8Array(data)));
});

for (const [name, first, log] of [
  ['long ones', Buffer.concat([long(1), long(2)]), [`${LONG} from 1`, `${LONG} from 2`]],
  ['one in fragments', Buffer.concat([long(1).fill(0x02, 0, 1), long(1).fill(0x80, 0, 1)]), [`${2 * LONG} from 1`]],
  ['short ones', Buffer.concat([text('a'), text('b')]), ['a', 'b']],
]) {
  test(`a stream that nobody reads holds long messages back behind ${name}, and reads them in order`, async () => {
    let pauses = 0;
    const chunks = [first, Buffer.concat([long(3), text('c')]), long(4).subarray(0, 9000), Buffer.concat([long(4).subarray(9000), close(1000)])];
    const came = [];
    const { WebSocketStream } = interfacesOver(nothing, (events) => {
      const next = ([chunk, ...others]) => {
        if (chunk === undefined) {
          events.ended();
          came.push('all');
          return;
        }
        events.received(chunk);
        setImmediate(next, others);
      };
      setImmediate(next, chunks);
    }, { paused: () => { pauses += 1; } });
    const stream = new WebSocketStream('ws://host.test/');
    const { readable } = await stream.opened;
    while (came.length === 0) await new Promise(setImmediate);
    assert.ok(pauses > 0);
    const read = [];
    for await (const value of readable) read.push(nameOf(value instanceof Uint8Array ? value.buffer : value));
    assert.deepEqual(read, [...log, `${LONG} from 3`, 'c', `${LONG} from 4`]);
    assert.deepEqual(await stream.closed, { closeCode: 1000, reason: '' });
  });
}

test('a stream that is closed while it holds long messages back takes the Close frame behind them', async () => {
  const { WebSocketStream } = interfacesOver(nothing, (events) => setImmediate(() => {
    events.received(Buffer.concat([long(1), long(2), long(3), close(3000, 'bye')]));
    setImmediate(() => {
      stream.close();
      setImmediate(() => events.ended());
    });
  }));
  const stream = new WebSocketStream('ws://host.test/');
  await stream.opened;
  assert.deepEqual(await stream.closed, { closeCode: 3000, reason: 'bye' });
});

test('a stream whose connection is lost reads what it held back', async () => {
  const { WebSocketStream } = interfacesOver(nothing, (events) => setImmediate(() => {
    events.received(Buffer.concat([long(1), long(2), long(3).subarray(0, 9000)]));
    setImmediate(() => events.lost('pulled out'));
  }));
  const stream = new WebSocketStream('ws://host.test/');
  const { readable } = await stream.opened;
  await assert.rejects(stream.closed, { name: 'WebSocketError', closeCode: 1006 });
  const reader = readable.getReader();
  for (const number of [1, 2]) assert.ok(bytesOf(LONG, number).equals((await reader.read()).value), `${number}`);
  await assert.rejects(reader.read(), { name: 'WebSocketError' });
});

const HEARTBEAT = { heartbeat: { interval: 1000, timeout: 500 } };

for (const options of [HEARTBEAT, { idleTimeout: 1000 }]) {
  test(`a peer whose message takes long to arrive is not silent: ${Object.keys(options)}`, async (t) => {
    const pass = clockOf(t);
    const message = long(1, 100_000);
    const written = [];
    let events;
    const socket = socketOver((piece) => { written.push(Buffer.from(piece)); }, (given) => { events = given; }, { options });
    const received = once(socket, 'message');
    await once(socket, 'open');
    for (let start = 0; start < message.length; start += 10_000) {
      events.received(message.subarray(start, start + 10_000));
      await pass(900);
    }
    const [{ data }] = await received;
    assert.ok(bytesOf(100_000, 1).equals(new Uint8Array(data)));
    assert.deepEqual(written, []);
    const closed = eventsOf(socket);
    events.received(close(1000));
    events.ended();
    assert.deepEqual(await closed, [CLEAN]);
  });
}

for (const options of [HEARTBEAT, { idleTimeout: 1000 }]) {
  test(`a peer whose long messages are held back is not silent: ${Object.keys(options)}`, async (t) => {
    const pass = clockOf(t);
    let events;
    const { WebSocketStream } = interfacesOver(nothing, (given) => { events = given; });
    const stream = new WebSocketStream('ws://host.test/', options);
    const { readable } = await stream.opened;
    events.received(Buffer.concat([long(1), long(2), long(3).subarray(0, 10_000)]));
    for (let count = 0; count < 10; count += 1) {
      await new Promise(setImmediate);
      await pass(1000);
      await pass(500);
    }
    events.received(Buffer.concat([long(3).subarray(10_000), close(4000, 'alive')]));
    setImmediate(() => events.ended());
    const read = [];
    for await (const value of readable) read.push(nameOf(value.buffer));
    assert.deepEqual(read, [1, 2, 3].map((number) => `${LONG} from ${number}`));
    assert.deepEqual(await stream.closed, { closeCode: 4000, reason: 'alive' });
  });
}

test('a peer that is silent in the middle of a message is given up', async (t) => {
  const pass = clockOf(t);
  const written = [];
  let events;
  const socket = socketOver((piece) => { written.push(Buffer.from(piece)); }, (given) => { events = given; }, { options: HEARTBEAT });
  await once(socket, 'open');
  const closed = logOf(socket);
  events.received(long(1).subarray(0, 10_000));
  await pass(1000);
  while (written.length === 0) await new Promise(setImmediate);
  assert.deepEqual(framesOf(Buffer.concat(written)).map(({ first }) => first), [0x89]);
  await pass(500);
  assert.deepEqual(await closed, ['error 3', UNCLEAN]);
});
