// Builds the programs of this folder as what is shipped to browsers.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';

import { pinned, WASM_FEATURES } from '../../scripts/wasm-tools.mjs';

const here = import.meta.dirname;
export const root = path.resolve(here, '..', '..');
/** Where cargo builds. */
export const target = path.join(path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'benches-web');

/** Builds these packages with cargo. */
export function compile(packages, profile) {
  run('cargo', [
    'build', '--quiet', '--locked', '--manifest-path', path.join(here, 'Cargo.toml'), '--target-dir', target,
    '--target', 'wasm32-unknown-unknown', '--profile', profile, ...packages.flatMap((name) => ['-p', name]),
  ]);
}

/** Makes a compiled package a module for the web. @returns the paths of its WebAssembly and of its JavaScript */
export function bind(name, profile, optimization) {
  const file = name.replaceAll('-', '_');
  const folder = path.join(target, 'web', profile, name);
  const compiled = path.join(target, 'wasm32-unknown-unknown', profile, `${file}.wasm`);
  run(pinned('wasm-bindgen'), ['--target', 'web', '--no-typescript', '--out-dir', folder, '--out-name', 'app', compiled]);
  const wasm = path.join(folder, 'app_bg.wasm');
  run(process.execPath, [wasmOpt(), optimization, '--strip-debug', '--strip-producers', '--strip-target-features', ...WASM_FEATURES, wasm, '-o', wasm]);
  return { wasm, glue: path.join(folder, 'app.js') };
}

/** That of the npm package's build. */
function wasmOpt() {
  const require = createRequire(path.join(root, 'js', 'package.json'));
  return path.join(path.dirname(require.resolve('binaryen/package.json')), 'bin', 'wasm-opt');
}

function run(command, parameters) {
  const { status, error } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${path.basename(command)} ended with status ${status}`);
}
