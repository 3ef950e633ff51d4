// A peer that sends as fast as it can, to a program that reads a message a second: what waits, waits at the peer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';

import { close, serve, switching } from './peer.mjs';

const MESSAGES = 200_000;
const READS = 5;
const MIB = 1 << 20;

/** The program that reads: it has a process of its own, so that nothing else is in its memory. */
const READER = `
  import { setTimeout } from 'node:timers/promises';
  import { WebSocketStream } from 'isosocket/engine';

  const reader = await new WebSocketStream(process.env.PEER).opened.then(({ readable }) => readable.getReader());
  let next = 0;
  async function read() {
    const { value } = await reader.read();
    if (new DataView(value.buffer, value.byteOffset).getUint32(0) !== next || value.length !== 1024) throw new Error('message ' + next + ' is another one');
    next += 1;
  }
  function memory() {
    gc();
    const { rss, heapUsed, external } = process.memoryUsage();
    return { rss, heap: heapUsed + external };
  }

  await read();
  const before = memory();
  const growth = { rss: 0, heap: 0 };
  for (let count = 0; count < ${READS}; count += 1) {
    await setTimeout(1000);
    await read();
    const now = memory();
    for (const kind of ['rss', 'heap']) growth[kind] = Math.max(growth[kind], now[kind] - before[kind]);
  }
  process.send(growth);
  await new Promise((resolve) => process.once('message', resolve));
  while (next < ${MESSAGES}) await read();
  const { done } = await reader.read();
  if (!done) throw new Error('there are more messages than were sent');
  process.disconnect();
`;

test('a program that reads a message a second is not filled up', async (t) => {
  let sent = 0;
  const peer = await serve(t, async (socket, request) => {
    socket.write(switching(request));
    while (sent < MESSAGES) {
      const chunk = Buffer.concat(Array.from({ length: 50 }, (_none, index) => message(sent + index)));
      const hasRoom = socket.write(chunk);
      sent += 50;
      if (!hasRoom) await once(socket, 'drain');
    }
    socket.end(close(1000));
  });
  const reader = spawn(process.execPath, ['--expose-gc', '--input-type=module', '--eval', READER], {
    cwd: path.dirname(import.meta.dirname), env: { ...process.env, PEER: peer }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  t.after(() => reader.kill());
  const ended = once(reader, 'exit');

  const [growth] = await Promise.race([once(reader, 'message'), ended.then(() => [])]);
  assert.ok(growth, 'the program has ended early');
  t.diagnostic(`grown by ${growth.rss / MIB} MiB, of which heap ${growth.heap / MIB}; sent ${sent} messages`);
  assert.ok(growth.rss < 32 * MIB && growth.heap < 32 * MIB, `grown by ${JSON.stringify(growth)}`);
  // What is not in the program is in the kernel, which has a few MiB for a connection, or was not sent.
  assert.ok(sent < 32 * 1024, `${sent} messages were sent`);

  reader.send('go on');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(sent, MESSAGES);
});

/** A frame of 1 KiB, in which its number comes first. */
function message(number) {
  const frame = Buffer.alloc(4 + 1024);
  frame.writeUInt32BE(0x827e0400, 0);
  frame.writeUInt32BE(number, 4);
  return frame;
}
