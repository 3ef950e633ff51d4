// What `isosocket` costs a page: it is in every one, and so has a budget.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { build } from 'esbuild';

import { examples, install } from './installed.mjs';

/** The most bytes for a program that imports this, minified and gzipped. */
const BUDGETS = {
  'WebSocket, CloseEvent': 120,
  'WebSocket, WebSocketStream, WebSocketError, CloseEvent': 3000,
  ReconnectingWebSocket: 5870,
};

before(install);

const bundle = (contents) => build({
  stdin: { contents, resolveDir: examples }, bundle: true, minify: true, format: 'esm', write: false, metafile: true,
});

async function sizeOf(program) {
  const { outputFiles: [{ contents }] } = await bundle(program);
  return gzipSync(contents, { level: 9 }).length;
}

for (const [names, budget] of Object.entries(BUDGETS)) {
  test(`{ ${names} } is at most ${budget} bytes, minified and gzipped`, async (t) => {
    const size = await sizeOf(`export { ${names} } from 'isosocket';`);
    t.diagnostic(`${size} bytes`);
    assert.ok(size <= budget, `${size} bytes`);
  });
}

test('nothing is exported that has no budget', async () => {
  const { metafile: { outputs } } = await bundle("export * from 'isosocket';");
  const [{ exports }] = Object.values(outputs);
  assert.deepEqual([...new Set(Object.keys(BUDGETS).flatMap((names) => names.split(', ')))].sort(), exports.sort());
});

test('an import that is not used costs nothing', async () => {
  assert.ok(await sizeOf("import 'isosocket'; import { WebSocket } from 'isosocket'; import 'isosocket/wasm';") <= 40);
});
