// The package as its users get it.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
let tarball;

before(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'isosocket-'));
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder));
  files = packed.files.map((file) => file.path).sort();
  tarball = path.join(folder, packed.filename);
  const program = path.join(folder, 'program');
  mkdirSync(program);
  writeFileSync(path.join(program, 'package.json'), '{"name": "program", "private": true}');
  npm(program, 'install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', tarball);
});

after(() => rmSync(folder, { recursive: true }));

test('has what it needs and nothing else', () => {
  const sources = readdirSync(path.join(root, 'src'), { recursive: true }).filter((file) => file.endsWith('.js'));
  assert.deepEqual(files, [
    'README.md', 'dist/LICENSE-APACHE', 'dist/LICENSE-MIT',
    'dist/wasm/isosocket_browser.js', 'dist/wasm/isosocket_browser_bg.wasm',
    'dist/wasm/isosocket_engine.js', 'dist/wasm/isosocket_engine_bg.wasm',
    'package.json', 'types/engine.d.ts', 'types/events.d.ts', 'types/index.d.ts', 'types/module.d.ts', 'types/reconnecting.d.ts', 'types/typed.d.ts', 'types/wasm.d.ts',
    ...sources.map((file) => `dist/${file}`),
  ].sort());
});

test('every target of its exports exists; types come first, and the default last', () => {
  const installed = path.join(folder, 'program', 'node_modules', 'isosocket');
  const { exports, dependencies } = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8'));
  assert.equal(dependencies, undefined);
  for (const [name, target] of Object.entries(exports)) {
    const conditions = typeof target === 'string' ? { default: target } : target;
    const names = Object.keys(conditions);
    assert.equal(names.at(-1), 'default', name);
    if (typeof target !== 'string') assert.equal(names[0], 'types', name);
    for (const file of Object.values(conditions)) assert.ok(existsSync(path.join(installed, file)), file);
  }
});

// The conditions that hosts and bundlers set; wrangler, for workerd, sets three.
for (const [host, conditions, main, engine] of [
  ['Node', [], 'node.js', 'node.js'],
  ['Deno', ['deno'], 'deno.js', 'deno.js'],
  ['Bun', ['bun'], 'bun.js', 'bun.js'],
  ['a page', ['browser'], 'index.js', 'node.js'],
  ['a worker', ['worker', 'browser'], 'index.js', 'node.js'],
  ['workerd', ['workerd', 'worker', 'browser'], 'workerd-host.js', 'workerd.js'],
  ['the edge runtime of Next', ['edge-light', 'worker', 'browser'], 'index.js', 'node.js'],
]) {
  test(`what is imported in ${host}`, () => {
    const flags = conditions.map((name) => `--conditions=${name}`);
    const program = `for (const name of ['isosocket', 'isosocket/engine', 'isosocket/wasm']) console.log(import.meta.resolve(name).split('/dist/')[1])`;
    const output = execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', program], { cwd: path.join(folder, 'program'), env, encoding: 'utf8' });
    assert.deepEqual(output.trim().split('\n'), [main, engine, 'wasm.js']);
  });
}

// What is rendered on a server is imported there, with none of what a browser has.
for (const file of ['index.js', 'default.js', 'wasm.js']) {
  test(`dist/${file} can be imported where there is no WebSocket, and does nothing`, async () => {
    const output = await run(`
      const before = Object.getOwnPropertyNames(globalThis).join();
      for (const name of ['Module', 'Instance', 'compile', 'instantiate']) WebAssembly[name] = () => console.log(name);
      globalThis.fetch = () => console.log('fetch');
      const module = await import('${path.join(root, 'dist', file)}');
      console.log(Object.keys(module).sort().join(), Object.getOwnPropertyNames(globalThis).join() === before);
      console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|TLS|MessagePort/.test(name)).length);
    `, { env });
    const names = 'CloseEvent,ReconnectingWebSocket,WebSocket,WebSocketError,WebSocketStream';
    assert.equal(output, `${names}${file === 'wasm.js' ? ',init' : ''} true\n0\n`);
  });
}

