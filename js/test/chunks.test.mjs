// What comes in chunks of any size, and what goes out in pieces.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { bytesOf, longFrame, payloadsOf, socketOver, STAYS } from './network.mjs';
import { close, eventsOf, frame } from './peer.mjs';

const SIZES = [5000, 4096, 4095, 70_000, 20_000, 126, 0, 65_536, 65_535, 4112];

test('messages are the same and in order, however the bytes are cut', async () => {
  const log = [];
  const parts = [];
  SIZES.forEach((size, number) => {
    const payload = bytesOf(size, number);
    parts.push(longFrame(0x82, payload), frame(0x81, `text ${number}`), frame(0x89, 'ping'));
    parts.push(longFrame(0x02, payload), frame(0x89), longFrame(0x80, payload), longFrame(0x82, payload));
    const text = Buffer.from('é'.repeat(size >> 1));
    parts.push(longFrame(0x81, text));
    log.push(`${payload.toString('hex')}`, `text ${number}`);
    log.push(Buffer.concat([payload, payload]).toString('hex'), payload.toString('hex'), text.toString());
  });
  const stream = Buffer.concat([...parts, close(1000)]);
  for (const size of [1000, 4096, 4100, 16_384, 65_536, stream.length]) {
    const received = [];
    const socket = socketOver(() => {}, (events) => {
      let start = 0;
      const next = () => {
        events.received(Uint8Array.prototype.slice.call(stream, start, start + size));
        start += size;
        if (start < stream.length) setImmediate(next);
      };
      setImmediate(next);
    });
    socket.onmessage = ({ data }) => received.push(typeof data === 'string' ? data : Buffer.from(data).toString('hex'));
    assert.deepEqual((await eventsOf(socket)).at(-1), "close 1000 '' true");
    assert.equal(received.length, log.length, `in chunks of ${size}`);
    received.forEach((message, index) => assert.ok(message === log[index], `message ${index}, in chunks of ${size}`));
  }
});

test('a long message has memory of its own', async () => {
  const received = [];
  const socket = socketOver(() => {}, (events) => setImmediate(() => {
    events.received(Buffer.concat([longFrame(0x82, bytesOf(5000, 1)), longFrame(0x82, bytesOf(6000, 2)), close(1000)]));
  }));
  socket.onmessage = ({ data }) => received.push(data);
  await eventsOf(socket);
  assert.deepEqual(received.map((data) => [data.constructor, data.byteLength]), [[ArrayBuffer, 5000], [ArrayBuffer, 6000]]);
});

test('a long message that is arriving when the socket closes is no event, and the Close frame behind it is read', async () => {
  const message = longFrame(0x82, bytesOf(100_000, 1));
  let socket;
  let isClosing = false;
  socket = socketOver((piece, events) => {
    if (isClosing) return;
    isClosing = true;
    assert.equal(piece[0], 0x88);
    events.received(Buffer.concat([message.subarray(50_000), close(1000, 'bye')]));
    events.ended();
  }, (events) => setImmediate(() => {
    events.received(message.subarray(0, 50_000));
    socket.close();
  }));
  assert.deepEqual(await eventsOf(socket), ['open', "close 1000 'bye' true"]);
});

for (const size of [10, 20_000]) {
  test(`what a program answers to a message of ${size} bytes goes out before the Close frame behind it is answered`, async () => {
    const written = [];
    const socket = socketOver((piece) => written.push(Buffer.from(piece)), (events) => setImmediate(() => {
      events.received(Buffer.concat([longFrame(0x82, bytesOf(size, 1)), close(1000)]));
    }));
    socket.onmessage = () => socket.send('reply');
    assert.deepEqual((await eventsOf(socket)).at(-1), "close 1000 '' true");
    assert.deepEqual(payloadsOf(Buffer.concat(written)).map(String), ['reply', '\u0003\ufffd']);
  });
}

test('a piece that is with the host is not changed, whatever the connection and others do', async () => {
  let held;
  const stalled = socketOver((piece, events) => {
    held = { piece, copy: Buffer.from(piece) };
    // A frame that no server may send ends the connection while the piece has not gone out.
    setImmediate(() => events.received(frame(0x83)));
    return STAYS;
  });
  stalled.onopen = () => {
    for (let count = 0; count < 8; count += 1) stalled.send(Buffer.alloc(65_536, 1));
  };
  await eventsOf(stalled);
  const other = socketOver((piece, events) => {
    if (piece.length < 65_536) events.received(close(1000));
  });
  other.onopen = () => {
    for (let count = 0; count < 8; count += 1) other.send(Buffer.alloc(65_536, 2));
    other.close();
  };
  await eventsOf(other);
  assert.equal(held.piece.length, 65_536);
  assert.ok(held.copy.equals(held.piece));
});

test('a message that lacks bytes when the connection ends is an unclean end', async () => {
  const socket = socketOver(() => {}, (events) => setImmediate(() => {
    events.received(longFrame(0x82, bytesOf(10_000, 1)).subarray(0, 9000));
    events.ended();
  }));
  assert.deepEqual(await eventsOf(socket), ['open', 'error 3', "close 1006 '' false"]);
});

test('long messages and short ones go out in order, with nothing lost between the pieces', async () => {
  const sent = [10, 70_000, 5, 20_000, 16_384, 16_385, 200_000, 1].map((size, number) => bytesOf(size, number));
  const written = [];
  const socket = socketOver((piece, events) => {
    assert.ok(piece.length <= 65_536);
    written.push(Buffer.from(piece));
    if (written.at(-1).subarray(-8, -6).toString('hex') === '8882') events.received(close(1000));
  });
  socket.onopen = () => {
    for (const message of sent) socket.send(message);
    assert.equal(socket.bufferedAmount, sent.reduce((sum, { length }) => sum + length, 0));
    socket.close(1000);
  };
  await eventsOf(socket);
  assert.equal(socket.bufferedAmount, 0);
  const frames = payloadsOf(Buffer.concat(written));
  assert.deepEqual(frames.map(({ length }) => length), [...sent.map(({ length }) => length), 2]);
  sent.forEach((message, index) => assert.ok(message.equals(frames[index]), `message ${index}`));
});

test('bytes are sent as many as they are, whatever their array says of itself', async () => {
  const sent = [3, 16_384, 16_385, 100_000].flatMap((size, number) => [1, 200_000].map((length) => {
    const bytes = Uint8Array.from(bytesOf(size, number));
    return Object.defineProperties(bytes, { length: { value: length }, byteLength: { value: length } });
  }));
  const written = [];
  const socket = socketOver((piece, events) => {
    written.push(Buffer.from(piece));
    if (written.at(-1).subarray(-8, -6).toString('hex') === '8882') events.received(close(1000));
  });
  socket.onopen = () => {
    for (const message of sent) socket.send(message);
    assert.equal(socket.bufferedAmount, 2 * (3 + 16_384 + 16_385 + 100_000));
    socket.close(1000);
  };
  await eventsOf(socket);
  const frames = payloadsOf(Buffer.concat(written)).slice(0, -1);
  assert.deepEqual(frames.map(({ length }) => length), [3, 3, 16_384, 16_384, 16_385, 16_385, 100_000, 100_000]);
  frames.forEach((frame, index) => assert.ok(frame.equals(bytesOf(frame.length, index >> 1)), `message ${index}`));
});
