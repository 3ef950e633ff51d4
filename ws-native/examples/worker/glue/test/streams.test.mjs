// The same assertions for Node's streams and for ours: Node is the judge.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { load } from './world.mjs';

const NAMES = [
  'ByteLengthQueuingStrategy', 'CountQueuingStrategy', 'ReadableStream', 'ReadableStreamDefaultController',
  'ReadableStreamDefaultReader', 'WritableStream', 'WritableStreamDefaultController', 'WritableStreamDefaultWriter',
];

const ofNode = { AbortController, ...Object.fromEntries(NAMES.map((name) => [name, globalThis[name]])) };
const ours = { ...await load('abort'), ...await load('streams') };

/** When all reactions to what has happened have run. */
const settled = () => new Promise((resolve) => { setImmediate(resolve); });

/** How promises end, each as a line of a log, in the order in which they do. */
function watch(promises) {
  const log = [];
  for (const [name, promise] of Object.entries(promises)) {
    promise.then((value) => log.push(value === undefined ? name : `${name} ${value}`), (reason) => log.push(`${name} failed: ${reason.message ?? reason}`));
  }
  return log;
}

/** A promise and what settles it. */
function later() {
  let settle;
  const promise = new Promise((resolve, reject) => { settle = { resolve, reject }; });
  return { promise, ...settle };
}

const failure = new Error('failure');