test('what a bundler makes that was not told of Node says in Node what is missing', async () => {
  const output = await run(`
    delete globalThis.WebSocket;
    const module = await import('${path.join(root, 'dist', 'default.js')}');
    for (const name of ['WebSocket', 'WebSocketStream', 'ReconnectingWebSocket']) {
      try {
        new module[name]('ws://h');
      } catch ({ message }) {
        console.log(message);
      }
    }
  `, { env });
  const advice = "'isosocket' is to be resolved with the condition of the host, such as 'node', or to be 'isosocket/engine'";
  const messages = ['WebSocket', 'WebSocketStream', 'ReconnectingWebSocket'].map((name) => `this host has no ${name}: ${advice}\n`);
  assert.equal(output, messages.join(''));
});

test('dist/default.js has the classes of the host, where there are some', async () => {
  const output = await run(`
    globalThis.WebSocket = class extends EventTarget {};
    globalThis.WebSocketStream = globalThis.WebSocketError = class {};
    const module = await import('${path.join(root, 'dist', 'default.js')}');
    console.log(module.WebSocket === WebSocket, module.WebSocketStream === WebSocketStream, module.ReconnectingWebSocket.name);
  `, { env });
  assert.equal(output, 'true true ReconnectingWebSocket\n');
});

test('isosocket/wasm says that a host has no WebSocket', async () => {
  const output = await run(`
    delete globalThis.WebSocket;
    const { init, WebSocket } = await import('${path.join(root, 'dist', 'wasm.js')}');
    const { readFileSync } = await import('node:fs');
    await init(readFileSync('${path.join(root, 'dist', 'wasm', 'isosocket_browser_bg.wasm')}'));
    try {
      new WebSocket('ws://h');
    } catch ({ name, message }) {
      console.log(name, message);
    }
  `, { env });
  assert.equal(output, "Error isosocket/wasm: this host has no WebSocket of its own, over which the runtime is one; see 'isosocket/engine'\n");
});

test('dist/index.js can be imported where there are not even events', async () => {
  const output = await run(`
    for (const name of ['Event', 'EventTarget', 'CloseEvent', 'WebSocket', 'DOMException']) delete globalThis[name];
    globalThis.WebSocket = class {};
    const module = await import('${path.join(root, 'dist', 'index.js')}');
    console.log(module.WebSocket === WebSocket, module.ReconnectingWebSocket, module.WebSocketStream);
  `, { env });
  assert.equal(output, 'true undefined undefined\n');
});

test('dist/index.js has a CloseEvent for those that connect again, where the host has none', async () => {
  const output = await run(`
    delete globalThis.CloseEvent;
    globalThis.WebSocket = class extends EventTarget { close() {} };
    const { ReconnectingWebSocket } = await import('${path.join(root, 'dist', 'index.js')}');
    const socket = new ReconnectingWebSocket(() => Promise.reject(new Error('no')), [], { maxRetries: 0 });
    socket.onclose = ({ code, constructor }) => console.log(constructor.name, code, socket.readyState);
  `, { env });
  assert.equal(output, 'CloseEvent 1006 3\n');
});

test('attw finds nothing wrong with its types', () => {
  // It is a package of ES modules only.
  tool('@arethetypeswrong/cli', 'attw', tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-emoji');
});

test('publint finds nothing wrong with it', () => tool('publint', 'publint', tarball, '--strict'));

/** Runs a tool that is a devDependency. */
function tool(name, command, ...parameters) {
  const folder = path.join(root, 'node_modules', name);
  const { bin } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const file = path.join(folder, typeof bin === 'string' ? bin : bin[command]);
  const { status, stdout } = spawnSync(process.execPath, [file, ...parameters], { env, encoding: 'utf8' });
  assert.equal(status, 0, stdout);
}

describe('installed', () => {
  test('all of it can be required', () => {
    const file = path.join(folder, 'program', 'required.cjs');
    const names = ['isosocket', 'isosocket/engine', 'isosocket/wasm', 'isosocket/typed'];
    writeFileSync(file, `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(require(name)).length > 0);`);
    const output = execFileSync(process.execPath, [file], { env, encoding: 'utf8' });
    assert.equal(output, names.map((name) => `${name} true\n`).join(''));
  });

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
