import path from 'node:path';

import { build } from 'esbuild';

await build({
  entryPoints: [path.join(import.meta.dirname, 'main.js')],
  outdir: path.join(import.meta.dirname, 'dist'),
  bundle: true,
  minify: true,
  format: 'esm',
  loader: { '.wasm': 'file' },
  logLevel: 'warning',
});
