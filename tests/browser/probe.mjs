// The program of probe/, built, and pages that it runs in.

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

import { pinned } from '../../scripts/wasm-tools.mjs';

const root = path.resolve(import.meta.dirname, '..', '..');
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
const folder = path.join(target, 'probe');
const TARGET = 'wasm32-unknown-unknown';

const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** Compiles the program. */
function build() {
  run('cargo', ['build', '--quiet', '--locked', '--profile', 'quick', '--target', TARGET, '-p', 'isosocket-probe']);
  const compiled = path.join(target, TARGET, 'quick', 'isosocket_probe.wasm');
  run(pinned('wasm-bindgen'), ['--target', 'web', '--no-typescript', '--out-dir', folder, compiled]);
}

/**
 * Builds the program and serves it, and empty pages: `/?csp=POLICY` is under that policy.
 *
 * @returns the address, and `stop()`
 */
export async function serveProbe() {
  build();
  const server = http.createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://127.0.0.1');
    if (pathname === '/') {
      const policy = searchParams.get('csp');
      if (policy) response.setHeader('Content-Security-Policy', policy);
      response.setHeader('Content-Type', 'text/html').end('<!doctype html><link rel="icon" href="data:,"><title>probe</title>');
      return;
    }
    const file = path.join(folder, path.basename(pathname));
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    // Pages of another origin, a secure one, load it, too.
    response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)], 'Access-Control-Allow-Origin': '*' });
    response.end(await readFile(file));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}`, stop };
}

/** Loads the program into a page. `made` are the sockets the program makes. */
const program = (address) => `
  const probe = window.probe = { made: [] };
  for (const name of ['WebSocket', 'WebSocketStream']) {
    if (!(name in globalThis)) continue;
    globalThis[name] = class extends globalThis[name] {
      constructor(...parameters) {
        super(...parameters);
        probe.made.push(new WeakRef(this));
      }
    };
  }
  probe.ready = import('${address}/isosocket_probe.js').then(async (module) => {
    probe.wasm = await module.default();
    probe.module = module;
  }).catch(String);
`;

/** Runs it as the page's own; a driver's scripts are not in the same world in every browser. */
const LOAD = `
  const [text, done] = arguments;
  const script = document.createElement('script');
  script.textContent = text;
  document.head.append(script);
  window.probe.ready.then(done);
`;

/** The program in a page. */
export class Probe {
  #driver;
  #console;

  /** Opens a page, and runs the program of this address in it. What pages before it have caused is no concern of its own. */
  static async load(driver, console, page, address) {
    await driver.manage().setTimeouts({ script: 60_000 });
    await driver.get(page);
    await console.complaints();
    const error = await driver.executeAsyncScript(LOAD, program(address));
    if (error) throw new Error(`the program could not be loaded: ${error}`);
    const probe = new Probe();
    probe.#driver = driver;
    probe.#console = console;
    return probe;
  }

  /** Calls one of the program's functions. */
  async call(name, ...parameters) {
    const { value, error } = await this.#driver.executeAsyncScript(`
      const [name, parameters, done] = arguments;
      window.probe.module[name](...parameters).then((value) => done({ value }), (error) => done({ error: String(error) }));
    `, name, parameters);
    if (error) throw new Error(`${name}: ${error}`);
    return value;
  }

  /** The errors and warnings on the console, the browser's own among them, when everything that was due has run. */
  async complaints() {
    await this.#driver.executeAsyncScript('setTimeout(arguments[0], 100, 0);');
    return this.#console.complaints();
  }

  /** The sizes of what may leak: the program's memory in bytes, and the places of its table of JavaScript values. */
  sizes() {
    return this.#driver.executeScript(`
      const { memory, __wbindgen_externrefs: table } = window.probe.wasm;
      return { memory: memory.buffer.byteLength, table: table.length, made: window.probe.made.length };
    `);
  }

  /** How many of the sockets that were made are still held by something, when garbage has been collected. */
  held() {
    return this.#driver.executeAsyncScript(`
      const done = arguments[0];
      const collect = globalThis.gc ? () => gc({ execution: 'async' }) : () => TestUtils.gc();
      const held = () => window.probe.made.filter((socket) => socket.deref()).length;
      // What a WeakRef has shown is kept until the task ends, and what one collection frees may let go of more.
      const work = async (rounds) => {
        await collect();
        setTimeout(() => (held() === 0 || rounds === 1 ? done(held()) : work(rounds - 1)));
      };
      work(10);
    `);
  }
}

function run(command, parameters) {
  const { status, error } = spawnSync(command, parameters, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ended with status ${status}`);
}
