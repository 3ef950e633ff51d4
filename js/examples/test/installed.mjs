// The package as its users get it: packed, and unpacked where the examples look for it.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const examples = path.dirname(import.meta.dirname);
const js = path.dirname(examples);
const installed = path.join(examples, 'node_modules', 'isosocket');

/** What `npm test` tells its children about this folder must not reach an npm that works in another one. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));

/** Installs the built package; npm itself would take the other packages for its own to remove. */
export function install() {
  const folder = mkdtempSync(path.join(tmpdir(), 'isosocket-'));
  try {
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: js, env, encoding: 'utf8' });
    const [{ filename }] = JSON.parse(packed);
    rmSync(installed, { recursive: true, force: true });
    mkdirSync(installed, { recursive: true });
    execFileSync('tar', ['-xzf', path.join(folder, filename), '--strip-components=1', '-C', installed]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The version of a package that is installed here. */
export function versionOf(name) {
  return JSON.parse(readFileSync(path.join(examples, 'node_modules', name, 'package.json'), 'utf8')).version;
}

/** The JavaScript file behind a command that a package brings. */
export function commandOf(name, command = name) {
  const { bin } = JSON.parse(readFileSync(path.join(examples, 'node_modules', name, 'package.json'), 'utf8'));
  return path.join(examples, 'node_modules', name, typeof bin === 'string' ? bin : bin[command]);
}
