// Reading from streams: Node is the judge of the same assertions.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { describeStreams, failure, later, settled, watch } from './streams-world.mjs';

describeStreams(({ readable }) => {
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
});
