// The package as its users get it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { WebSocketServer } from 'ws';

import { run } from './peer.mjs';

const root = path.dirname(import.meta.dirname);
/** What `npm test` tells its children about this folder must not reach an npm that works in another one. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')));
const npm = (cwd, ...parameters) => execFileSync('npm', parameters, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

let folder;
let files;

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isosocket-'));
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  files = packed.files.map((file) => file.path).sort();
  const program = path.join(folder, 'program');
  mkdirSync(program);
  writeFileSync(path.join(program, 'package.json'), '{"name": "program", "private": true}');
  npm(program, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', path.join(folder, packed.filename));
});

after(() => rmSync(folder, { recursive: true }));

test('has what it needs and nothing else', () => {
  assert.ok(files.every((file) => /^(?:dist|types)\/|^(?:README\.md|package\.json)$/.test(file)), files.join('\n'));
  for (const file of ['dist/index.js', 'dist/node.js', 'dist/wasm.js', 'dist/host/node.js', 'README.md']) assert.ok(files.includes(file), file);
});

test('every target of its exports exists, and types come first', () => {
  const installed = path.join(folder, 'program', 'node_modules', 'isosocket');
  const { exports, dependencies } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  assert.equal(dependencies, undefined);
  for (const target of Object.values(exports)) {
    const conditions = typeof target === 'string' ? { default: target } : target;
    if (typeof target !== 'string') assert.equal(Object.keys(target)[0], 'types');
    for (const file of Object.values(conditions)) assert.ok(existsSync(path.join(installed, file)), file);
  }
});

describe('installed', () => {
  for (const name of ['isosocket', 'isosocket/engine']) {
    test(`${name} echoes`, async (t) => {
      const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
      server.on('connection', (peer) => peer.on('message', (data) => peer.send(String(data))));
      t.after(() => server.close());
      await new Promise((resolve) => server.once('listening', resolve));
      const output = await run(`
        import { CloseEvent, WebSocket } from '${name}';
        const socket = new WebSocket('ws://127.0.0.1:${server.address().port}');
        socket.onopen = () => socket.send('hello');
        socket.onmessage = ({ data }) => { console.log(data); socket.close(1000); };
        socket.onclose = (event) => console.log(event instanceof CloseEvent, event.code);
      `, { cwd: path.join(folder, 'program'), env });
      assert.equal(output, 'hello\ntrue 1000\n');
    });
  }
});
