// The build of the package, of a copy of what it is made of.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';

const js = path.dirname(import.meta.dirname);
const WASM = ['isosocket_browser.js', 'isosocket_browser_bg.wasm', 'isosocket_engine.js', 'isosocket_engine_bg.wasm'];

let root;
let copy;
let dist;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'isosocket-build-'));
  copy = path.join(root, 'js');
  dist = path.join(copy, 'dist');
  for (const name of ['build.mjs', 'checksum-tables.mjs', 'panics.mjs', 'package.json', 'README.md', 'src', 'types']) {
    cpSync(path.join(js, name), path.join(copy, name), { recursive: true });
  }
  for (const name of ['scripts', 'LICENSE-APACHE', 'LICENSE-MIT']) {
    cpSync(path.join(js, '..', name), path.join(root, name), { recursive: true });
  }
  symlinkSync(path.join(js, 'node_modules'), path.join(copy, 'node_modules'));
});

afterEach(() => rmSync(root, { recursive: true }));

const put = (file, text) => {
  mkdirSync(path.dirname(path.join(dist, file)), { recursive: true });
  writeFileSync(path.join(dist, file), text);
};

/** Runs a command of the copy; npm is not to know of the one that runs the tests. */
function runIn(folder, command, parameters, environment = {}) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
  return spawnSync(command, parameters, { cwd: folder, env: { ...env, ...environment }, encoding: 'utf8' });
}

test('what lies in dist/ from before is not in the package', () => {
  for (const name of WASM) put(`wasm/${name}`, name);
  for (const stale of ['old.js', 'host/old.js', 'old/old.js', 'wasm/old_bg.wasm', 'wasm/old/old.js', 'index.js']) put(stale, 'old');
  const { status, stderr } = runIn(copy, process.execPath, ['build.mjs', '--sources']);
  assert.equal(status, 0, stderr);
  const sources = readdirSync(path.join(js, 'src'), { recursive: true });
  assert.deepEqual(
    readdirSync(dist, { recursive: true }).sort(),
    [...sources, 'LICENSE-APACHE', 'LICENSE-MIT', 'wasm', ...WASM.map((name) => path.join('wasm', name))].sort(),
  );
  assert.deepEqual(readFileSync(path.join(dist, 'index.js')), readFileSync(path.join(js, 'src', 'index.js')));
  for (const name of WASM) assert.equal(readFileSync(path.join(dist, 'wasm', name), 'utf8'), name);
});

test('nothing is packed without having been built: where Rust fails, so does npm', () => {
  for (const name of WASM) put(`wasm/${name}`, name);
  const tools = path.join(root, 'tools');
  mkdirSync(tools);
  writeFileSync(path.join(tools, 'cargo'), `#!/bin/sh\necho "$@" >> '${path.join(root, 'calls')}'\nexit 7\n`);
  chmodSync(path.join(tools, 'cargo'), 0o755);
  const { status, stderr } = runIn(copy, 'npm', ['pack'], { PATH: `${tools}${path.delimiter}${process.env.PATH}` });
  assert.notEqual(status, 0);
  assert.match(stderr, /cargo ended with status 7/);
  assert.match(readFileSync(path.join(root, 'calls'), 'utf8'), /^rustc .*-p isosocket-engine -- -C link-arg=--export=__stack_pointer\n$/);
  assert.deepEqual(readdirSync(copy).filter((name) => name.endsWith('.tgz')), []);
  assert.ok(existsSync(path.join(dist, 'wasm', 'isosocket_engine_bg.wasm')));
});
