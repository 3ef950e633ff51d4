// The shape of streams, and what constructors refuse: Node is the judge of the same assertions.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { describeStreams, failure } from './streams-world.mjs';

describeStreams(({ ReadableStream, WritableStream, CountQueuingStrategy, ByteLengthQueuingStrategy, streams, readable, writable }) => {
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
});
