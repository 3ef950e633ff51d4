// What the workbench's log holds of a message that it has let go of. Node has the strings of Chromium.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';

import { Kept } from '../../../www/js/kept.js';
import { Message } from '../../../www/js/message.js';

const MEBIBYTE = 1 << 20;
const COUNT = 64;
const MOST_ROUNDS = 50;

v8.setFlagsFromString('--expose-gc');
const collect = vm.runInNewContext('gc');

/** How many bytes are in use when garbage has been collected. */
function inUse() {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('a message that was let go of holds no more than how it begins', () => {
  for (const [title, make, expected] of [
    ['text', () => 'x'.repeat(MEBIBYTE), `${'x'.repeat(300)}…`],
    ['bytes', () => new Uint8Array(MEBIBYTE).fill(255), `${'ff '.repeat(16)}…`],
  ]) {
    test(title, async () => {
      const before = inUse();
      const messages = Array.from({ length: COUNT }, () => new Message(make()));
      const all = inUse() - before;
      assert.ok(all > COUNT * MEBIBYTE * 0.9, `${all} bytes are less than there are`);
      for (const message of messages) message.letGo();
      // A buffer is freed a little after it was collected.
      let held;
      for (let round = 0; round < MOST_ROUNDS && !(held < MEBIBYTE); round += 1) {
        await setImmediate();
        held = inUse() - before;
      }
      assert.ok(held < MEBIBYTE, `${held} bytes are held`);
      for (const message of messages) assert.equal(await message.head(), expected);
    });
  }

  test('Blob', async () => {
    const message = new Message(new Blob([new Uint8Array(17)]));
    message.letGo();
    assert.equal(await message.head(), `${'00 '.repeat(16)}…`);
  });
});

test('a text that is cut within a character, and one that begins with a byte order mark', () => {
  assert.equal(new Message(`${'x'.repeat(299)}😀`).head(), `${'x'.repeat(299)}\ufffd…`);
  assert.equal(new Message(`\ufeff${'x'.repeat(300)}`).head(), `\ufeff${'x'.repeat(299)}…`);
});

test('a message that is kept twice takes its room once', () => {
  const gone = [];
  const kept = new Kept((entry) => gone.push(entry));
  const entry = { hasMore: true, size: 9 * MEBIBYTE };
  kept.keep(entry);
  kept.keep(entry);
  assert.deepEqual(gone, []);
  kept.release(entry);
  kept.keep({ hasMore: true, size: 16 * MEBIBYTE });
  assert.deepEqual(gone, []);
});
