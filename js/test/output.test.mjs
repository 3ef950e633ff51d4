import assert from 'node:assert/strict';
import { test } from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';

import { loadEngine } from '../dist/engine.js';
import { loadModule } from '../dist/host/module-file.js';
import { Output } from '../dist/output.js';

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

/** What of a session an output needs; it begins with so many bytes. */
function sessionWith(bytes) {
  loadEngine(loadModule);
  return {
    backlog: bytes,
    ready: bytes,
    output_start: () => 0,
    output_length() {
      return this.ready;
    },
    output_taken(length) {
      this.ready -= length;
    },
    transmitted(length) {
      this.backlog -= length;
    },
    send(length) {
      this.backlog += length;
      this.ready += length;
    },
  };
}

test('pieces come in order, of no more than 64 KiB, and what is left in one', () => {
  const session = sessionWith(150_000);
  const output = new Output(session);
  assert.equal(output.next().length, 65_536);
  assert.ok(output.isWriting);
  output.written();
  assert.equal(output.next().length, 65_536);
  session.send(100);
  output.written();
  assert.equal(session.backlog, 150_100 - 131_072);
  assert.equal(output.rest().length, 150_100 - 131_072);
  assert.equal(output.next(), undefined);
});

test('what short messages leave behind whole pieces begins a piece with those that come next', () => {
  const session = sessionWith(0);
  const output = new Output(session);
  const sendFour = () => {
    for (let count = 0; count < 4; count += 1) {
      session.send(16_392);
      output.sent(16_384);
    }
  };
  sendFour();
  assert.equal(session.ready, 32);
  sendFour();
  assert.equal(session.ready, 64);
  const lengths = [];
  for (let piece = output.next(); piece; piece = output.next()) {
    lengths.push(piece.length);
    output.written();
  }
  assert.deepEqual(lengths, [65_536, 65_536, 64]);
  assert.equal(session.backlog, 0);
});

test('nothing is left of a long message', () => {
  const session = sessionWith(0);
  const output = new Output(session);
  session.send(65_549);
  output.sent(65_535);
  assert.equal(session.ready, 65_549);
  session.send(65_550);
  output.sent(65_536);
  assert.equal(session.ready, 0);
});

test('what is left comes with the rest', () => {
  const session = sessionWith(65_536 + 7);
  const output = new Output(session);
  output.sent(1);
  output.sent(65_535);
  output.sent(1);
  assert.equal(session.ready, 7);
  assert.equal(output.rest().length, 65_536 + 7);
  assert.equal(output.next(), undefined);
});

test('memory is used again when the host has written what was in it, and not before', () => {
  const first = new Output(sessionWith(131_072));
  const waiting = first.next();
  const other = new Output(sessionWith(65_536));
  assert.notEqual(other.next().buffer, waiting.buffer);
  first.written();
  const next = new Output(sessionWith(100));
  const short = next.next();
  assert.equal(short.length, 100);
  assert.equal(short.buffer, waiting.buffer);
  next.written();
  assert.equal(new Output(sessionWith(65_536)).next().buffer, waiting.buffer);
});

test('memory that is with the host when the connection ends stays there', () => {
  const session = sessionWith(65_636);
  const output = new Output(session);
  const waiting = output.next();
  assert.equal(output.rest().length, 100);
  assert.equal(output.isWriting, false);
  assert.equal(session.backlog, 100);
  for (let count = 0; count < 64; count += 1) {
    assert.notEqual(new Output(sessionWith(65_536)).next().buffer, waiting.buffer);
  }
});

test('an output that never runs dry keeps nothing of what has gone', () => {
  const session = sessionWith(65_536);
  const output = new Output(session);
  output.sent(65_536);
  const rounds = (count) => {
    for (let round = 0; round < count; round += 1) {
      // There is always one piece behind that with the host.
      session.send(1);
      output.sent(65_536);
      output.next();
      output.written();
    }
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = rounds(1000);
  const grown = rounds(200_000) - before;
  assert.ok(grown < 500_000, `${grown} bytes more`);
});
