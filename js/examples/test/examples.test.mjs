// Every example is built as its users would, and its page runs in Chromium and Firefox.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { build } from 'esbuild';
import { createServer } from 'vite';
import { WebSocketServer } from 'ws';

import { BROWSERS } from '../../../tests/browser/browsers.mjs';
import { serveSite } from '../../test/site.mjs';
import { commandOf, examples, install, versionOf } from './installed.mjs';
import { run, runCommand, start } from './programs.mjs';

const LIMIT = 20_000;
const ECHOED = 'h\u00e9llo 1,2,255';
const SHOWN = `isosocket: ${ECHOED}\nisosocket/wasm: ${ECHOED}`;

const at = (...names) => path.join(examples, ...names);
const site = (folder) => serveSite({ folders: { '/': folder } });

/** What builds each example, and serves it. */
const EXAMPLES = {
  'no bundler': {
    serve: async () => {
      const { address, stop } = await site(examples);
      return { address: `${address}/plain/index.html`, stop };
    },
  },
  'vite (dev)': { packages: ['vite'], serve: serveVite },
  'vite (build)': { packages: ['vite'], command: [commandOf('vite'), 'build', 'vite', '--logLevel', 'warn'], serve: () => page(at('vite', 'dist')) },
  webpack: { packages: ['webpack'], command: [commandOf('webpack-cli'), '--config', 'webpack/webpack.config.js'], serve: () => page(at('webpack')) },
  esbuild: { packages: ['esbuild'], command: ['esbuild/build.js'], serve: () => page(at('esbuild')) },
  rollup: { packages: ['rollup'], command: [commandOf('rollup'), '--silent', '--config', 'rollup/rollup.config.js'], serve: () => page(at('rollup')) },
  next: { packages: ['next', 'react'], command: [commandOf('next'), 'build', 'next'], serve: () => start(commandOf('next'), 'start', 'next', '--port', '0') },
};

async function page(folder) {
  const { address, stop } = await site(folder);
  return { address: `${address}/index.html`, stop };
}

async function serveVite() {
  // What it has prepared of this package before may be of another version.
  const server = await createServer({
    root: at('vite'), server: { host: '127.0.0.1', port: 0 }, optimizeDeps: { force: true }, logLevel: 'warn',
  });
  await server.listen();
  return { address: `http://127.0.0.1:${server.httpServer.address().port}/`, stop: () => server.close() };
}

const drivers = {};
let echo;
let echoServer;

before(async () => {
  install();
  echoServer = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  echoServer.on('connection', (peer) => peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary })));
  await once(echoServer, 'listening');
  echo = `ws://127.0.0.1:${echoServer.address().port}`;
  for (const [browser, open] of Object.entries(BROWSERS)) drivers[browser] = await open();
});

after(async () => {
  for (const driver of Object.values(drivers)) await driver.quit();
  echoServer.close();
});

/** What a page shows once it is done. */
async function shownBy(driver, address) {
  await driver.get(`${address}?echo=${encodeURIComponent(echo)}`);
  const text = 'return document.getElementById("result")?.textContent';
  return driver.wait(() => driver.executeScript(text), LIMIT, `${address} shows nothing`);
}

for (const [name, { packages = [], command, serve }] of Object.entries(EXAMPLES)) {
  describe([name, ...packages.map(versionOf)].join(' '), () => {
    let served;

    before(async () => {
      if (command) await run(...command);
      served = await serve();
    });

    after(() => served?.stop());

    for (const browser of Object.keys(BROWSERS)) {
      test(`its page in ${browser}`, async () => assert.equal(await shownBy(drivers[browser], served.address), SHOWN));
    }

    if (name === 'next') {
      test('its route, on the server', async () => {
        const response = await fetch(`${served.address}/server?echo=${encodeURIComponent(echo)}`);
        assert.equal(await response.text(), ECHOED);
      });
    }
  });
}

describe('the program for Node', () => {
  const deno = ['run', '--quiet', '--no-prompt', '--node-modules-dir=manual', '--allow-net', '--allow-read', '--allow-env', '--allow-sys'];
  for (const [host, command, parameters] of [
    ['Node', process.execPath, []],
    ['Deno', hostCommand('deno'), deno],
    ['Bun', hostCommand('bun'), ['run']],
  ]) {
    test(`in ${host}`, async (t) => {
      t.diagnostic((await runCommand(command, '--version')).split('\n')[0]);
      assert.equal(await runCommand(command, ...parameters, 'node/main.js', echo), `${ECHOED}\n`);
    });
  }
});

describe('the program for Node in one file', () => {
  let folder;

  before(() => { folder = mkdtempSync(path.join(tmpdir(), 'isosocket-')); });

  after(() => rmSync(folder, { recursive: true }));

  for (const [format, name] of [['esm', 'single.mjs'], ['cjs', 'single.cjs']]) {
    test(`by esbuild, as ${format}`, async () => {
      const outfile = path.join(folder, name);
      await build({
        entryPoints: [at('node', 'single.js')], outfile, bundle: true, format, platform: 'node', target: 'node20',
        loader: { '.wasm': 'binary' },
        // Of a file beside the module, which is not looked for.
        logOverride: { 'empty-import-meta': 'silent' },
      });
      assert.equal(await run(outfile, echo), `${ECHOED}\n`);
    });
  }
});

test('the program for workerd', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isosocket-'));
  t.after(() => rmSync(folder, { recursive: true }));
  await build({
    entryPoints: [at('workerd', 'worker.js')], outfile: path.join(folder, 'worker.js'), bundle: true, format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
  });
  const configuration = path.join(folder, 'workerd.capnp');
  writeFileSync(configuration, `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (services = [
      (name = "main", worker = .main),
      (name = "internet", network = (allow = ["public", "private", "local"])),
    ]);
    const main :Workerd.Worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      bindings = [(name = "ECHO", text = ${JSON.stringify(echo)})],
      compatibilityDate = "2026-11-01",
    );`);
  assert.equal(await runCommand(hostCommand('workerd'), 'test', configuration), `${ECHOED}\nin a stream 3000\n`);
});

/** A host of the tests in js/test/hosts. */
function hostCommand(name) {
  return path.join(examples, '..', 'test', 'hosts', 'node_modules', '.bin', name);
}
