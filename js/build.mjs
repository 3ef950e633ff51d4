// Builds the package: `node build.mjs`. With `--sources`, only what is written in JavaScript is put in place anew.

import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

import { pinned, WASM_FEATURES } from '../scripts/wasm-tools.mjs';
import { removeChecksumTables } from './checksum-tables.mjs';
import { silencePanics } from './panics.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.dirname(here);
const dist = path.join(here, 'dist');
const wasmFolder = path.join(dist, 'wasm');
const require = createRequire(import.meta.url);

/**
 * The engine is to be fast, the browser runtime small; each has a budget, see test/size.test.mjs. `features` are those of the
 * processor that every host has, beyond what rustc takes for granted. `hostNames` are taken from the host when a module is
 * imported: it would else find what a program puts in their place, such as a class over itself. `exported` is what the linker is to
 * export besides. `prepare` changes the bytes.
 */
const MODULES = [
  {
    crate: 'isosocket-engine',
    profile: 'engine',
    features: ['simd128'],
    // For a trap, which leaves it where it is: see src/mortal-session.js.
    exported: ['__stack_pointer'],
    optimization: '-Os',
    prepare: removeChecksumTables,
  },
  { crate: 'isosocket-browser', profile: 'web', optimization: '-Oz', hostNames: ['WebSocket'] },
];

if (!process.argv.includes('--sources')) {
  mkdirSync(wasmFolder, { recursive: true });
  for (const module of MODULES) buildModule(module);
}
copySources();

function buildModule({ crate, profile, features = [], exported = [], optimization, hostNames = [], prepare = () => {} }) {
  const name = nameOf(crate);
  const environment = { ...process.env, RUSTFLAGS: flagsFor(features) };
  const target = ['--profile', profile, '--target', 'wasm32-unknown-unknown', '-p', crate];
  const linked = exported.flatMap((name) => ['-C', `link-arg=--export=${name}`]);
  run('cargo', ['rustc', '--locked', ...target, '--', ...linked], root, environment);
  const targetFolder = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
  const compiled = path.resolve(root, targetFolder, 'wasm32-unknown-unknown', profile, `${name}.wasm`);
  run(pinned('wasm-bindgen'), ['--target', 'web', '--no-typescript', '--out-dir', wasmFolder, compiled]);
  if (hostNames.length > 0) {
    const glue = path.join(wasmFolder, `${name}.js`);
    writeFileSync(glue, `const { ${hostNames.join(', ')} } = globalThis;\n\n${readFileSync(glue, 'utf8')}`);
  }
  const bound = path.join(wasmFolder, `${name}_bg.wasm`);
  const module = silencePanics(readFileSync(bound));
  prepare(module);
  writeFileSync(bound, module);
  const enabled = [...WASM_FEATURES, ...features.map((feature) => `--enable-${feature.replace('128', '')}`)];
  run(process.execPath, [wasmOpt(), optimization, '--strip-debug', '--strip-producers', ...enabled, bound, '-o', bound]);
  const bytes = readFileSync(bound);
  const gzipped = gzipSync(bytes, { level: 9 }).length;
  console.log(`${name}_bg.wasm: ${bytes.length} bytes, ${gzipped} gzipped`);
}

/** What rustc is told: the features, and to name the sources of other crates as they are named, not where they are here. */
function flagsFor(features) {
  const sources = path.join(process.env.CARGO_HOME ?? path.join(homedir(), '.cargo'), 'registry', 'src');
  const folders = existsSync(sources) ? readdirSync(sources) : [];
  return [
    ...(process.env.RUSTFLAGS ? [process.env.RUSTFLAGS] : []),
    ...features.map((feature) => `-C target-feature=+${feature}`),
    ...folders.map((folder) => `--remap-path-prefix=${path.join(sources, folder)}/=`),
  ].join(' ');
}

/** What the files of a crate's module are named after. */
function nameOf(crate) {
  return crate.replace('-', '_');
}

/** Puts src/ and the licences beside the WebAssembly modules. All that lies there besides goes: it would be in the package. */
function copySources() {
  mkdirSync(wasmFolder, { recursive: true });
  removeAllBut(['wasm'], dist);
  removeAllBut(MODULES.flatMap(({ crate }) => [`${nameOf(crate)}.js`, `${nameOf(crate)}_bg.wasm`]), wasmFolder);
  cpSync(path.join(here, 'src'), dist, { recursive: true });
  for (const licence of ['LICENSE-MIT', 'LICENSE-APACHE']) {
    const text = path.join(root, licence);
    if (existsSync(text)) cpSync(text, path.join(dist, licence));
  }
}

function removeAllBut(kept, folder) {
  for (const entry of readdirSync(folder)) {
    if (!kept.includes(entry)) rmSync(path.join(folder, entry), { recursive: true });
  }
}

function wasmOpt() {
  return path.join(path.dirname(require.resolve('binaryen/package.json')), 'bin', 'wasm-opt');
}

function run(command, parameters, cwd = here, env = process.env) {
  const { status, error } = spawnSync(command, parameters, { cwd, env, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) {
    console.error(`${path.basename(command)} ended with status ${status}`);
    process.exit(1);
  }
}
