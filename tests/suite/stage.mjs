// What every host needs around it: the test servers, and a web server for the pages. It all ends with `clear()`.

import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { Program } from './program.mjs';

const here = import.meta.dirname;
const root = path.resolve(here, '..', '..');

/** Where cargo puts what it builds. */
export const TARGET = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');

/** What all files of the suite stand on. */
const GROUND = ['harness', 'peer'];

/** The files of the suite, in the order in which they run. */
const FILES = [
  'constructor', 'url', 'protocols', 'ready-state', 'send', 'binary-type', 'buffered-amount', 'close',
  'closing', 'events', 'listeners', 'interface', 'close-event', 'handshake', 'cookies', 'frames', 'secure', 'hostile',
  'differences',
];

/** Some that no WebSocket may connect to and that anybody may listen on. */
const BAD_PORTS = [10080, 6697, 6669, 6566, 5061];

/** Servers that are running, and what is to be told to the suite about them. */
export class Stage {
  /** A folder for files of this run. */
  folder;
  #files;
  #programs = [];
  #web;
  #configuration;

  /** Sets it for these files of the suite. */
  static async set(files = FILES) {
    const stage = new Stage();
    stage.#files = [...GROUND, ...files];
    try {
      stage.folder = await mkdtemp(path.join(os.tmpdir(), 'isosocket-suite-'));
      await stage.#start();
      return stage;
    } catch (error) {
      await stage.clear();
      throw error;
    }
  }

  async clear() {
    this.#web?.closeAllConnections();
    this.#web?.close();
    for (const program of this.#programs) await program.stop();
    if (this.folder) await rm(this.folder, { recursive: true });
  }

  /** The certificate of the authority that the secure server shows a certificate of. */
  get authority() {
    return path.join(this.folder, 'authority.pem');
  }

  /** The page in which browsers run the suite; other hosts are told that they are there. */
  get page() {
    return this.#configuration.page;
  }

  /** The scripts, in order; the first of them tells the suite where it is. */
  async scripts(host) {
    const configuration = `globalThis.SUITE = ${JSON.stringify({ host, ...this.#configuration })};\n`;
    const files = this.#files.map(async (name) => ({ name, source: await readFile(path.join(here, `${name}.js`), 'utf8') }));
    return [{ name: 'configuration', source: configuration }, ...await Promise.all(files)];
  }

  async #start() {
    const server = await this.#listen('--addr', '127.0.0.1:0');
    const secure = await this.#listen('--addr', '127.0.0.1:0', '--authority', this.authority);
    const bad = await this.#listenOnBadPort();
    this.#web = http.createServer((request, response) => this.#serve(request, response));
    this.#web.listen(0, '127.0.0.1');
    await once(this.#web, 'listening');
    this.#configuration = {
      server,
      secure: secure.replace('127.0.0.1', 'localhost'),
      bad,
      refused: await refusedAddress(),
      page: `http://127.0.0.1:${this.#web.address().port}/`,
    };
  }

  /** Starts a test server; gives the address it listens on. */
  async #listen(...parameters) {
    const program = new Program(path.join(TARGET, 'quick', 'ws-test-server'), parameters);
    this.#programs.push(program);
    const line = await program.line((text) => text.startsWith('listening on '));
    return line.slice('listening on '.length);
  }

  async #listenOnBadPort() {
    for (const port of BAD_PORTS) {
      if (await isFree(port)) return this.#listen('--addr', `127.0.0.1:${port}`);
    }
    throw new Error(`all of the ports ${BAD_PORTS.join(', ')} are in use`);
  }

  /** A page with all scripts, which runs nothing by itself. Its headers let it have shared memory. */
  async #serve(request, response) {
    if (request.url !== '/') {
      response.writeHead(404).end();
      return;
    }
    const scripts = await this.scripts('page');
    response.setHeader('Content-Type', 'text/html');
    response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
    response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
    const elements = scripts.map(({ source }) => `<script>${source.replaceAll('</script', '<\\/script')}</script>`);
    response.end(`<!doctype html><meta charset="utf-8"><title>The suite</title>\n${elements.join('\n')}`);
  }
}

async function isFree(port) {
  const server = net.createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** An address on which nobody listens. */
async function refusedAddress() {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return `ws://127.0.0.1:${port}`;
}
