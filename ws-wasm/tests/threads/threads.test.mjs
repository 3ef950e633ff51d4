// A program with threads in Chromium and Firefox: sockets in an atomics build, and a handle that workers share.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { BROWSERS } from '../../../tests/browser/browsers.mjs';

const LIMIT = 60_000;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

/** A server with one behaviour a path. */
const peer = process.env.ISOSOCKET_TEST_SERVER;
/** Where the program was built to. */
const folder = process.env.ISOSOCKET_THREADS;

let server;
let page;

before(async () => {
  assert.ok(peer && folder, 'ISOSOCKET_TEST_SERVER or ISOSOCKET_THREADS is not set: run `make test-threads`');
  server = http.createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  page = `http://127.0.0.1:${server.address().port}/index.html`;
});

after(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Its headers let the page have shared memory. */
async function serve(request, response) {
  const name = path.basename(request.url);
  try {
    const content = await readFile(path.join(folder, name));
    response.writeHead(200, {
      'Content-Type': TYPES[path.extname(name)] ?? 'application/octet-stream',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}

for (const [browser, open] of Object.entries(BROWSERS)) {
  describe(browser, () => {
    let driver;

    before(async () => {
      driver = await open();
      await driver.manage().setTimeouts({ script: LIMIT });
    });

    after(() => driver?.quit());

    // Each test has a page of its own, and with it a memory of its own.
    beforeEach(async () => {
      await driver.get('about:blank');
      await driver.get(page);
      await driver.wait(() => driver.executeScript('return globalThis.isReady === true'), LIMIT, 'the page is ready');
    });

    /** The value of an expression in the page, awaited. */
    async function evaluate(expression) {
      const script = `
        const done = arguments[arguments.length - 1];
        (async () => ${expression})().then((value) => done({ value }), (error) => done({ error: String(error) }));`;
      const { value, error } = await driver.executeAsyncScript(script);
      assert.equal(error, undefined);
      return value;
    }

    test('the memory is shared', async () => {
      assert.equal(await evaluate('isShared()'), true);
    });

    for (const thread of ['onPage(', 'onWorker(0, ']) {
      const where = thread.startsWith('onPage') ? 'the page' : 'a worker';

      test(`a socket of ${where} sends and receives text, bytes and blobs`, async () => {
        await evaluate(`${thread}'events', '${peer}/echo', new Blob(['from the page']))`);
      });

      test(`a stream of ${where} sends and receives text and bytes`, async () => {
        await evaluate(`${thread}'stream', '${peer}/echo')`);
      });
    }

    test('a worker uses a connection of the page', async () => {
      await evaluate(`onPage('share', '${peer}/echo')`);
      assert.equal(await evaluate(`onWorker(0, 'opened')`), 1);
      await evaluate(`onWorker(0, 'converse', 1000)`);
    });

    test('the page uses a connection of a worker', async () => {
      await evaluate(`onWorker(0, 'share', '${peer}/echo')`);
      assert.equal(await evaluate(`onPage('opened')`), 1);
      await evaluate(`onPage('converse', 1000)`);
    });

    test('one worker uses a connection of another', async () => {
      await evaluate(`onWorker(0, 'share', '${peer}/echo')`);
      await evaluate(`onWorker(1, 'converse', 1000)`);
    });

    test('all threads send and receive at the same time, and each message comes once', async () => {
      await evaluate(`onPage('share', '${peer}/echo')`);
      const received = await evaluate(`Promise.all([
        onPage('send', 0, 5000), onWorker(0, 'send', 5000, 5000), onWorker(1, 'send', 10000, 5000),
        onPage('receive', 5000), onWorker(0, 'receive', 5000), onWorker(1, 'receive', 5000),
      ]).then((results) => results.slice(3).flatMap((numbers) => Array.from(numbers)))`);
      received.sort((a, b) => a - b);
      assert.deepEqual(received, Array.from({ length: 15_000 }, (_, index) => index));
    });

    test('a worker closes a connection of the page, and both hear of it', async () => {
      await evaluate(`onPage('share', '${peer}/echo')`);
      await evaluate(`onWorker(0, 'opened')`);
      await evaluate(`onWorker(0, 'close', 4321)`);
      assert.deepEqual(await evaluate(`Promise.all([onPage('closed'), onWorker(0, 'closed')])`), [4321, 4321]);
    });
  });
}
