// init() of isosocket/engine: the module from where the program has it. Each in a process of its own, which has not loaded it yet.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { WebSocketServer } from 'ws';

import { run } from './peer.mjs';

const dist = path.join(path.dirname(import.meta.dirname), 'dist');
const file = path.join(dist, 'wasm', 'isosocket_engine_bg.wasm');

let folder;
let server;
let program;

before(async () => {
  // The package as it is in a bundle: without its files.
  folder = mkdtempSync(path.join(tmpdir(), 'isosocket-'));
  cpSync(dist, folder, { recursive: true, filter: (name) => !name.endsWith('.wasm') });
  server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  server.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
  await new Promise((resolve) => server.on('listening', resolve));
  program = `
    import { readFileSync } from 'node:fs';
    import { init, WebSocket } from ${JSON.stringify(pathToFileURL(path.join(folder, 'node.js')).href)};
    const file = ${JSON.stringify(file)};
    const echo = () => new Promise((resolve) => {
      const socket = new WebSocket('ws://127.0.0.1:${server.address().port}');
      socket.onopen = () => socket.send('hello');
      socket.onmessage = ({ data }) => {
        console.log(data);
        socket.close();
      };
      socket.onclose = resolve;
    });
    const failed = (...parameters) => init(...parameters).then(() => 'loaded', ({ name, message }) => name + ': ' + message);
  `;
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const SOURCES = {
  'a path': 'file',
  'a file URL': "new URL('file://' + file)",
  'the text of a file URL': "'file://' + file",
  'a data URL': "'data:application/wasm;base64,' + readFileSync(file, 'base64')",
  'a Request': "new Request('data:application/wasm;base64,' + readFileSync(file, 'base64'))",
  'a Response': 'new Response(readFileSync(file))',
  'a promise of a Response': 'Promise.resolve(new Response(readFileSync(file)))',
  bytes: 'readFileSync(file)',
  'an ArrayBuffer': 'new Uint8Array(readFileSync(file)).buffer',
  'a Module': 'new WebAssembly.Module(readFileSync(file))',
};

for (const [name, source] of Object.entries(SOURCES)) {
  test(`takes ${name}`, async () => {
    const output = await run(`${program}
      const loading = init(${source});
      console.log(loading === init(1), await loading);
      await echo();
    `);
    assert.equal(output, 'true undefined\nhello\n');
  });
}

test('takes the module beside the package, where it is', async () => {
  const beside = program.replace(pathToFileURL(folder).href, pathToFileURL(dist).href);
  assert.equal(await run(`${beside} await init(); await echo();`), 'hello\n');
});

test('is not needed, nor too late, where the engine is in use', async () => {
  const beside = program.replace(pathToFileURL(folder).href, pathToFileURL(dist).href);
  assert.equal(await run(`${beside} await echo(); await init(file); await echo();`), 'hello\nhello\n');
});

describe('without the module', () => {
  test('the constructor says what to do, and works after it was done', async () => {
    const output = await run(`${program}
      try {
        new WebSocket('ws://127.0.0.1:1');
      } catch ({ message }) {
        console.log(message);
      }
      await init(file);
      await echo();
    `);
    assert.match(output, /^isosocket\/engine: .*ENOENT.* --external:isosocket.* awaits init\(source\) of isosocket\/engine .*\nhello\n$/);
  });

  test('init() says where it has looked, and can be called again', async () => {
    const output = await run(`${program}
      console.log(await failed());
      console.log(await failed('/nowhere.wasm'));
      console.log(await failed(new URL('http://127.0.0.1:${server.address().port}/engine.wasm')));
      console.log(await failed(new Uint8Array([1, 2, 3])));
      console.log(await failed(readFileSync(file.replace('engine', 'browser'))));
      console.log(await failed(file));
      await echo();
    `);
    const lines = output.split('\n');
    assert.match(lines[0], /^Error: isosocket\/engine: .*awaits init\(source\)/);
    assert.match(lines[1], /^Error: isosocket\/engine: .* could not be loaded from \/nowhere\.wasm .*ENOENT/);
    assert.match(lines[2], /^Error: isosocket\/engine: .* could not be loaded from http:.*\/engine\.wasm .*426/);
    assert.match(lines[3], /^Error: isosocket\/engine: .* could not be loaded from what init\(\) was given \(WebAssembly\.compile\(\)/);
    assert.match(lines[4], /^Error: isosocket\/engine: .* could not be loaded from what init\(\) was given /);
    assert.deepEqual(lines.slice(5), ['loaded', 'hello', '']);
  });

  test('init() takes nothing but what a module can come from', async () => {
    const output = await run(`${program}
      for (const source of [null, 1, true, Symbol('s'), {}, () => {}, Promise.resolve(1)]) console.log(await failed(source));
    `);
    const lines = output.trimEnd().split('\n');
    assert.equal(lines.length, 7);
    for (const line of lines) assert.match(line, /^TypeError: isosocket\/engine: init\(\) takes a URL, bytes, a Response or a WebAssembly\.Module, and was given \w+$/);
  });
});
