// The WebAssembly is no larger than it was when it was last made smaller.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { gzipSync } from 'node:zlib';

/** The most bytes, gzipped, as the compiler makes them that the budget was set with: another may make more. */
const BUDGETS = { isosocket_engine: 79_450, isosocket_browser: 19_550 };
const COMPILER = '1.95.0';

for (const [name, budget] of Object.entries(BUDGETS)) {
  test(`${name} has at most ${budget} bytes, gzipped`, () => {
    const module = readFileSync(new URL(`../dist/wasm/${name}_bg.wasm`, import.meta.url));
    const size = gzipSync(module, { level: 9 }).length;
    const compiler = spawnSync('rustc', ['--version'], { encoding: 'utf8' }).stdout?.trim();
    assert.ok(size <= budget, `${size} bytes by ${compiler}; the budget was set with rustc ${COMPILER}`);
  });
}
