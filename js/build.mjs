// Builds the package: `node build.mjs`. With `--sources`, only what is written in JavaScript is put in place anew.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { pinned, WASM_FEATURES } from '../scripts/wasm-tools.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const dist = path.join(here, 'dist');
const wasmFolder = path.join(dist, 'wasm');
const require = createRequire(import.meta.url);

/**
 * The engine is to be fast, the browser runtime small; each has a budget, in bytes, gzipped. `hostNames` are taken from the
 * host when a module is imported: it would else find what a program puts in their place, such as a class over itself.
 */
const MODULES = [
  { crate: 'isosocket-engine', profile: 'engine', optimization: '-O3', budget: 112_000 },
  { crate: 'isosocket-browser', profile: 'web', optimization: '-Oz', budget: 25_000, hostNames: ['WebSocket'] },
];

if (!process.argv.includes('--sources')) {
  mkdirSync(wasmFolder, { recursive: true });
  for (const module of MODULES) buildModule(module);
}
copySources();

function buildModule({ crate, profile, optimization, budget, hostNames = [] }) {
  const name = crate.replace('-', '_');
  run('cargo', ['build', '--locked', '--profile', profile, '--target', 'wasm32-unknown-unknown', '-p', crate], root);
  const targetFolder = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
  const compiled = path.resolve(root, targetFolder, 'wasm32-unknown-unknown', profile, `${name}.wasm`);
  run(pinned('wasm-bindgen'), ['--target', 'web', '--no-typescript', '--out-dir', wasmFolder, compiled]);
  if (hostNames.length > 0) {
    const glue = path.join(wasmFolder, `${name}.js`);
    writeFileSync(glue, `const { ${hostNames.join(', ')} } = globalThis;\n\n${readFileSync(glue, 'utf8')}`);
  }
  const bound = path.join(wasmFolder, `${name}_bg.wasm`);
  run(process.execPath, [wasmOpt(), optimization, '--strip-debug', ...WASM_FEATURES, bound, '-o', bound]);
  const bytes = readFileSync(bound);
  const gzipped = gzipSync(bytes, { level: 9 }).length;
  console.log(`${name}_bg.wasm: ${bytes.length} bytes, ${gzipped} gzipped, of ${budget}`);
  if (gzipped > budget) {
    console.error(`${name}_bg.wasm is larger than it may be`);
    process.exit(1);
  }
}

/** Puts src/ and the licences beside the WebAssembly modules; what src/ has no more goes. */
function copySources() {
  mkdirSync(dist, { recursive: true });
  for (const entry of readdirSync(dist)) {
    if (entry !== 'wasm') rmSync(path.join(dist, entry), { recursive: true });
  }
  cpSync(path.join(here, 'src'), dist, { recursive: true });
  for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
    const text = path.join(root, licence);
    if (existsSync(text)) cpSync(text, path.join(dist, licence));
  }
}

function wasmOpt() {
  return path.join(path.dirname(require.resolve('binaryen/package.json')), 'bin', 'wasm-opt');
}

function run(command, parameters, cwd = here) {
  const { status, error } = spawnSync(command, parameters, { cwd, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) {
    console.error(`${path.basename(command)} ended with status ${status}`);
    process.exit(1);
  }
}
