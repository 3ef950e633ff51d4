// Builds the page into www/dist: `node www/build.mjs`. The npm package must have been built into js/dist before.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { pinned, WASM_FEATURES } from '../scripts/wasm-tools.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const dist = path.join(here, 'dist');
const npmPackage = path.join(root, 'js', 'dist');
const wasmOpt = path.join(root, 'js', 'node_modules', 'binaryen', 'bin', 'wasm-opt');
const CRATE = 'isosocket-www';
const TARGET = 'wasm32-unknown-unknown';
const PROFILE = 'web';

if (!existsSync(path.join(npmPackage, 'index.js'))) {
  console.error('js/dist is missing: run `make js` first');
  process.exit(1);
}
// First, for a page that is there is better than none.
compileRust();
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });
for (const entry of ['index.html', 'icon.svg', 'css', 'js']) {
  cpSync(path.join(here, entry), path.join(dist, entry), { recursive: true });
}
cpSync(npmPackage, path.join(dist, 'isosocket'), { recursive: true });
bindRust(path.join(dist, 'rust'));
console.log(`the page is in ${path.relative(process.env.INIT_CWD ?? process.cwd(), dist) || '.'}`);

function compileRust() {
  run('cargo', ['build', '--locked', '--profile', PROFILE, '--target', TARGET, '-p', CRATE]);
}

/** Puts the module of the Rust half and its JavaScript side into `folder`. */
function bindRust(folder) {
  const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
  const name = CRATE.replaceAll('-', '_');
  run(pinned('wasm-bindgen'), [
    '--target', 'web', '--no-typescript', '--out-dir', folder, path.join(target, TARGET, PROFILE, `${name}.wasm`),
  ]);
  const bound = path.join(folder, `${name}_bg.wasm`);
  // The page works without the optimizer; it is only larger.
  if (!existsSync(wasmOpt)) return;
  run(process.execPath, [wasmOpt, '-Oz', '--strip-debug', ...WASM_FEATURES, bound, '-o', bound]);
}

function run(command, parameters) {
  const { status, error } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) {
    console.error(`${path.basename(command)} ended with status ${status}`);
    process.exit(1);
  }
}