for (const [whose, streams] of [['of Node', ofNode], ['ours', ours]]) {
  const { ReadableStream, WritableStream, CountQueuingStrategy, ByteLengthQueuingStrategy } = streams;

  /** A readable stream with its controller, which records what its source is asked for. */
  function readable(source = {}, strategy = undefined) {
    const calls = [];
    let controller;
    const stream = new ReadableStream({
      start(given) { controller = given; return source.start; },
      pull() { calls.push('pull'); return source.pull?.(controller); },
      cancel(reason) { calls.push(`cancel ${reason}`); return source.cancel; },
    }, strategy);
    return { stream, controller, calls };
  }

  /** A writable stream with its controller, which records what its sink is given; each write waits if `writes` does. */
  function writable(sink = {}, strategy = undefined) {
    const calls = [];
    let controller;
    const stream = new WritableStream({
      start(given) { controller = given; return sink.start; },
      write(chunk) { calls.push(`write ${chunk}`); return sink.write?.(chunk); },
      close() { calls.push('close'); return sink.close?.(); },
      abort(reason) { calls.push(`abort ${reason?.message ?? reason}`); return sink.abort; },
    }, strategy);
    return { stream, controller, calls };
  }

  describe(`streams ${whose}`, () => {
    describe('the shape of the interfaces', () => {
      for (const [name, length, members] of [
        ['ReadableStream', 0, ['cancel', 'getReader', 'locked', 'pipeThrough', 'pipeTo', 'tee', 'values']],
        ['ReadableStreamDefaultController', 0, ['close', 'desiredSize', 'enqueue', 'error']],
        ['ReadableStreamDefaultReader', 1, ['cancel', 'closed', 'read', 'releaseLock']],
        ['WritableStream', 0, ['abort', 'close', 'getWriter', 'locked']],
        ['WritableStreamDefaultController', 0, ['error', 'signal']],
        ['WritableStreamDefaultWriter', 1, ['abort', 'close', 'closed', 'desiredSize', 'ready', 'releaseLock', 'write']],
        ['CountQueuingStrategy', 1, ['highWaterMark', 'size']],
        ['ByteLengthQueuingStrategy', 1, ['highWaterMark', 'size']],
      ]) {
        test(name, () => {
          const Class = streams[name];
          assert.deepEqual([Class.name, Class.length], [name, length]);
          assert.deepEqual(Object.keys(Class.prototype).sort(), members);
          assert.equal(String(Class.prototype), `[object ${name}]`);
          assert.throws(() => Class(), TypeError);
        });
      }

      test('only streams make controllers', () => {
        assert.throws(() => new streams.ReadableStreamDefaultController(), TypeError);
        assert.throws(() => new streams.WritableStreamDefaultController(), TypeError);
        assert.ok(readable().controller instanceof streams.ReadableStreamDefaultController);
        assert.ok(writable().controller instanceof streams.WritableStreamDefaultController);
        assert.ok(writable().controller.signal.aborted === false);
      });

      test('other objects are refused, by promises where there are some', async () => {
        const { prototype: reader } = streams.ReadableStreamDefaultReader;
        const { prototype: writer } = streams.WritableStreamDefaultWriter;
        assert.throws(() => ReadableStream.prototype.locked, TypeError);
        assert.throws(() => WritableStream.prototype.getWriter.call({}), TypeError);
        assert.throws(() => new streams.ReadableStreamDefaultReader({}), TypeError);
        for (const [prototype, name] of [[reader, 'closed'], [writer, 'closed'], [writer, 'ready']]) {
          await assert.rejects(Reflect.get(prototype, name, {}), TypeError, name);
        }
        for (const method of [reader.read, reader.cancel, writer.write, writer.close, writer.abort]) {
          await assert.rejects(method.call({}), TypeError);
        }
        for (const method of [ReadableStream.prototype.cancel, ReadableStream.prototype.pipeTo, WritableStream.prototype.abort]) {
          await assert.rejects(method.call({}), TypeError);
        }
      });
    });

    describe('constructors', () => {
      for (const [source, error] of [[null, TypeError], [1, TypeError], [{ start: 1 }, TypeError], [{ pull: {} }, TypeError], [{ type: 'x' }, TypeError]]) {
        test(`a source ${JSON.stringify(source)} is refused`, () => assert.throws(() => new ReadableStream(source), error));
      }

      for (const [sink, error] of [[null, TypeError], [1, TypeError], [{ write: 1 }, TypeError], [{ type: 'x' }, RangeError]]) {
        test(`a sink ${JSON.stringify(sink)} is refused`, () => assert.throws(() => new WritableStream(sink), error));
      }

      for (const [strategy, error] of [
        [{ highWaterMark: -1 }, RangeError], [{ highWaterMark: NaN }, RangeError], [{ highWaterMark: 'x' }, RangeError],
        [{ size: 1 }, TypeError], [1, TypeError],
      ]) {
        test(`a strategy ${JSON.stringify(strategy)} is refused`, () => {
          assert.throws(() => new ReadableStream({}, strategy), error);
          assert.throws(() => new WritableStream({}, strategy), error);
        });
      }

      test('what start() throws is thrown', () => {
        const start = () => { throw failure; };
        assert.throws(() => new ReadableStream({ start }), failure);
        assert.throws(() => new WritableStream({ start }), failure);
      });

      test('queuing strategies', () => {
        const count = new CountQueuingStrategy({ highWaterMark: '3' });
        const bytes = new ByteLengthQueuingStrategy({ highWaterMark: Infinity });
        assert.deepEqual([count.highWaterMark, count.size('abc'), bytes.highWaterMark, bytes.size(new Uint8Array(7))], [3, 1, Infinity, 7]);
        assert.equal(count.size, new CountQueuingStrategy({ highWaterMark: 0 }).size);
        assert.deepEqual([count.size.name, count.size.length, bytes.size.name, bytes.size.length], ['size', 0, 'size', 1]);
        for (const Strategy of [CountQueuingStrategy, ByteLengthQueuingStrategy]) {
          assert.throws(() => new Strategy(), TypeError);
          assert.throws(() => new Strategy({}), TypeError);
        }
      });
    });

    describe('reading', () => {
      test('the desired size is what the strategy leaves room for', async () => {
        const { stream, controller } = readable({}, { highWaterMark: 5, size: (chunk) => chunk });
        const sizes = [controller.desiredSize];
        for (const chunk of [2, 4]) {
          controller.enqueue(chunk);
          sizes.push(controller.desiredSize);
        }
        const reader = stream.getReader();
        await reader.read();
        sizes.push(controller.desiredSize);
        controller.close();
        sizes.push(controller.desiredSize);
        await reader.read();
        sizes.push(controller.desiredSize);
        assert.deepEqual(sizes, [5, 3, -1, 1, 1, 0]);
        const failed = readable();
        failed.controller.error(failure);
        assert.equal(failed.controller.desiredSize, null);
      });

      test('the source is pulled while there is room, and never twice at a time', async () => {
        const pulls = [later(), later(), later(), later()];
        let count = 0;
        const { stream, controller, calls } = readable({ pull: () => pulls[count++].promise }, { highWaterMark: 2 });
        assert.deepEqual(calls, []);
        await settled();
        controller.enqueue('a');
        await settled();
        assert.equal(calls.length, 1);
        pulls[0].resolve();
        await settled();
        assert.equal(calls.length, 2);
        controller.enqueue('b');
        pulls[1].resolve();
        await settled();
        assert.equal(calls.length, 2);
        await stream.getReader().read();
        assert.equal(calls.length, 3);
      });

      test('reads are answered in order, before what waits', async () => {
        const { stream, controller } = readable();
        const reader = stream.getReader();
        const result = ({ value, done }) => `${value} ${done}`;
        const log = watch({ 1: reader.read().then(result), 2: reader.read().then(result), 3: reader.read().then(result), closed: reader.closed });
        controller.enqueue('a');
        controller.enqueue('b');
        controller.close();
        await settled();
        assert.deepEqual(log, ['closed', '1 a false', '2 b false', '3 undefined true']);
        assert.throws(() => controller.enqueue('c'), TypeError);
        assert.throws(() => controller.close(), TypeError);
      });

      test('an error forgets what waits', async () => {
        const { stream, controller } = readable();
        controller.enqueue('a');
        controller.error(failure);
        const reader = stream.getReader();
        const log = watch({ read: reader.read(), closed: reader.closed });
        await settled();
        assert.deepEqual(log, ['read failed: failure', 'closed failed: failure']);
        await assert.rejects(reader.cancel(), failure);
      });

      test('what pull() or the size algorithm throws errors the stream', async () => {
        const pulled = readable({ pull: () => { throw failure; } });
        await assert.rejects(pulled.stream.getReader().read(), failure);
        const sized = readable({}, { size: () => { throw failure; } });
        assert.throws(() => sized.controller.enqueue('a'), failure);
        await assert.rejects(sized.stream.getReader().closed, failure);
        for (const size of [-1, NaN, Infinity]) assert.throws(() => readable({}, { size: () => size }).controller.enqueue('a'), RangeError);
      });

      test('cancel() forgets what waits, tells the source and waits for it', async () => {
        const cancel = later();
        const { stream, controller, calls } = readable({ cancel: cancel.promise });
        controller.enqueue('a');
        const reader = stream.getReader();
        const log = watch({ canceled: reader.cancel('why'), closed: reader.closed, read: reader.read().then(({ done }) => done) });
        await settled();
        assert.deepEqual([log, calls], [['closed', 'read true'], ['cancel why']]);
        cancel.resolve('ignored');
        await settled();
        assert.deepEqual(log, ['closed', 'read true', 'canceled']);
      });

      test('cancel() of a stream that is locked is refused', async () => {
        const { stream } = readable();
        stream.getReader();
        assert.ok(stream.locked);
        await assert.rejects(stream.cancel(), TypeError);
        assert.throws(() => stream.getReader(), TypeError);
        assert.throws(() => stream.tee(), TypeError);
      });

      test('releaseLock() rejects the reads that wait, and leaves the rest for the next reader', async () => {
        const { stream, controller } = readable();
        const first = stream.getReader();
        const closed = first.closed;
        const log = watch({ read: first.read().catch((error) => error.constructor.name), closed: closed.catch((error) => error.constructor.name) });
        first.releaseLock();
        first.releaseLock();
        await settled();
        assert.deepEqual(log, ['closed TypeError', 'read TypeError'].sort((a, b) => log.indexOf(a) - log.indexOf(b)));
        assert.equal(first.closed, closed);
        await assert.rejects(first.read(), TypeError);
        await assert.rejects(first.cancel(), TypeError);
        controller.enqueue('a');
        assert.deepEqual(await stream.getReader().read(), { value: 'a', done: false });
      });

      test('getReader() knows one mode, which is of byte streams', () => {
        assert.throws(() => readable().stream.getReader({ mode: 'byob' }), TypeError);
        assert.throws(() => readable().stream.getReader({ mode: 'x' }), TypeError);
        readable().stream.getReader({ mode: undefined });
      });
    });

    describe('iterating', () => {
      test('to the end releases the stream', async () => {
        const { stream, controller } = readable();
        for (const chunk of ['a', 'b']) controller.enqueue(chunk);
        controller.close();
        const chunks = [];
        for await (const chunk of stream) chunks.push(chunk);
        assert.deepEqual([chunks, stream.locked], [['a', 'b'], false]);
      });

      test('not to the end cancels it, unless that is prevented', async () => {
        for (const [options, calls] of [[undefined, ['cancel undefined']], [{ preventCancel: true }, []]]) {
          const source = readable({}, { highWaterMark: 0 });
          source.controller.enqueue('a');
          for await (const chunk of source.stream.values(options)) {
            assert.equal(chunk, 'a');
            break;
          }
          assert.deepEqual([source.calls, source.stream.locked], [calls, false]);
        }
      });

      test('calls are answered in order, and after the end', async () => {
        const { stream, controller } = readable();
        const iterator = stream.values();
        const results = [iterator.next(), iterator.next(), iterator.return('x'), iterator.next()];
        controller.enqueue('a');
        controller.enqueue('b');
        assert.deepEqual(await Promise.all(results), [
          { value: 'a', done: false }, { value: 'b', done: false }, { value: 'x', done: true }, { value: undefined, done: true },
        ]);
      });

      test('an error is thrown once', async () => {
        const { stream, controller } = readable();
        const iterator = stream[Symbol.asyncIterator]();
        controller.error(failure);
        await assert.rejects(iterator.next(), failure);
        assert.deepEqual(await iterator.next(), { value: undefined, done: true });
      });
    });

    describe('tee()', () => {
      const read = async (stream) => {
        const chunks = [];
        for await (const chunk of stream) chunks.push(chunk);
        return chunks;
      };

      test('gives both branches everything', async () => {
        let count = 0;
        const { stream } = readable({ pull: (controller) => (count < 3 ? controller.enqueue(count++) : controller.close()) });
        const [first, second] = stream.tee();
        assert.ok(stream.locked);
        assert.deepEqual(await Promise.all([read(first), read(second)]), [[0, 1, 2], [0, 1, 2]]);
      });

      test('cancels the source when both are canceled', async () => {
        const { stream, calls } = readable({}, { highWaterMark: 0 });
        const [first, second] = stream.tee();
        const log = watch({ first: first.cancel(1), second: (await settled(), second.cancel(2)) });
        await settled();
        assert.deepEqual([calls.filter((call) => call !== 'pull'), log], [['cancel 1,2'], ['first', 'second']]);
      });

      test('passes an error on to both', async () => {
        const { stream, controller } = readable();
        const branches = stream.tee();
        controller.error(failure);
        for (const branch of branches) await assert.rejects(branch.getReader().read(), failure);
      });
    });

    describe('writing', () => {
      test('one write at a time, in order; ready and desired size tell of the room', async () => {
        const writes = { a: later(), b: later() };
        const { stream, calls } = writable({ write: (chunk) => writes[chunk].promise }, { highWaterMark: 2 });
        const writer = stream.getWriter();
        const first = writer.ready;
        const log = watch({ ready: first, a: writer.write('a') });
        assert.deepEqual([writer.desiredSize, writer.ready], [1, first]);
        log.push(...watch({ b: writer.write('b').then(() => log.push('b')) }));
        assert.equal(writer.desiredSize, 0);
        assert.notEqual(writer.ready, first);
        writer.ready.then(() => log.push('ready again'));
        await settled();
        assert.deepEqual([calls, log], [['write a'], ['ready']]);
        writes.a.resolve();
        await settled();
        assert.deepEqual([calls, log, writer.desiredSize], [['write a', 'write b'], ['ready', 'a', 'ready again'], 1]);
        writes.b.resolve();
        await settled();
        assert.deepEqual([log.at(-1), writer.desiredSize], ['b', 2]);
      });

      test('nothing is written before start() has ended', async () => {
        const start = later();
        const { stream, calls } = writable({ start: start.promise });
        const write = stream.getWriter().write('a');
        await settled();
        assert.deepEqual(calls, []);
        start.resolve();
        await write;
        assert.deepEqual(calls, ['write a']);
      });

      test('close() waits for what was written, and refuses the rest', async () => {
        const { stream, calls } = writable();
        const writer = stream.getWriter();
        const log = watch({ a: writer.write('a'), close: writer.close(), closed: writer.closed, ready: writer.ready });
        const refused = [writer.write('b'), writer.close()];
        for (const promise of refused) await assert.rejects(promise, TypeError);
        await settled();
        assert.deepEqual([calls, log], [['write a', 'close'], ['ready', 'a', 'close', 'closed']]);
        assert.equal(writer.desiredSize, 0);
        await assert.rejects(writer.close(), TypeError);
        await writer.abort();
      });

      test('an error while writing rejects what waits', async () => {
        const { stream, calls } = writable({ write: () => { throw failure; } });
        const writer = stream.getWriter();
        const log = watch({ a: writer.write('a'), b: writer.write('b'), close: writer.close(), closed: writer.closed });
        await settled();
        assert.deepEqual(log, ['a failed: failure', 'b failed: failure', 'close failed: failure', 'closed failed: failure']);
        assert.deepEqual([calls, writer.desiredSize], [['write a'], null]);
        await assert.rejects(writer.ready, failure);
        await assert.rejects(writer.write('c'), failure);
      });

      test('error() of the controller lets the write that is under way end first', async () => {
        const write = later();
        const { stream, controller, calls } = writable({ write: () => write.promise });
        const writer = stream.getWriter();
        const log = watch({ a: writer.write('a'), b: writer.write('b'), ready: writer.ready, closed: writer.closed });
        await settled();
        controller.error(failure);
        controller.error(new Error('another'));
        await settled();
        assert.deepEqual([log, writer.desiredSize], [['ready failed: failure'], null]);
        write.resolve();
        await settled();
        assert.deepEqual([log, calls], [['ready failed: failure', 'a', 'b failed: failure', 'closed failed: failure'], ['write a']]);
      });

      test('abort() signals, lets the write that is under way end, and tells the sink', async () => {
        const write = later();
        const { stream, controller, calls } = writable({ write: () => write.promise });
        const writer = stream.getWriter();
        const log = watch({ a: writer.write('a'), b: writer.write('b'), ready: writer.ready, closed: writer.closed });
        await settled();
        controller.signal.addEventListener('abort', () => log.push(`signal ${controller.signal.reason.message}`));
        const aborting = writer.abort(failure);
        assert.notEqual(writer.abort(), undefined);
        aborting.then(() => log.push('abort'));
        await settled();
        assert.deepEqual([calls, log], [['write a'], ['signal failure', 'ready failed: failure']]);
        write.resolve();
        await settled();
        assert.deepEqual(log, ['signal failure', 'ready failed: failure', 'a', 'b failed: failure', 'abort', 'closed failed: failure']);
        assert.deepEqual(calls, ['write a', 'abort failure']);
        await writer.abort();
      });

      test('abort() before start() has ended waits for it', async () => {
        const start = later();
        const { stream, calls } = writable({ start: start.promise });
        const aborting = stream.abort('why');
        await settled();
        assert.deepEqual(calls, []);
        start.resolve();
        await aborting;
        assert.deepEqual(calls, ['abort why']);
      });

      test('abort() while closing comes too late if that succeeds', async () => {
        for (const [outcome, ...expected] of [
          ['resolve', 'ready failed: failure', 'close', 'abort', 'closed'],
          ['reject', 'ready failed: failure', 'close failed: no', 'abort failed: no', 'closed failed: failure'],
        ]) {
          const close = later();
          const { stream } = writable({ close: () => close.promise });
          const writer = stream.getWriter();
          const closing = writer.close();
          await settled();
          const aborting = writer.abort(failure);
          const log = watch({ close: closing, abort: aborting, closed: writer.closed, ready: writer.ready });
          await settled();
          close[outcome](outcome === 'reject' ? new Error('no') : undefined);
          await settled();
          assert.deepEqual(log, expected);
        }
      });

      test('releaseLock() rejects ready and closed, and lets writes go on', async () => {
        const { stream, calls } = writable();
        const writer = stream.getWriter();
        const write = writer.write('a');
        writer.releaseLock();
        for (const promise of [writer.ready, writer.closed, writer.write('b'), writer.close(), writer.abort()]) await assert.rejects(promise, TypeError);
        assert.throws(() => writer.desiredSize, TypeError);
        await write;
        assert.equal(stream.locked, false);
        await stream.close();
        assert.deepEqual(calls, ['write a', 'close']);
      });

      test('a size algorithm that throws errors the stream; one that releases the writer is noticed', async () => {
        const failing = writable({}, { size: () => { throw failure; } });
        await assert.rejects(failing.stream.getWriter().write('a'), failure);
        const infinite = writable({}, { size: () => Infinity });
        await assert.rejects(infinite.stream.getWriter().write('a'), RangeError);
        let writer;
        const releasing = writable({}, { size: () => (writer.releaseLock(), 1) });
        writer = releasing.stream.getWriter();
        await assert.rejects(writer.write('a'), TypeError);
        assert.deepEqual(releasing.calls, []);
      });
    });

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
}

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
