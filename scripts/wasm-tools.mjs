// What the builds of WebAssembly modules have in common.

import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** What rustc lets WebAssembly use by default, as options of wasm-opt. */
export const WASM_FEATURES = [
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
];

/** The project's own copy of a tool, whose version fits the crates; else the one on the PATH. */
export function pinned(tool) {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  const own = path.join(process.env.ISOSOCKET_TOOLS || path.join(cache, 'isosocket'), 'bin', tool);
  return existsSync(own) ? own : tool;
}
