// A peer that sends as fast as it can, to a program that reads a message a second: what waits, waits at the peer.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import tls from 'node:tls';

import { startProxies } from './hosts/proxies.mjs';
import { makeIdentity } from './identity.mjs';
import { close, serve, switching } from './peer.mjs';

const MESSAGES = 200_000;
const MIB = 1 << 20;

const js = path.dirname(import.meta.dirname);
const hosts = path.join(import.meta.dirname, 'hosts');
const packaged = (name) => path.join(hosts, 'node_modules', '.bin', name);

/** How each host is started. */
const COMMANDS = {
  node: [process.execPath, '--expose-gc'],
  bun: [packaged('bun')],
  deno: [packaged('deno'), 'run', '--allow-all', '--v8-flags=--expose-gc'],
};

let folder;
let identity;
let proxies;

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isosocket-flood-'));
  identity = makeIdentity(folder);
  proxies = await startProxies();
});

after(() => {
  proxies.close();
  rmSync(folder, { recursive: true });
});

/** A server of TLS that hands each connection to a peer's port. */
async function startTls(t, peer) {
  const server = tls.createServer(identity, (client) => {
    const inner = connect({ host: '127.0.0.1', port: new URL(peer).port });
    for (const socket of [client, inner]) socket.on('error', () => {});
    client.pipe(inner).pipe(client);
    t.after(() => client.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `wss://localhost:${server.address().port}/`;
}

/** Floods a host's program, which reads so often before it reads the rest. */
async function flood(t, host, reads, wayTo = (peer) => ({ url: peer })) {
  let sent = 0;
  const peer = await serve(t, async (socket, request) => {
    socket.write(switching(request));
    while (sent < MESSAGES) {
      const chunk = Buffer.concat(Array.from({ length: 50 }, (_none, index) => message(sent + index)));
      const hasRoom = socket.write(chunk);
      sent += 50;
      if (!hasRoom) await once(socket, 'drain');
    }
    socket.end(close(1000));
  });
  const setting = JSON.stringify({ ...await wayTo(peer), reads, messages: MESSAGES });
  const [command, ...parameters] = COMMANDS[host];
  const module = path.join(js, 'dist', `${host}.js`);
  const reader = spawn(command, [...parameters, path.join(hosts, 'reader.mjs'), module, setting], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => reader.kill());
  const ended = once(reader, 'exit');

  const [line] = await Promise.race([once(createInterface(reader.stdout), 'line'), ended.then(() => [])]);
  assert.ok(line, 'the program has ended early');
  const growth = JSON.parse(line);
  t.diagnostic(`grown by ${growth.rss / MIB} MiB, of which heap ${growth.heap / MIB}; sent ${sent} messages`);
  assert.ok(growth.rss < 32 * MIB && growth.heap < 32 * MIB, `grown by ${JSON.stringify(growth)}`);
  // What is not in the program is in the kernel, which has a few MiB for a connection, or was not sent.
  assert.ok(sent < MESSAGES / 2, `${sent} messages were sent`);

  reader.stdin.write('go on\n');
  assert.deepEqual(await ended, [0, null]);
  assert.equal(sent, MESSAGES);
}

test('a program that reads a message a second is not filled up', (t) => flood(t, 'node', 5));

for (const host of Object.keys(COMMANDS)) {
  test(`nor with TLS, in ${host}`, (t) => flood(t, host, 3, async (peer) => {
    return { url: await startTls(t, peer), options: { ca: identity.cert } };
  }));

  test(`nor with TLS through a proxy, in ${host}`, (t) => flood(t, host, 3, async (peer) => {
    return { url: await startTls(t, peer), options: { ca: identity.cert, proxy: proxies.http } };
  }));
}

/** A frame of 1 KiB, in which its number comes first. */
function message(number) {
  const frame = Buffer.alloc(4 + 1024);
  frame.writeUInt32BE(0x827e0400, 0);
  frame.writeUInt32BE(number, 4);
  return frame;
}
