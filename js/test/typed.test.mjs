import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';

import { WebSocketServer } from 'ws';

import { WebSocketStream } from 'isosocket/engine';
import { json, typed } from 'isosocket/typed';

describe('json', () => {
  for (const value of [null, true, 1.5, 'é', [1, [2]], { a: { b: null } }]) {
    test(`${JSON.stringify(value)} there and back`, () => assert.deepEqual(json.decode(json.encode(value)), value));
  }

  test('bytes are UTF-8', () => {
    const bytes = new TextEncoder().encode('["é"]');
    assert.deepEqual(json.decode(bytes), ['é']);
    assert.deepEqual(json.decode(bytes.buffer), ['é']);
    assert.throws(() => json.decode(Uint8Array.of(0x22, 0xff, 0x22)), TypeError);
  });

  for (const value of [undefined, () => {}, Symbol('s')]) {
    test(`a ${typeof value} cannot be expressed`, () => assert.throws(() => json.encode(value), {
      name: 'TypeError', message: `a ${typeof value} cannot be expressed in JSON`,
    }));
  }
});

describe('over streams that the test plays', () => {
  /** A connection that says what was asked of it; `given` is what it has to read. */
  function play(given = []) {
    const calls = [];
    const readable = new ReadableStream({
      pull(controller) {
        calls.push('pull');
        if (given.length > 0) controller.enqueue(given.shift());
        else controller.close();
      },
      cancel(reason) { calls.push(['cancel', reason]); },
    }, { highWaterMark: 0 });
    const writable = new WritableStream({
      write(chunk) { calls.push(['write', chunk]); },
      close() { calls.push('close'); },
    });
    return { readable, writable, calls };
  }

  test('values out, in order', async () => {
    const connection = play();
    const { send, close } = typed(connection, json);
    await Promise.all([send({ a: 1 }), send([2]), close()]);
    assert.deepEqual(connection.calls, [['write', '{"a":1}'], ['write', '[2]'], 'close']);
  });

  test('what is none, or has no codec, is said so, and nothing is locked', () => {
    const connection = play();
    for (const value of [{ opened: Promise.resolve(connection) }, Promise.resolve(connection), undefined, null]) {
      assert.throws(() => typed(value, json), { name: 'TypeError', message: /await stream\.opened/ });
    }
    for (const codec of [undefined, { encode: String }, { decode: String }]) {
      assert.throws(() => typed(connection, codec), { name: 'TypeError', message: /codec/ });
    }
    typed(connection, json);
  });

  test('a value that cannot be encoded is not sent, and the next one is', async () => {
    const connection = play();
    const { send } = typed(connection, json);
    const circle = {};
    circle.self = circle;
    await assert.rejects(send(circle), TypeError);
    await assert.rejects(send(1n), TypeError);
    await assert.rejects(send(undefined), TypeError);
    await send('next');
    assert.deepEqual(connection.calls, [['write', '"next"']]);
  });

  test('values in; a message that is none is an item, and the next one is read', async () => {
    const { readable } = typed(play(['1', 'one', Uint8Array.of(0xff), '{"a":2}']), json);
    const items = await collected(readable);
    assert.deepEqual([items[0], items[3]], [{ ok: true, value: 1 }, { ok: true, value: { a: 2 } }]);
    assert.deepEqual([items[1].ok, items[1].error.name, items[1].message], [false, 'SyntaxError', 'one']);
    assert.deepEqual([items[2].ok, items[2].error.name, items[2].message], [false, 'TypeError', Uint8Array.of(0xff)]);
    assert.equal(items.length, 4);
  });

  test('nothing is read before it is asked for', async () => {
    const connection = play(['1', '2']);
    const reader = typed(connection, json).readable.getReader();
    await new Promise((resolve) => { setImmediate(resolve); });
    assert.deepEqual(connection.calls, []);
    await reader.read();
    assert.deepEqual(connection.calls, ['pull']);
  });

  test('cancelling cancels the connection, with its reason, also while a message is waited for', async () => {
    const connection = play(['1']);
    await typed(connection, json).readable.cancel('why');
    assert.deepEqual(connection.calls, [['cancel', 'why']]);

    const cancelled = [];
    const waiting = new ReadableStream({ cancel: (reason) => { cancelled.push(reason); } });
    const reader = typed({ readable: waiting, writable: new WritableStream() }, json).readable.getReader();
    const read = reader.read();
    await reader.cancel('why');
    assert.deepEqual([await read, cancelled], [{ done: true, value: undefined }, ['why']]);
  });

  test("the connection's failure is that of the reader and of send()", async () => {
    const failure = new Error('failed');
    const failing = { readable: new ReadableStream({ start: (controller) => controller.error(failure) }), writable: new WritableStream({ start: (controller) => controller.error(failure) }) };
    const { readable, send } = typed(failing, json);
    await assert.rejects(readable.getReader().read(), failure);
    await assert.rejects(send(1), failure);
  });

  test('a codec may be an object with a state of its own', async () => {
    class Counting {
      #sent = 0;
      encode(value) { return `${this.#sent += 1} ${value}`; }
      decode(message) { return [this.#sent, message]; }
    }
    const connection = play(['a']);
    const { readable, send } = typed(connection, new Counting());
    await send('x');
    assert.deepEqual(connection.calls, [['write', '1 x']]);
    assert.deepEqual((await readable.getReader().read()).value, { ok: true, value: [1, 'a'] });
  });

  async function collected(readable) {
    const items = [];
    for await (const item of readable) items.push(item);
    return items;
  }
});

test('over a connection', async (t) => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  t.after(() => server.close());
  server.on('connection', (peer) => peer.on('message', (data) => {
    peer.send('no JSON');
    peer.send(String(data));
    peer.send(data);
  }));
  await once(server, 'listening');

  const stream = new WebSocketStream(`ws://127.0.0.1:${server.address().port}`);
  const { readable, send, close } = typed(await stream.opened, json);
  await send({ text: 'héllo', numbers: [1, 2] });
  const reader = readable.getReader();
  assert.equal((await reader.read()).value.ok, false);
  for (const _kind of ['text', 'binary']) {
    assert.deepEqual((await reader.read()).value, { ok: true, value: { text: 'héllo', numbers: [1, 2] } });
  }
  await close();
  assert.deepEqual(await stream.closed, { closeCode: 1005, reason: '' });
});
