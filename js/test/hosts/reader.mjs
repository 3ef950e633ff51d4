// Reads slowly what a peer floods it with, in Node, Deno or Bun: reader.mjs MODULE SETTING, of which the latter is JSON. It
// has a process of its own, so that nothing else is in its memory. It tells by how many bytes that has grown, and reads the rest
// when it is told to go on.

import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';

const [module, setting] = process.argv.slice(2);
const { url, options, reads, messages } = JSON.parse(setting);
const { WebSocketStream } = await import(module);

const reader = await new WebSocketStream(url, options).opened.then(({ readable }) => readable.getReader());
let next = 0;

async function read() {
  const { value } = await reader.read();
  const number = new DataView(value.buffer, value.byteOffset).getUint32(0);
  if (number !== next || value.length !== 1024) throw new Error(`message ${next} is another one`);
  next += 1;
}

function memory() {
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

await read();
const before = memory();
const growth = { rss: 0, heap: 0 };
for (let count = 0; count < reads; count += 1) {
  await setTimeout(1000);
  await read();
  const now = memory();
  for (const kind of ['rss', 'heap']) growth[kind] = Math.max(growth[kind], now[kind] - before[kind]);
}
console.log(JSON.stringify(growth));
await once(process.stdin, 'data');
while (next < messages) await read();
const { done } = await reader.read();
if (!done) throw new Error('there are more messages than were sent');
process.exit();
