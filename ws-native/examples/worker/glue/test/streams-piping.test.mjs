// Piping streams: Node is the judge of the same assertions.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { describeStreams, failure, later, ours, settled } from './streams-world.mjs';
import { load } from './world.mjs';

describeStreams(({ ReadableStream, WritableStream, streams, readable, writable }) => {
  describe('pipeTo()', () => {
    test('passes on every chunk and the end, and unlocks both', async () => {
      const source = readable();
      const sink = writable();
      for (const chunk of ['a', 'b', 'c']) source.controller.enqueue(chunk);
      source.controller.close();
      const piping = source.stream.pipeTo(sink.stream);
      assert.ok(source.stream.locked && sink.stream.locked);
      assert.equal(await piping, undefined);
      assert.deepEqual([sink.calls, source.stream.locked, sink.stream.locked], [['write a', 'write b', 'write c', 'close'], false, false]);
    });

    test('reads no more than the sink has room for', async () => {
      const write = later();
      const source = readable({ pull: (controller) => controller.enqueue('x') }, { highWaterMark: 0 });
      const sink = writable({ write: () => write.promise }, { highWaterMark: 3 });
      const piping = source.stream.pipeTo(sink.stream);
      await settled();
      assert.deepEqual([source.calls.length, sink.calls.length], [3, 1]);
      write.reject(failure);
      await assert.rejects(piping, failure);
    });

    test('waits for the last write before it closes or aborts', async () => {
      for (const [finish, last] of [['close', 'close'], ['error', 'abort failure']]) {
        const write = later();
        const source = readable();
        const sink = writable({ write: () => write.promise });
        const piping = source.stream.pipeTo(sink.stream);
        source.controller.enqueue('a');
        await settled();
        source.controller[finish](failure);
        await settled();
        assert.deepEqual(sink.calls, ['write a']);
        write.resolve();
        if (finish === 'close') await piping;
        else await assert.rejects(piping, failure);
        assert.deepEqual(sink.calls, ['write a', last]);
      }
    });

    test('an error of the source aborts the sink, unless that is prevented', async () => {
      for (const preventAbort of [false, true]) {
        const source = readable();
        const sink = writable();
        const piping = source.stream.pipeTo(sink.stream, { preventAbort });
        source.controller.error(failure);
        await assert.rejects(piping, failure);
        assert.deepEqual(sink.calls, preventAbort ? [] : ['abort failure']);
      }
    });

    test('an error of the sink cancels the source, unless that is prevented', async () => {
      for (const preventCancel of [false, true]) {
        const source = readable({}, { highWaterMark: 0 });
        const sink = writable({ write: () => { throw failure; } });
        const piping = source.stream.pipeTo(sink.stream, { preventCancel });
        source.controller.enqueue('a');
        await assert.rejects(piping, failure);
        assert.deepEqual(source.calls.filter((call) => call !== 'pull'), preventCancel ? [] : ['cancel Error: failure']);
      }
    });

    test('the end of the source leaves the sink open if that is wanted', async () => {
      const source = readable();
      const sink = writable();
      source.controller.close();
      await source.stream.pipeTo(sink.stream, { preventClose: true });
      assert.deepEqual(sink.calls, []);
      await sink.stream.getWriter().write('a');
    });

    test('a sink that is closed cancels the source', async () => {
      const source = readable({}, { highWaterMark: 0 });
      const sink = writable();
      await sink.stream.close();
      await assert.rejects(source.stream.pipeTo(sink.stream), TypeError);
      assert.equal(source.calls.length, 1);
      assert.match(source.calls[0], /^cancel TypeError/);
    });

    test('a signal aborts the sink, cancels the source and gives its reason', async () => {
      for (const options of [{}, { preventAbort: true }, { preventCancel: true }, { preventAbort: true, preventCancel: true }]) {
        const abort = new streams.AbortController();
        const source = readable({}, { highWaterMark: 0 });
        const sink = writable();
        const piping = source.stream.pipeTo(sink.stream, { ...options, signal: abort.signal });
        await settled();
        abort.abort(failure);
        await assert.rejects(piping, failure);
        assert.deepEqual(sink.calls, options.preventAbort ? [] : ['abort failure']);
        assert.deepEqual(source.calls.filter((call) => call !== 'pull'), options.preventCancel ? [] : ['cancel Error: failure']);
        assert.ok(!source.stream.locked && !sink.stream.locked);
      }
    });

    test('a signal that is aborted before stops it before anything is read', async () => {
      const abort = new streams.AbortController();
      abort.abort(failure);
      const source = readable();
      const sink = writable();
      source.controller.enqueue('a');
      await assert.rejects(source.stream.pipeTo(sink.stream, { signal: abort.signal }), failure);
      assert.deepEqual(sink.calls, ['abort failure']);
    });

    test('what it cannot pipe is refused', async () => {
      const locked = readable().stream;
      locked.getReader();
      const lockedSink = writable().stream;
      lockedSink.getWriter();
      for (const [source, parameters] of [
        [readable().stream, []], [readable().stream, [{}]], [locked, [writable().stream]], [readable().stream, [lockedSink]],
        [readable().stream, [writable().stream, { signal: {} }]], [readable().stream, [writable().stream, 1]],
      ]) await assert.rejects(source.pipeTo(...parameters), TypeError);
    });

    test('pipeThrough() gives the readable side, and no rejection that nobody handles', async () => {
      const source = readable();
      const inner = readable();
      const sink = writable();
      assert.equal(source.stream.pipeThrough({ readable: inner.stream, writable: sink.stream }), inner.stream);
      source.controller.error(failure);
      await settled();
      assert.deepEqual(sink.calls, ['abort failure']);
      assert.throws(() => source.stream.pipeThrough({ readable: inner.stream }), TypeError);
      assert.throws(() => source.stream.pipeThrough(), TypeError);
    });
  });

  test('what a script puts in the place of methods is not called', async () => {
    const tampered = () => assert.fail('called');
    const replaced = [
      [ReadableStream.prototype, ['getReader', 'cancel', 'pipeTo']], [WritableStream.prototype, ['getWriter', 'abort', 'close']],
      [streams.ReadableStreamDefaultReader.prototype, ['read', 'releaseLock', 'cancel']],
      [streams.WritableStreamDefaultWriter.prototype, ['write', 'close', 'releaseLock']],
    ];
    const originals = [];
    const source = readable();
    const sink = writable();
    for (const chunk of ['a', 'b']) source.controller.enqueue(chunk);
    source.controller.close();
    const { pipeTo } = ReadableStream.prototype;
    const [first] = source.stream.tee();
    for (const [prototype, names] of replaced) {
      for (const name of names) {
        originals.push([prototype, name, Object.getOwnPropertyDescriptor(prototype, name)]);
        Object.defineProperty(prototype, name, { value: tampered, configurable: true });
      }
    }
    try {
      await pipeTo.call(first, sink.stream);
    } finally {
      for (const [prototype, name, descriptor] of originals) Object.defineProperty(prototype, name, descriptor);
    }
    assert.deepEqual(sink.calls, ['write a', 'write b', 'close']);
  });
});

