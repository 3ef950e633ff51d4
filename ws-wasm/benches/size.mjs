// What a socket adds to a page: the least program that connects, sends, receives and closes, as WebAssembly and glue.
//
//   node ws-wasm/benches/size.mjs [--ours]
//
// Prints a table, and fails when one of ours is larger than it was when it was last made smaller. With `--ours` only those are
// built.

import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { bind, compile } from './build.mjs';
import { table } from './table.mjs';

const KILOBYTE = 1000;

/**
 * The programs; of ours, what is aimed at, and what it may take: what was reached, and one in a hundred more, for the name of
 * the folder it is built in makes some 10 bytes of difference.
 */
const PROGRAMS = [
  { name: 'isosocket, WebSocket', package: 'size-ours', goal: 10.5, guard: 12.63 },
  { name: 'isosocket, WebSocketStream', package: 'size-ours-stream', goal: 13, guard: 24.37 },
  { name: 'isosocket, ReconnectingWebSocket', package: 'size-ours-reconnecting', guard: 31.28 },
  { name: 'web-sys', package: 'size-web-sys' },
  { name: 'gloo-net', package: 'size-gloo-net' },
  { name: 'ws_stream_wasm', package: 'size-ws-stream-wasm' },
  { name: 'ewebsock', package: 'size-ewebsock' },
  { name: 'tokio-tungstenite-wasm', package: 'size-tokio-tungstenite-wasm' },
  { name: 'yawc', package: 'size-yawc' },
];

const programs = process.argv.includes('--ours') ? PROGRAMS.filter(({ guard }) => guard) : PROGRAMS;
compile(programs.map((program) => program.package), 'web');
const rows = programs.map(measure).sort((a, b) => a.total - b.total);
console.log(
  table(
    ['KB, gzipped', 'WebAssembly', 'glue', 'both', 'goal'],
    rows.map(({ name, wasm, glue, total, goal }) => [name, ...[wasm, glue, total].map((size) => size.toFixed(2)), goal ?? '–']),
  ),
);
const grown = rows.filter(({ total, guard }) => total > guard);
for (const { name, total, guard } of grown) console.error(`${name} has grown: ${total.toFixed(2)} KB, and ${guard} were enough`);
process.exitCode = grown.length > 0 ? 1 : 0;

function measure({ package: built, ...program }) {
  const files = bind(built, 'web', '-Oz');
  const [wasm, glue] = [files.wasm, files.glue].map((file) => gzipSync(readFileSync(file), { level: 9 }).length / KILOBYTE);
  return { ...program, wasm, glue, total: wasm + glue };
}
