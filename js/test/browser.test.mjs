// The built package in Chromium: `isosocket`, which is the browser's own WebSocket there, and `isosocket/wasm`.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Builder } from 'selenium-webdriver';
import chrome from 'selenium-webdriver/chrome.js';
import { WebSocketServer } from 'ws';

import { LIMIT } from './peer.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const CHROMEDRIVER = process.env.CHROMEDRIVER ?? '/usr/bin/chromedriver';
const FLAGS = [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
];

const root = path.dirname(import.meta.dirname);
const { exports } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const imports = Object.fromEntries(['.', './wasm'].map((name) => {
  const target = exports[name].browser ?? exports[name].default;
  return [path.posix.join('isosocket', name), target.slice(1)];
}));
const PAGE = `<!doctype html><meta charset="utf-8"><title>isosocket</title>
<script type="importmap">${JSON.stringify({ imports })}</script>`;
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

let server;
let driver;

before(async () => {
  server = http.createServer(async (request, response) => {
    if (request.url === '/') {
      response.setHeader('Content-Type', 'text/html').end(PAGE);
      return;
    }
    try {
      const bytes = await readFile(path.join(root, path.posix.normalize(request.url)));
      response.setHeader('Content-Type', TYPES[path.extname(request.url)] ?? 'text/plain').end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered].at(-1) });
  sockets.on('connection', (peer, { url }) => {
    if (url === '/close') peer.close(4321, 'goodbye');
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const options = new chrome.Options().setChromeBinaryPath(CHROMIUM).addArguments(...FLAGS);
  const service = new chrome.ServiceBuilder(CHROMEDRIVER);
  driver = await new Builder().forBrowser('chrome').setChromeOptions(options).setChromeService(service).build();
  await driver.manage().setTimeouts({ script: LIMIT });
  await driver.get(`http://127.0.0.1:${server.address().port}/`);
});

after(async () => {
  await driver?.quit();
  server.closeAllConnections();
  server.close();
});

/** Runs an async function in the page, with the module's exports as its argument, and gives what it returns. */
async function inPage(name, program) {
  const [error, result] = await driver.executeAsyncScript(`
    const done = arguments[arguments.length - 1];
    (async () => {
      const module = await import('${name}');
      await module.init?.();
      return (${program})(module);
    })().then((result) => done([null, result]), (error) => done([String(error?.stack ?? error)]));
  `);
  assert.equal(error, null);
  return result;
}

test("isosocket is the browser's own", async () => {
  assert.ok(await inPage('isosocket', (module) => module.WebSocket === WebSocket && module.CloseEvent === CloseEvent));
});

test('isosocket/wasm says what is missing before init()', async () => {
  const message = await driver.executeAsyncScript(`
    const done = arguments[0];
    import('isosocket/wasm').then(({ WebSocket }) => new WebSocket('/')).catch((error) => done(error.message));
  `);
  assert.match(message, /init\(\)/);
});

test('isosocket/wasm is another class of the same shape', async () => {
  const [own, shape, host] = await inPage('isosocket/wasm', (module) => {
    const describeShape = (object) => Object.entries(Object.getOwnPropertyDescriptors(object))
      .filter(([name]) => !['constructor', 'prototype', 'name', 'length'].includes(name))
      .map(([name, { value, get, set, enumerable, writable, configurable }]) => [
        name, typeof value === 'function' ? value.length : value, typeof get, typeof set, enumerable, writable, configurable,
      ].join()).sort();
    const describeClass = (Class) => [Class.name, Class.length, ...describeShape(Class), ...describeShape(Class.prototype)];
    return [module.WebSocket !== WebSocket, describeClass(module.WebSocket), describeClass(WebSocket)];
  });
  assert.ok(own);
  assert.deepEqual(shape, host);
});

for (const name of ['isosocket', 'isosocket/wasm']) {
  describe(name, () => {
    test('echoes text, bytes and Blobs, 1 MiB of them too', async () => {
      const log = await inPage(name, async ({ WebSocket }) => {
        const socket = new WebSocket('/', 'echo');
        const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
        const opened = await next('open');
        const log = [opened.type, socket.url === `ws://${location.host}/`, socket.protocol, socket.readyState];
        const echo = async (data) => {
          const received = next('message');
          socket.send(data);
          return (await received).data;
        };
        log.push(await echo('\u20ac\ud800'));
        const blob = await echo(new Blob(['blob']));
        log.push(blob instanceof Blob, await blob.text());
        socket.binaryType = 'arraybuffer';
        const bytes = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 31);
        const echoed = new Uint8Array(await echo(bytes));
        log.push(echoed.length, echoed.every((byte, index) => byte === bytes[index]));
        log.push((await echo(new DataView(bytes.buffer, 1, 3))).byteLength, (await echo('x'.repeat(1 << 20))).length);
        const closed = next('close');
        socket.close(3000, 'done');
        log.push(socket.readyState);
        const { code, reason, wasClean } = await closed;
        return [...log, code, reason, wasClean, socket.readyState];
      });
      assert.deepEqual(log, [
        'open', true, 'echo', 1, '\u20ac\ufffd', true, 'blob', 1 << 20, true, 3, 1 << 20, 2, 3000, 'done', true, 3,
      ]);
    });

    test('tells how the peer has closed', async () => {
      const closed = await inPage(name, ({ WebSocket, CloseEvent }) => new Promise((resolve) => {
        const socket = new WebSocket('/close');
        socket.onclose = (event) => resolve([event instanceof CloseEvent, event.code, event.reason, event.wasClean]);
      }));
      assert.deepEqual(closed, [true, 4321, 'goodbye', true]);
    });

    test('a connection that fails is error, then close 1006', async () => {
      const log = await inPage(name, ({ WebSocket }) => new Promise((resolve) => {
        const socket = new WebSocket('ws://127.0.0.1:1');
        const log = [];
        socket.onerror = (event) => log.push(event.type, event.constructor === Event, socket.readyState);
        socket.onclose = (event) => resolve([...log, event.code, event.wasClean]);
      }));
      assert.deepEqual(log, ['error', true, 3, 1006, false]);
    });

    test('misuse is a DOMException', async () => {
      const names = await inPage(name, ({ WebSocket }) => {
        const socket = new WebSocket('/');
        const steps = [
          () => new WebSocket('ftp://h'), () => new WebSocket('/#a'), () => new WebSocket('/', ['a', 'a']),
          () => new WebSocket('/', 'a b'), () => socket.send(''), () => socket.close(999), () => socket.close(1000, 'x'.repeat(124)),
        ];
        const names = steps.map((step) => {
          try {
            step();
            return 'nothing';
          } catch (error) {
            return error instanceof DOMException ? error.name : String(error);
          }
        });
        socket.close();
        return names;
      });
      assert.deepEqual(names, [
        'SyntaxError', 'SyntaxError', 'SyntaxError', 'SyntaxError', 'InvalidStateError', 'InvalidAccessError', 'SyntaxError',
      ]);
    });
  });
}