// Node's take it for one.
test('an abort event that a script dispatches at the signal of a pipe of ours is no abort', async () => {
  const { AbortController, ReadableStream, WritableStream } = ours;
  const { Event } = await load('event');
  const abort = new AbortController();
  const chunks = [];
  let controller;
  const piping = new ReadableStream({
    start(given) { controller = given; },
  }).pipeTo(new WritableStream({ write(chunk) { chunks.push(chunk); } }), { signal: abort.signal });
  abort.signal.dispatchEvent(new Event('abort'));
  controller.enqueue('a');
  controller.close();
  await piping;
  assert.deepEqual(chunks, ['a']);
});

test('ours survive a Promise.prototype that a script has taken over', async () => {
  const { ReadableStream, WritableStream } = ours;
  const chunks = [];
  const { then } = Promise.prototype;
  const descriptors = Object.getOwnPropertyDescriptors(Promise.prototype);
  const tampered = () => { throw new Error('tampered'); };
  for (const name of ['then', 'catch', 'finally']) Object.defineProperty(Promise.prototype, name, { ...descriptors[name], value: tampered });
  let piping;
  try {
    const stream = new ReadableStream({
      start(controller) {
        for (const chunk of ['a', 'b']) controller.enqueue(chunk);
        controller.close();
      },
    });
    piping = stream.pipeTo(new WritableStream({ write(chunk) { chunks.push(chunk); } }));
    await new Promise((resolve) => { then.call(piping, resolve, resolve); });
  } finally {
    Object.defineProperties(Promise.prototype, descriptors);
  }
  assert.equal(await piping, undefined);
  assert.deepEqual(chunks, ['a', 'b']);
});
