// What `isosocket` costs a page: it is in every one, and so has a budget.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { examples, install } from './installed.mjs';

const BUDGET = 3000;

before(install);

async function sizeOf(contents) {
  const { outputFiles: [{ contents: bundle }] } = await build({
    stdin: { contents, resolveDir: examples }, bundle: true, minify: true, format: 'esm', write: false,
  });
  return gzipSync(bundle, { level: 9 }).length;
}

test(`all of isosocket is at most ${BUDGET} bytes, minified and gzipped`, async (t) => {
  const size = await sizeOf("export * from 'isosocket';");
  t.diagnostic(`${size} bytes`);
  assert.ok(size <= BUDGET, `${size} bytes`);
});

test('an import that is not used costs nothing', async () => {
  assert.ok(await sizeOf("import 'isosocket'; import { WebSocket } from 'isosocket'; import 'isosocket/wasm';") <= 40);
});
