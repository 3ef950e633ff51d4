// A host with two addresses, of which the first is slow and the second refuses. That of a lost SYN is a second.

import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

import { connect } from '../src/host/node.js';
import { makeIdentity } from './identity.mjs';

const ADDRESSES = [{ address: '127.0.0.1', family: 4 }, { address: '::1', family: 6 }];

/** How full a backlog is, and what is done with a SYN then, is a matter of the system. */
const options = { skip: process.platform !== 'linux' };

/** Starts the peer; gives its port, and what lets it accept. */
async function fullPeer(t, workerData) {
  const worker = new Worker(new URL('full-peer.mjs', import.meta.url), { workerData });
  t.after(() => worker.terminate());
  const [{ port, accepting }] = await once(worker, 'message');
  const waiting = Array.from({ length: 4 }, () => net.connect(port, '127.0.0.1').on('error', () => {}));
  t.after(() => waiting.forEach((socket) => socket.destroy()));
  await delay(100);
  assert.ok(waiting.some(({ connecting }) => connecting));
  const accept = () => {
    Atomics.store(accepting, 0, 1);
    Atomics.notify(accepting, 0);
  };
  t.after(accept);
  return { port, accept };
}

/** What a stream reports first, but that it is open. */
function reportOf(open) {
  return new Promise((resolve) => {
    const stream = open({
      opened() {},
      received: (chunk) => {
        resolve(String(chunk));
        stream.destroy();
      },
      ended: () => resolve('ended'),
      lost: (cause) => resolve(`lost: ${cause}`),
    });
  });
}

for (const protocol of ['ws', 'wss']) {
  test(`${protocol}: an address that was given up for the next one is tried again when that refuses`, options, async (t) => {
    const { mock } = t.mock.method(dns, 'lookup', (host, { all }, callback) => {
      process.nextTick(() => (all ? callback(null, ADDRESSES) : callback(null, '127.0.0.1', 4)));
    });
    const folder = mkdtempSync(path.join(tmpdir(), 'isosocket-addresses-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const pair = protocol === 'wss' ? makeIdentity(folder) : undefined;
    const { port, accept } = await fullPeer(t, pair);
    const tls = pair && { hostname: 'localhost', ca: pair.cert };
    const report = reportOf((events) => connect({ hostname: 'host.test', port, tls }, events));
    await delay(600);
    accept();
    assert.equal(await report, 'hello');
    assert.equal(mock.callCount(), 2);
  });
}
