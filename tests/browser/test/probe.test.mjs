// What a page's Rust program sees of connections that go wrong, and what it leaves behind, in both browsers.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { after, before, describe, test } from 'node:test';

import { BROWSERS } from '../browsers.mjs';
import { wholeConsole } from '../console.mjs';
import { Probe, serveProbe } from '../probe.mjs';
import { serveSecurely } from '../secure.mjs';

const peer = process.env.ISOSOCKET_TEST_SERVER;

/** The faces of the program, and what they say of a connection that was never there. */
const FACES = {
  events: ['error', 'close 1006 "" unclean'],
  stream: ['not opened: the connection was closed with 1006', 'not closed cleanly: the connection was closed with 1006'],
};

/**
 * What a browser writes to the console itself of connections that come to nothing. Nothing else may be there: nobody has caught
 * an error, a promise was rejected and nobody looked, a closure was called that is gone.
 */
const WRITTEN = {
  Chromium: {
    refused: [/^network .*'ws:\/\/127\.0\.0\.1:\d+\/' failed: .*ERR_CONNECTION_REFUSED$/],
    forbidden: [/^security .*\/echo' violates the following Content Security Policy directive: "connect-src 'self'"/],
    insecure: [/^security .*Mixed Content: .*'ws:\/\/isosocket\.invalid\/'/],
    reset: [],
    broken: [/^network .*\/frames\?hex=8301ff' failed: Unrecognized frame opcode: 3$/],
    late: Array(2).fill(/WebSocket is already in CLOSING or CLOSED state\.$/),
    panicked: [/Uncaught RuntimeError: unreachable$/],
  },
  Firefox: {
    refused: [/^Firefox can.t establish a connection to the server at ws:\/\/127\.0\.0\.1:\d+\/\.$/],
    forbidden: [/^Content-Security-Policy: .*\(connect-src\) at ws:.*\/echo /],
    insecure: [],
    reset: [/^The connection to ws:.* was interrupted /],
    // Whether it was open first is a matter of what came with the server's answer.
    broken: [/^(Firefox can.t establish a|The) connection to .*\/frames\?hex=8301ff/],
    late: [],
    panicked: [/^RuntimeError: unreachable executed$/],
  },
};

/** The parts of a stream that a program may drop, as the program names them. */
const PARTS = ['stream', 'halves', 'readable', 'writable'];

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

// Most of the time they wait for peers that stall.
describe('at the same time', { concurrency: true }, () => {
  for (const [browser, open] of Object.entries(BROWSERS)) describe(browser, { concurrency: 1 }, () => {
    let driver;
    let written;

    before(async () => {
      driver = await open({ collecting: true, insecure: true, listening: true });
      written = await wholeConsole(driver);
    });

    after(() => driver?.quit());

    /** A page that is new, and so without complaints. */
    const load = (page = host.address) => Probe.load(driver, written, page, host.address);

    /** What was complained of is this and nothing else, by the browser's own words for it. */
    const complainsOf = async (probe, ...kinds) => {
      const complaints = await probe.complaints();
      const expected = kinds.flatMap((kind) => WRITTEN[browser][kind]);
      assert.equal(complaints.length, expected.length, complaints.join('\n'));
      expected.forEach((pattern, index) => assert.match(complaints[index], pattern));
    };

    for (const [face, absent] of Object.entries(FACES)) {
      test(`a closed port: ${face}`, async () => {
        const probe = await load();
        assert.deepEqual(await probe.call(face, `ws://127.0.0.1:${await closedPort()}/`), absent);
        await complainsOf(probe, 'refused');
      });

      // The standard fails the connection; Firefox throws.
      test(`a page whose policy allows no connection: ${face}`, async () => {
        const probe = await load(`${host.address}/?csp=${encodeURIComponent("connect-src 'self'")}`);
        const seen = await probe.call(face, `${peer}/echo`);
        if (browser === 'Firefox') assert.match(seen.join('\n'), FORBIDDEN);
        else assert.deepEqual(seen, absent);
        await complainsOf(probe, 'forbidden');
      });

      // The standard fails the connection; both throw.
      test(`an insecure connection from a secure page: ${face}`, async () => {
        const probe = await load(`${secure.address}/page`);
        // Not of this machine, which counts as secure; the browser must not even look for it.
        assert.match((await probe.call(face, 'ws://isosocket.invalid/')).join('\n'), FORBIDDEN);
        await complainsOf(probe, 'insecure');
      });

      test(`a connection that is reset in the middle of a message: ${face}`, async () => {
        const probe = await load();
        const server = await resettingServer();
        const seen = await probe.call(face, server.address, 'heard');
        server.stop();
        // Chromium does not count it as a failure: it fires no error.
        assert.deepEqual(seen.filter((words) => words !== 'error'), face === 'events'
          ? ['open', 'message whole', absent[1]]
          : ['open', 'message whole', 'error: the connection was closed with 1006', absent[1]]);
        await complainsOf(probe, 'reset');
      });

      test(`a server that breaks the protocol: ${face}`, async () => {
        const probe = await load();
        const seen = await probe.call(face, `${peer}/frames?hex=8301ff`);
        // Whether it was open first is a matter of what came with the server's answer.
        assert.deepEqual(seen.slice(-1), absent.slice(-1));
        await complainsOf(probe, 'broken');
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
      await complainsOf(probe, 'late');
    });

    test('a panic in a handler leaves the socket and the other handlers as they were', async () => {
      const probe = await load();
      assert.deepEqual(await probe.call('panic_in_a_handler', `${peer}/echo`), [
        'message one', 'message two', 'close 3000 "" clean',
      ]);
      await complainsOf(probe, 'panicked');
    });

    // A panic ends the task that it is in, and nothing can catch it: no memory is given back by that task, no variable changed.
    for (const place of ['open', 'close', 'decided', 'reconnecting', 'asked']) {
      test(`a socket connects again though the program panics: ${place}`, async () => {
        const probe = await load();
        const seen = await probe.call('panic_while_reconnecting', [place], `${peer}/close?code=1001`, `${peer}/echo`);
        const between = place === 'asked' ? ['error', 'close 1006 "" unclean'] : [];
        assert.deepEqual(seen, ['open', 'close 1001 "" clean', ...between, 'open', 'message hello']);
        await complainsOf(probe, 'panicked');
      });
    }

    for (const places of [['error'], ['error', 'decided'], ['error', 'decided', 'close', 'open']]) {
      test(`a socket connects again though the program panics: ${places.join(', ')}`, async () => {
        const probe = await load();
        const nowhere = `ws://127.0.0.1:${await closedPort()}/`;
        const seen = await probe.call('panic_while_reconnecting', places, nowhere, `${peer}/echo`);
        assert.deepEqual(seen, ['error', 'close 1006 "" unclean', 'open', 'message hello']);
        await complainsOf(probe, 'refused', ...places.map(() => 'panicked'));
      });
    }

    test('connections and messages leave nothing behind', async () => {
      const probe = await load();
      const measure = async () => {
        assert.equal(await probe.call('churn', `${peer}/echo`, 500), 1000);
        assert.equal(await probe.call('chatter', `${peer}/echo`, 500), 100_000);
        assert.equal(await probe.call('return_often', `${peer}/close?code=1001`, 200), 200);
        return probe.sizes();
      };
      // The first time everything gets as large as it has to be.
      assert.equal(await probe.call('churn', `${peer}/echo`, 10), 20);
      assert.equal(await probe.call('chatter', `${peer}/echo`, 10), 2_000);
      assert.equal(await probe.call('return_often', `${peer}/close?code=1001`, 10), 10);
      const before = await probe.sizes();
      const after = await measure();
      assert.equal(after.made - before.made, 1202);
      assert.deepEqual([after.memory, after.table], [before.memory, before.table]);
      assert.equal(await probe.held(), 0);
      await complainsOf(probe);
    });

    for (const [what, url] of Object.entries({ 'that is none': 'ftp://h/', 'with a fragment': 'ws://h/#fragment' })) {
      test(`a URL ${what} leaves nothing behind`, async () => {
        const probe = await load();
        assert.equal(await probe.call('refused', url, 10), 20);
        const before = await probe.sizes();
        assert.equal(await probe.call('refused', url, 2_000), 4_000);
        const after = await probe.sizes();
        assert.deepEqual([after.memory, after.table], [before.memory, before.table]);
        await complainsOf(probe);
      });
    }

    // Chromium 156 crashes the page, so it is the test that takes the promises away.
    if (browser === 'Chromium') {
      test('a connection whose promises the browser forgets when it breaks is given back', async () => {
        const probe = await load();
        await driver.executeScript('WritableStreamDefaultWriter.prototype.write = () => new Promise(() => {});');
        for (let round = 0; round < 5; round += 1) {
          // A ping behind the message is answered when the browser has read that.
          const server = await resettingServer('\x89\x00');
          const seen = await probe.call('stream', server.address, 'never written');
          server.stop();
          assert.deepEqual(seen, [
            'open', 'message whole', 'error: the connection was closed with 1006', FACES.stream[1],
          ]);
        }
        assert.equal(await probe.held(), 0);
        await complainsOf(probe);
      });
    }

    // Behind the test of what is left behind: by what these need a collector learns to wait.
    for (const [kind, size] of Object.entries({ short: 10, long: 4 << 20 })) {
      test(`what is dropped with ${kind} messages under way to a peer that stalls is sent, and closed`, async () => {
        const probe = await load();
        assert.deepEqual(await probe.call('abandon', peer, `${browser} ${kind}`, size, 0), PARTS.map((part) => (
          `${part}: 3 messages, ${3 * size} bytes, clean 1005 `
        )));
        await complainsOf(probe);
      });
    }

    // When the peer has not taken the message under way in its time, what waits to be written to a WebSocketStream is given up. Its
    // promises are rejected then, but for those that the browser has taken already. For 4 MiB that are 27 turns of ten seconds.
    const loadInHaste = async () => {
      const probe = await load();
      await driver.executeScript(`
        const { setTimeout } = window;
        window.setTimeout = (call, time, ...given) => setTimeout(call, time === 10_000 ? 100 : time, ...given);
      `);
      return probe;
    };

    test('what is given up because the peer stalls for too long is no rejection that nobody has seen', async () => {
      const probe = await loadInHaste();
      const told = await probe.call('abandon', peer, `${browser} late`, 4 << 20, 15_000);
      const sent = browser === 'Chromium' ? 'one or two messages' : `3 messages, ${3 * (4 << 20)} bytes`;
      assert.deepEqual(told.map(whatWasBegun), PARTS.map((part) => `${part}: ${sent}, clean 1005 `));
      await complainsOf(probe);
    });

    test('of what is given up because the peer stalls for too long, code and reason are sent, and here it is no clean end', async () => {
      const probe = await loadInHaste();
      const [sent, here] = browser === 'Chromium'
        ? ['one or two messages', 'the connection was closed with 1006']
        : [`3 messages, ${3 * (4 << 20)} bytes`, 'clean 4001'];
      const told = await probe.call('close_stalled', peer, `${browser} close`, 4 << 20, 15_000);
      assert.equal(whatWasBegun(told), `${sent}, clean 4001 why; here ${here}`);
      await complainsOf(probe);
    });

    // Firefox reads blobs itself.
    if (browser === 'Chromium') {
      test('a blob that cannot be read closes the connection, also of a peer that stalls', async () => {
        const probe = await loadInHaste();
        await driver.executeScript("Blob.prototype.arrayBuffer = () => Promise.reject(new Error('gone'));");
        const told = await probe.call('blob_stalled', peer, `${browser} blob`, 4 << 20, 15_000);
        assert.equal(whatWasBegun(told), 'one or two messages, clean 1005 ');
        await complainsOf(probe);
      });
    }
  });
});

/**
 * What a peer has had of three messages of 4 MiB, in words: how many the browser had begun to send depends on how much of the first
 * one the system took, which is somewhat more or less than all of it. Each has come as a whole.
 */
function whatWasBegun(told) {
  return told.replace(/([12]) messages, (\d+) bytes/, (words, count, bytes) => (
    Number(bytes) === count * (4 << 20) ? 'one or two messages' : words
  ));
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

/**
 * A server that sends a message and a half, and resets the connection at the first answer: what has been sent must have been read
 * before, or the reset would take it away.
 */
async function resettingServer(behind = '') {
  const server = http.createServer();
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1')
      .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + `Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.write(Buffer.from(`\x81\x05whole\x01\x02ha${behind}`, 'latin1'));
    socket.once('data', () => socket.resetAndDestroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { address: `ws://127.0.0.1:${server.address().port}/`, stop: () => server.close() };
}
