// Builds the programs of this folder as what is shipped to browsers.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';

const here = import.meta.dirname;
export const root = path.resolve(here, '..', '..');
/** Where cargo builds. */
export const target = path.join(path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target'), 'benches-web');

/** What rustc lets WebAssembly use by default. */
const WASM_FEATURES = [
  '--enable-bulk-memory',
  '--enable-multivalue',
  '--enable-mutable-globals',
  '--enable-nontrapping-float-to-int',
  '--enable-reference-types',
  '--enable-sign-ext',
];

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
  run(tool('wasm-bindgen'), ['--target', 'web', '--no-typescript', '--out-dir', folder, '--out-name', 'app', compiled]);
  const wasm = path.join(folder, 'app_bg.wasm');
  run(process.execPath, [wasmOpt(), optimization, '--strip-debug', '--strip-producers', '--strip-target-features', ...WASM_FEATURES, wasm, '-o', wasm]);
  return { wasm, glue: path.join(folder, 'app.js') };
}

/** A pinned tool from the project's folder of tools, else from the PATH. */
function tool(name) {
  const cache = process.env.XDG_CACHE_HOME || path.join(homedir(), '.cache');
  const pinned = path.join(process.env.ISOSOCKET_TOOLS || path.join(cache, 'isosocket'), 'bin', name);
  return existsSync(pinned) ? pinned : name;
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
