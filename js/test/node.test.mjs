import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import tls from 'node:tls';

import { CloseEvent, WebSocket } from 'isosocket';
import * as engine from 'isosocket/engine';

import { close, run, serve, switching, text } from './peer.mjs';

test('in Node the package is its engine', () => {
  assert.equal(WebSocket, engine.WebSocket);
  assert.equal(CloseEvent, engine.CloseEvent);
});

test('the import does nothing', async () => {
  const output = await run(`
    for (const name of ['Module', 'Instance']) WebAssembly[name] = class { constructor() { console.log(name); } };
    await import('isosocket');
    console.log(process.getActiveResourcesInfo().filter((name) => /Timeout|Immediate|TCP|TLS|MessagePort/.test(name)));
  `);
  assert.equal(output, '[]\n');
});

test('an open socket keeps the process alive, a closed one does not', async (t) => {
  const url = await serve(t, (socket, request) => {
    socket.write(switching(request));
    setTimeout(() => socket.end(close(1000)), 100);
  });
  const output = await run(`
    import { WebSocket } from 'isosocket';
    const socket = new WebSocket('${url}');
    socket.onclose = ({ code }) => console.log(code);
  `);
  assert.equal(output, '1000\n');
});

test('what a ReconnectingWebSocket waits for beside its connection does not keep the process alive', async () => {
  const output = await run(`
    import { ReconnectingWebSocket } from 'isosocket';
    import { fakeClass } from './reconnecting/fake.mjs';
    const Fake = fakeClass();
    const socket = new ReconnectingWebSocket('ws://h', { maxSendQueue: 2 }, { WebSocket: Fake });
    socket.send('x');
    Fake.last.bufferedAmount = 1;
    Fake.last.open();
    console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout'), socket.bufferedAmount);
  `);
  assert.equal(output, '[] 2\n');
});

test('what is small is not kept back for more to come', async (t) => {
  const url = await serve(t, (socket, request) => socket.end(Buffer.concat([Buffer.from(switching(request)), close(1000)])));
  const { mock } = t.mock.method(net.Socket.prototype, 'setNoDelay');
  await once(new WebSocket(url), 'close');
  assert.deepEqual(mock.calls.map((call) => call.arguments), [[true]]);
});

test('a stream whose messages nobody reads keeps the process alive, unless it is closed', async (t) => {
  const url = await serve(t, (socket, request) => {
    socket.write(Buffer.concat([Buffer.from(switching(request)), ...'abcde'.split('').map(text)]));
    socket.on('data', () => socket.end(close(1000)));
  });
  const output = await run(`
    import { WebSocketStream } from 'isosocket';
    const stream = new WebSocketStream('${url}');
    const { readable } = await stream.opened;
    setTimeout(async () => {
      const reader = readable.getReader();
      for (let count = 0; count < 5; count++) console.log((await reader.read()).value);
      stream.close();
      console.log((await stream.closed).closeCode);
    }, 300).unref();
  `);
  assert.equal(output, 'a\nb\nc\nd\ne\n1000\n');
});

test('a time-out that nobody else keeps aborts a handshake', async (t) => {
  const url = await serve(t, () => {});
  const output = await run(`
    import { setFlagsFromString } from 'node:v8';
    import { runInNewContext } from 'node:vm';
    import { WebSocketStream } from 'isosocket/engine';
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc');
    const { opened, closed } = new WebSocketStream('${url}', { signal: AbortSignal.timeout(300), handshakeTimeout: 3000 });
    closed.catch(() => {});
    setTimeout(collect, 50);
    await opened.catch(({ name }) => console.log(name));
  `);
  assert.equal(output, 'TimeoutError\n');
});

test('a socket whose peer ignores that it has failed does not keep the process alive', async (t) => {
  const url = await serve(t, (socket, request) => socket.write(Buffer.concat([Buffer.from(switching(request)), Buffer.from([0xff, 0])])));
  const output = await run(`
    import { WebSocket } from 'isosocket';
    const socket = new WebSocket('${url}');
    socket.onclose = ({ code }) => console.log(code);
  `);
  assert.equal(output, '1006\n');
});

test('wss checks the certificate, and connects when it is good', async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'isosocket-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert,
  ], { stdio: 'pipe' });
  const server = tls.createServer({ key: readFileSync(key), cert: readFileSync(cert), ALPNProtocols: ['http/1.1'] }, (socket) => {
    socket.once('data', (head) => {
      assert.equal(socket.alpnProtocol, 'http/1.1');
      const headers = new Map([['sec-websocket-key', /Sec-WebSocket-Key: (.*)\r\n/i.exec(head.toString())[1]]]);
      socket.end(Buffer.concat([Buffer.from(switching({ headers })), text('secret'), close(1000)]));
    });
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address();
  const program = `
    import { WebSocket } from 'isosocket';
    for (const host of ['localhost', '127.0.0.1']) {
      const socket = new WebSocket('wss://' + host + ':${port}');
      socket.onmessage = ({ data, origin }) => console.log(data, origin);
      await new Promise((resolve) => socket.onclose = resolve).then(({ code }) => console.log(code));
    }
  `;
  assert.equal(await run(program), '1006\n1006\n');
  assert.equal(
    await run(program, { env: { ...process.env, NODE_EXTRA_CA_CERTS: cert } }),
    `secret wss://localhost:${port}\n1000\nsecret wss://127.0.0.1:${port}\n1000\n`,
  );
});
