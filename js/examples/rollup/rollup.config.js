import path from 'node:path';

import { nodeResolve } from '@rollup/plugin-node-resolve';
import url from '@rollup/plugin-url';

export default {
  input: path.join(import.meta.dirname, 'main.js'),
  output: { dir: path.join(import.meta.dirname, 'dist'), format: 'es' },
  plugins: [nodeResolve({ browser: true }), url({ include: '**/*.wasm', limit: 0 })],
};
