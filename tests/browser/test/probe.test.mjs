// What a page's Rust program sees of connections that go wrong, and what it leaves behind, in both browsers.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import { BROWSERS } from '../browsers.mjs';
import { Probe, serveProbe } from '../probe.mjs';
import { serveSecurely } from '../secure.mjs';

const peer = process.env.ISOSOCKET_TEST_SERVER;

/** The faces of the program, and what they say of a connection that was never there. */
const FACES = {
  events: ['error', 'close 1006 "" unclean'],
  stream: ['not opened: the connection was closed with 1006', 'not closed cleanly: the connection was closed with 1006'],
};

/** What is thrown is typed. */
const FORBIDDEN = /^Some\("SecurityError"\): the page may not make this connection/;

let host;
let secure;

before(async () => {
  assert.ok(peer, 'ISOSOCKET_TEST_SERVER names no server: run this by `npm test`');
  host = await serveProbe();
  secure = await serveSecurely();
});

after(async () => {
  host?.stop();
  await secure?.stop();
});

for (const [browser, open] of Object.entries(BROWSERS)) {
  describe(browser, () => {
    let driver;

    before(async () => {
      driver = await open({ insecure: true });
    });

    after(() => driver?.quit());

    /** A page that is new, and so without complaints. */
    const load = (page = host.address) => Probe.load(driver, page, host.address);

    for (const [face, absent] of Object.entries(FACES)) {
      test(`a closed port: ${face}`, async () => {
        const probe = await load();
        assert.deepEqual(await probe.call(face, `ws://127.0.0.1:${await closedPort()}/`), absent);
        assert.deepEqual(await probe.complaints(), []);
      });

      // The standard fails the connection; Firefox throws.
      test(`a page whose policy allows no connection: ${face}`, async () => {
        const probe = await load(`${host.address}/?csp=${encodeURIComponent("connect-src 'self'")}`);
        const seen = await probe.call(face, `${peer}/echo`);
        if (browser === 'Firefox') assert.match(seen.join('\n'), FORBIDDEN);
        else assert.deepEqual(seen, absent);
        assert.deepEqual(await probe.complaints(), []);
      });

      // The standard fails the connection; both throw.
      test(`an insecure connection from a secure page: ${face}`, async () => {
        const probe = await load(`${secure.address}/page`);
        // Not of this machine, which counts as secure; the browser must not even look for it.
        assert.match((await probe.call(face, 'ws://isosocket.invalid/')).join('\n'), FORBIDDEN);
        assert.deepEqual(await probe.complaints(), []);
      });

      test(`a connection that is reset in the middle of a message: ${face}`, async () => {
        const probe = await load();
        const server = await resettingServer();
        const seen = await probe.call(face, server.address);
        server.stop();
        // Chromium does not count it as a failure: it fires no error.
        assert.deepEqual(seen.filter((words) => words !== 'error'), face === 'events'
          ? ['open', 'message whole', absent[1]]
          : ['open', 'message whole', 'error: the connection was closed with 1006', absent[1]]);
        assert.deepEqual(await probe.complaints(), []);
      });

      test(`a server that breaks the protocol: ${face}`, async () => {
        const probe = await load();
        const seen = await probe.call(face, `${peer}/frames?hex=8301ff`);
        // Whether it was open first is a matter of what came with the server's answer.
        assert.deepEqual(seen.slice(-1), absent.slice(-1));
        assert.deepEqual(await probe.complaints(), []);
      });
    }

    test('send in each state', async () => {
      const probe = await load();
      assert.deepEqual(await probe.call('send_in_each_state', `${peer}/echo`), [
        'Connecting: Some("InvalidStateError"): the socket is still connecting: send after its open event',
        'Open: sent',
        'Closing: None: the socket is closing: the message was discarded',
        'Closed: None: the socket is closed: the message was discarded',
      ]);
      assert.deepEqual(await probe.complaints(), []);
    });

    test('a panic in a handler leaves the socket and the other handlers as they were', async () => {
      const probe = await load();
      assert.deepEqual(await probe.call('panic_in_a_handler', `${peer}/echo`), [
        'message one', 'message two', 'close 3000 "" clean',
      ]);
      const complaints = await probe.complaints();
      assert.equal(complaints.length, 1, complaints.join('\n'));
      assert.match(complaints[0], /^uncaught: .*unreachable/i);
    });

    test('connections and messages leave nothing behind', async () => {
      const probe = await load();
      const measure = async () => {
        assert.equal(await probe.call('churn', `${peer}/echo`, 500), 1000);
        assert.equal(await probe.call('chatter', `${peer}/echo`, 500), 100_000);
        return probe.sizes();
      };
      // The first time everything gets as large as it has to be.
      assert.equal(await probe.call('churn', `${peer}/echo`, 10), 20);
      assert.equal(await probe.call('chatter', `${peer}/echo`, 10), 2_000);
      const before = await probe.sizes();
      const after = await measure();
      assert.equal(after.made - before.made, 1002);
      assert.deepEqual([after.memory, after.table], [before.memory, before.table]);
      // The newest may stay for a while; what leaks leaks each time.
      assert.ok(await probe.held() < 10);
      assert.deepEqual(await probe.complaints(), []);
    });
  });
}

/** A port of this machine that nobody listens on. */
async function closedPort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** A server that sends a message and a half, and resets the connection. */
async function resettingServer() {
  const server = http.createServer();
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.write(Buffer.from('\x81\x05whole\x81\x05ha', 'latin1'));
    // What has been sent must have been read before, or the reset would take it away.
    setTimeout(() => socket.resetAndDestroy(), 300);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `ws://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}
