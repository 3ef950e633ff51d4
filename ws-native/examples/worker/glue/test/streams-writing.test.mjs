// Writing to streams: Node is the judge of the same assertions.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { describeStreams, failure, later, settled, watch } from './streams-world.mjs';

describeStreams(({ writable }) => {
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
});
