// What a socket adds to a page: the least program that connects, sends, receives and closes, as WebAssembly and glue.
//
//   node ws-wasm/benches/size.mjs [--ours]
//
// Prints a table, and fails when one of ours is larger than its budget. With `--ours` only those are built.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { bind, compile } from './build.mjs';

const KILOBYTE = 1000;

/** The programs, with what ours may take. */
const PROGRAMS = [
  { name: 'isosocket, WebSocket', package: 'size-ours', budget: 10.5 },
  { name: 'isosocket, WebSocketStream', package: 'size-ours-stream', budget: 13 },
  { name: 'web-sys', package: 'size-web-sys' },
  { name: 'gloo-net', package: 'size-gloo-net' },
  { name: 'ws_stream_wasm', package: 'size-ws-stream-wasm' },
  { name: 'ewebsock', package: 'size-ewebsock' },
  { name: 'tokio-tungstenite-wasm', package: 'size-tokio-tungstenite-wasm' },
  { name: 'yawc', package: 'size-yawc' },
];

const programs = process.argv.includes('--ours') ? PROGRAMS.filter(({ budget }) => budget) : PROGRAMS;
compile(programs.map((program) => program.package), 'web');
const rows = programs.map(measure).sort((a, b) => a.total - b.total);
console.log('| KB, gzipped | WebAssembly | glue | both | budget |\n|---|---:|---:|---:|---:|');
for (const { name, wasm, glue, total, budget } of rows) {
  console.log(`| ${name} | ${[wasm, glue, total].map((size) => size.toFixed(2)).join(' | ')} | ${budget ?? '–'} |`);
}
const above = rows.filter(({ total, budget }) => total > budget);
for (const { name, total, budget } of above) console.error(`${name} is above its budget: ${total} KB of ${budget}`);
process.exitCode = above.length > 0 ? 1 : 0;

function measure({ name, budget, package: built }) {
  const files = bind(built, 'web', '-Oz');
  const [wasm, glue] = [files.wasm, files.glue].map((file) => gzipSync(readFileSync(file), { level: 9 }).length / KILOBYTE);
  return { name, budget, wasm, glue, total: wasm + glue };
}
