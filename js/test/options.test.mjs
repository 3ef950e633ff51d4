import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';

import { failure, ping, WebSocket, WebSocketStream } from 'isosocket/engine';

import { loadModule } from '../dist/host/module-file.js';
import { defineInterfaces } from '../dist/interfaces.js';
import { networkOptions, refuseOptions } from '../src/options.js';
import { close, eventsOf, frame, readFrame, serve, switching } from './peer.mjs';

const FAILED = ['error 3', "close 1006 '' false"];

const PEM = '# of example.test\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
const KEY = '-----BEGIN EC PRIVATE KEY-----\r\nAAAA\r\n-----END EC PRIVATE KEY-----\r\n';
/** What some are of no use without. */
const BESIDES = { cert: { key: KEY }, key: { cert: PEM } };
/** How a certificate begins in the other format. */
const DER = new Uint8Array([0x30, 0x82, 0x01, 0x0a, 0x02]);

describe('an option of the wrong type, or out of range, is a TypeError with its name', () => {
  const wrong = {
    handshakeTimeout: [0, -1, 1.5, '1', null, NaN, Infinity, 2 ** 31],
    closeTimeout: [0, '1', 2 ** 31],
    idleTimeout: [0, true, 2 ** 31],
    maxPayload: [0, -1, 0.5, '1', null, 2 ** 30],
    maxFragments: [0, '1', 2 ** 32],
    maxHead: [0, '1', 2 ** 30],
    maxSendQueue: [0, -1, Infinity, '1', null, 2 ** 30],
    oneAtATime: [0, 'no', null],
    heartbeat: [null, 1, 'x', { interval: 0 }, { timeout: '1' }],
    perMessageDeflate: [
      null, 1, 'x', { level: 0 }, { level: 10 }, { threshold: -1 }, { clientMaxWindowBits: 8 }, { clientMaxWindowBits: 16 },
      { serverMaxWindowBits: 7 }, { serverMaxWindowBits: 16 }, { clientNoContextTakeover: 1 }, { serverNoContextTakeover: 'no' },
    ],
    origin: [1, null, '\u0100'],
    headers: [1, null, { a: '\u0100' }, { a: undefined }, { a: null }, [['a', undefined]], { a: ['b', null] }, { Cookie: [undefined] }, { a: Symbol('x') }, { [Symbol('x')]: 'a' }, [1], [['a']], [['a', '\u0100']], { [Symbol.iterator]: 1 }],
    protocols: [Symbol('x'), [Symbol('x')], { [Symbol.iterator]: 1 }],
    proxy: [
      1, '', 'x', 'ftp://h', 'http://', {}, 'socks5://user@h', 'socks5h://:password@h', `socks5://${'u'.repeat(256)}:p@h`,
      `socks5://u:${'%70'.repeat(256)}@h`,
    ],
    ca: [1, {}, [1], null, '', 'x', [PEM, 'x'], DER, [PEM, DER], '---- BEGIN SSH2 PUBLIC KEY ----', KEY, [], PEM.replaceAll('\n', '\\n')],
    cert: [1, null, 'x', DER, KEY],
    key: [true, null, 'x', DER, PEM],
    passphrase: [1],
    servername: [1],
    rejectUnauthorized: [0, 'no', null],
  };
  for (const [name, values] of Object.entries(wrong)) {
    test(name, () => {
      for (const value of values) {
        const isNamed = (error) => error instanceof TypeError && error.message.includes(name);
        const options = { ...BESIDES[name], [name]: value };
        assert.throws(() => new WebSocket('ws://h', options), isNamed, `${name}: ${JSON.stringify(value)}`);
        assert.throws(() => new WebSocketStream('ws://h', options), isNamed);
      }
    });
  }

  test('also as the whole of the second argument', () => {
    for (const value of [Symbol('x'), [Symbol('x')]]) {
      assert.throws(() => new WebSocket('ws://h', value), { name: 'TypeError', message: /protocols/ });
    }
  });

  for (const [name, values] of Object.entries({ signal: [null, 5, 'x', {}], protocols: ['x', 1, null, {}] })) {
    test(`${name} of a stream`, () => {
      for (const value of values) {
        assert.throws(() => new WebSocketStream('ws://h', { [name]: value }), { name: 'TypeError', message: new RegExp(name) });
      }
    });
  }
});

test('options at their bounds, and those that are undefined, are taken', () => {
  const right = [
    { handshakeTimeout: 1, closeTimeout: 1, idleTimeout: 1, maxPayload: 1, maxFragments: 1, maxHead: 1, maxSendQueue: 1 },
    { maxFragments: 2 ** 32 - 1, maxHead: 2 ** 30 - 1, maxSendQueue: 2 ** 30 - 1 },
    { handshakeTimeout: 2 ** 31 - 1, closeTimeout: 2 ** 31 - 1, idleTimeout: 2 ** 31 - 1, maxPayload: 2 ** 30 - 1 },
    { oneAtATime: true },
    { oneAtATime: false },
    { heartbeat: true },
    { heartbeat: false },
    { heartbeat: { interval: 1, timeout: 1 } },
    { perMessageDeflate: true },
    { perMessageDeflate: { level: 1, threshold: 0, clientMaxWindowBits: 9, serverMaxWindowBits: 8 } },
    { perMessageDeflate: { level: 9, clientMaxWindowBits: 15, serverMaxWindowBits: 15, clientNoContextTakeover: true } },
    { proxy: null },
    { proxy: `socks5://${'%75'.repeat(255)}:${'p'.repeat(255)}@127.0.0.1:1` },
    { proxy: 'http://user@127.0.0.1:1' },
    { ca: PEM, cert: Buffer.from(PEM), key: new DataView(new TextEncoder().encode(KEY).buffer) },
    { ca: [PEM, Buffer.from(PEM), PEM.replaceAll('\n', '\r\n'), PEM.replaceAll('CERT', 'TRUSTED CERT'), KEY + PEM] },
    { cert: PEM + KEY, key: PEM + KEY.replaceAll('EC ', '') },
    { handshakeTimeout: undefined, maxPayload: undefined, perMessageDeflate: undefined, proxy: undefined, ca: undefined },
  ];
  for (const options of right) {
    const socket = new WebSocket('ws://127.0.0.1:1', options);
    socket.close();
  }
});

test('a certificate and its key go together', () => {
  assert.throws(() => new WebSocket('ws://h', { cert: PEM }), { name: 'TypeError', message: "the option 'cert' is of no use without 'key'" });
  assert.throws(() => new WebSocket('ws://h', { key: KEY }), { name: 'TypeError', message: "the option 'key' is of no use without 'cert'" });
});

test('what a host cannot obey is a TypeError, and not passed over', () => {
  assert.throws(() => networkOptions({ ca: 'x' }, ['proxy']), /'ca'/);
  assert.throws(() => refuseOptions(Object.create({ ca: null })), /'ca'/);
  refuseOptions({ protocols: ['a'], ca: undefined });
  assert.throws(() => refuseOptions({ ofAnotherLibrary() {} }), /'ofAnotherLibrary'/);
  assert.deepEqual(networkOptions({ ca: PEM, key: undefined }, ['ca']), { ca: [PEM] });
  assert.deepEqual(networkOptions(undefined, []), {});
  const bytes = new TextEncoder().encode(PEM);
  const view = new DataView(Uint8Array.of(0, ...bytes, 0).buffer, 1, bytes.length);
  const marked = [`\uFEFF${PEM}`, Buffer.from(`\uFEFF${PEM}`)];
  assert.deepEqual(networkOptions({ ca: [view, ...marked] }, ['ca']), { ca: [PEM, PEM, PEM] });
});

test('what only happens to be enumerable is no option', (t) => {
  // As classes are where there is no word for them, and as some scripts do it to all objects.
  function Options() {
    this.protocols = ['a'];
  }
  Options.prototype.describe = function describe() {};
  refuseOptions(new Options());
  Object.prototype.each = 'of a script';
  t.after(() => delete Object.prototype.each);
  refuseOptions({});
  refuseOptions({ protocols: 'a' });
  assert.throws(() => refuseOptions({ ca: PEM }), /'ca'/);
});

describe('permessage-deflate', () => {
  /** What is offered with an option. */
  const offerOf = async (t, perMessageDeflate) => {
    let offer;
    const url = await serve(t, (socket, { headers }) => {
      offer = headers.get('sec-websocket-extensions');
      socket.end();
    });
    await eventsOf(new WebSocket(url, { perMessageDeflate }));
    return offer;
  };

  test('is offered unless it is switched off', async (t) => {
    assert.match(await offerOf(t, undefined), /^permessage-deflate; client_max_window_bits$/);
    assert.match(await offerOf(t, true), /^permessage-deflate; client_max_window_bits$/);
    assert.equal(await offerOf(t, false), undefined);
  });

  test('is offered as the settings say', async (t) => {
    assert.match(await offerOf(t, { serverNoContextTakeover: true }), /server_no_context_takeover/);
    assert.match(await offerOf(t, { clientNoContextTakeover: true }), /client_no_context_takeover/);
    assert.match(await offerOf(t, { serverMaxWindowBits: 10 }), /server_max_window_bits=10/);
    assert.match(await offerOf(t, { clientMaxWindowBits: 11 }), /client_max_window_bits=11/);
  });

  test('compresses what is as long as the threshold, and nothing shorter', async (t) => {
    const firsts = [];
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request, 'Sec-WebSocket-Extensions: permessage-deflate'));
      for (let count = 0; count < 2; count += 1) firsts.push((await readFrame(socket)).first);
      socket.end();
    });
    const socket = new WebSocket(url, { perMessageDeflate: { threshold: 20 } });
    socket.onopen = () => {
      socket.send('x'.repeat(19));
      socket.send('x'.repeat(20));
    };
    await eventsOf(socket);
    assert.deepEqual(firsts, [0x81, 0xc1]);
  });

  test('that was not offered fails the connection', async (t) => {
    const url = await serve(t, (socket, request) => {
      socket.write(switching(request, 'Sec-WebSocket-Extensions: permessage-deflate'));
    });
    assert.deepEqual(await eventsOf(new WebSocket(url, { perMessageDeflate: false })), FAILED);
  });
});

describe('maxPayload', () => {
  test('lets a message of as many bytes pass, and fails the connection for one more, with 1009', async (t) => {
    let read;
    const answered = new Promise((resolve) => { read = resolve; });
    const url = await serve(t, (socket, request) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), frame(0x82, 'x'.repeat(100)), frame(0x82, 'x'.repeat(101))]));
      read(readFrame(socket));
    });
    const socket = new WebSocket(url, { maxPayload: 100 });
    assert.deepEqual(await eventsOf(socket), ['open', 'message', ...FAILED]);
    assert.equal((await answered).payload.readUInt16BE(0), 1009);
    assert.equal(failure(socket), 'a frame has more than 100 bytes (maxPayload)');
  });

  test('counts the whole of a message in fragments', async (t) => {
    const url = await serve(t, (socket, request) => {
      socket.write(Buffer.concat([Buffer.from(switching(request)), frame(0x02, 'x'.repeat(60)), frame(0x80, 'x'.repeat(41))]));
    });
    const socket = new WebSocket(url, { maxPayload: 100 });
    assert.deepEqual(await eventsOf(socket), ['open', ...FAILED]);
    assert.equal(failure(socket), 'a message has more than 100 bytes (maxPayload)');
  });
});

describe('maxFragments', () => {
  test('lets a message of as many frames pass, and fails the connection for one more', async (t) => {
    const url = await serve(t, (socket, request) => {
      const frames = [frame(0x01, 'a'), frame(0x80, 'b'), frame(0x01, 'c'), frame(0x00), frame(0x80)];
      socket.write(Buffer.concat([Buffer.from(switching(request)), ...frames]));
    });
    const socket = new WebSocket(url, { maxFragments: 2 });
    assert.deepEqual(await eventsOf(socket), ['open', 'message ab', ...FAILED]);
    assert.equal(failure(socket), 'a message has more than 2 frames (maxFragments)');
  });
});

describe('maxHead', () => {
  test('lets an answer of as many bytes pass, and fails the connection for one more', async (t) => {
    let length;
    const url = await serve(t, (socket, request) => {
      const head = switching(request);
      ({ length } = head);
      socket.end(head);
    });
    await eventsOf(new WebSocket(url));
    assert.equal((await eventsOf(new WebSocket(url, { maxHead: length })))[0], 'open');
    const socket = new WebSocket(url, { maxHead: length - 1 });
    assert.deepEqual(await eventsOf(socket), FAILED);
    assert.match(failure(socket), new RegExp(`the head has more than ${length - 1} bytes \\(maxHead\\)`));
  });
});

test('a proxy within whose TLS a host has none to the server is a TypeError', () => {
  const host = { connect: () => assert.fail('it connects'), obeyedOptions: ['proxy'], loadModule, takeTurn: () => () => {}, captureContext: () => () => {} };
  const { WebSocket } = defineInterfaces(host);
  const proxy = 'https://proxy.test';
  assert.throws(() => new WebSocket('wss://host.test', { proxy }), { name: 'TypeError', message: /'proxy'/ });
  for (const [url, options] of [['ws://host.test', { proxy }], ['wss://host.test', { proxy: 'http://proxy.test' }], ['wss://host.test', {}]]) {
    new WebSocket(url, options).close();
  }
});

describe('maxSendQueue', () => {
  const MOST = 1000;
  /** Sends messages of these lengths at once. */
  const afterSending = async (t, ...lengths) => {
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      await once(socket, 'data');
      socket.end(close(1000));
    });
    const socket = new WebSocket(url, { maxSendQueue: MOST });
    socket.onopen = () => lengths.forEach((length) => socket.send(new Uint8Array(length)));
    return [await eventsOf(socket), failure(socket)];
  };

  test('lets as much wait, and fails the connection for more', async (t) => {
    assert.deepEqual(await afterSending(t, MOST), [['open', "close 1000 '' true"], undefined]);
    const tooMuch = [['open', ...FAILED], 'more than 1000 bytes wait to be transmitted (maxSendQueue)'];
    assert.deepEqual(await afterSending(t, MOST + 1), tooMuch);
    assert.deepEqual(await afterSending(t, MOST / 2, MOST / 2), tooMuch);
  });
});

describe('deadlines', () => {
  test('handshakeTimeout fails a connection whose server does not answer', async (t) => {
    const url = await serve(t, () => {});
    const socket = new WebSocket(url, { handshakeTimeout: 50 });
    assert.deepEqual(await eventsOf(socket), FAILED);
    assert.equal(failure(socket), 'the opening handshake took too long (handshakeTimeout)');
  });

  test('closeTimeout ends a connection whose server does not answer a Close frame', async (t) => {
    const url = await serve(t, (socket, request) => socket.write(switching(request)));
    const socket = new WebSocket(url, { closeTimeout: 50 });
    socket.onopen = () => socket.close();
    assert.deepEqual(await eventsOf(socket), ['open', ...FAILED]);
    assert.equal(failure(socket), 'the peer did not answer the Close frame in time (closeTimeout)');
  });

  test('heartbeat fails a connection whose peer is gone', async (t) => {
    let first;
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      ({ first } = await readFrame(socket));
    });
    const socket = new WebSocket(url, { heartbeat: { interval: 30, timeout: 30 } });
    assert.deepEqual(await eventsOf(socket), ['open', ...FAILED]);
    assert.equal(first, 0x89);
  });

  test('idleTimeout closes a connection on which no message comes or goes', async (t) => {
    let code;
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      const { payload } = await readFrame(socket);
      code = payload.readUInt16BE(0);
      // What the program sends is thrown away from now on.
      assert.equal(closing.readyState, 2);
      ping(closing, 'late');
      closing.send('late');
      socket.end(frame(0x88, payload));
    });
    const closing = new WebSocket(url, { idleTimeout: 50 });
    const [opened, closed] = await eventsOf(closing);
    assert.deepEqual([opened, closed, code], ['open', "close 1001 '' true", 1001]);
  });

  test('idleTimeout lets a write to a WebSocketStream wait for the end', async (t) => {
    const happened = [];
    let writer;
    const url = await serve(t, async (socket, request) => {
      socket.write(switching(request));
      const { payload } = await readFrame(socket);
      const write = writer.write('late').then(() => happened.push('written'));
      socket.end(frame(0x88, payload));
      await write;
    });
    const stream = new WebSocketStream(url, { idleTimeout: 50 });
    writer = (await stream.opened).writable.getWriter();
    const { closeCode } = await stream.closed;
    happened.push('closed');
    await writer.closed.catch(() => {});
    assert.deepEqual([closeCode, happened], [1001, ['closed', 'written']]);
  });
});

describe('TLS', () => {
  let folder;
  let server;
  let url;
  /** The subject of the certificate that the client has shown, and the name it has asked for. */
  let asked;

  const openssl = (...parameters) => execFileSync('openssl', parameters, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const pem = (name) => readFileSync(path.join(folder, name), 'utf8');

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'isosocket-tls-'));
    for (const [name, subject] of [['server', '/CN=example.test'], ['client', '/CN=a client']]) {
      openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', subject,
        '-addext', 'subjectAltName=DNS:example.test', '-keyout', `${name}.key`, '-out', `${name}.pem`);
    }
    openssl('pkey', '-in', 'client.key', '-aes128', '-passout', 'pass:open sesame', '-out', 'locked.key');
    const settings = { cert: pem('server.pem'), key: pem('server.key'), ca: pem('client.pem'), requestCert: true, rejectUnauthorized: false };
    server = tls.createServer(settings, (socket) => {
      socket.on('error', () => {});
      asked = { client: socket.getPeerCertificate().subject?.CN, name: socket.servername };
      socket.once('data', (head) => {
        const [, key] = /sec-websocket-key: (\S+)/i.exec(head);
        socket.end(Buffer.concat([Buffer.from(switching({ headers: new Map([['sec-websocket-key', key]]) })), frame(0x88)]));
      });
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `wss://localhost:${server.address().port}`;
  });

  after(() => {
    server?.close();
    rmSync(folder, { recursive: true });
  });

  const OPENED = ['open', "close 1005 '' true"];

  test('an authority that is unknown fails the connection, and the program is told why', async () => {
    const socket = new WebSocket(url);
    assert.deepEqual(await eventsOf(socket), FAILED);
    assert.match(failure(socket), /certificate .*'ca'.* NODE_EXTRA_CA_CERTS/);
  });

  test('ca and servername', async () => {
    const ca = pem('server.pem');
    assert.deepEqual(await eventsOf(new WebSocket(url, { ca, servername: 'example.test' })), OPENED);
    assert.equal(asked.name, 'example.test');
    assert.deepEqual(await eventsOf(new WebSocket(url, { ca: [Buffer.from(ca)], servername: 'example.test' })), OPENED);
    const other = new WebSocket(url, { ca });
    assert.deepEqual(await eventsOf(other), FAILED);
    assert.match(failure(other), /localhost/);
  });

  test('rejectUnauthorized: false takes any certificate', async () => {
    assert.deepEqual(await eventsOf(new WebSocket(url, { rejectUnauthorized: false })), OPENED);
    assert.deepEqual(await eventsOf(new WebSocket(url, { rejectUnauthorized: true })), FAILED);
  });

  test('cert, key and passphrase show who is there', async () => {
    assert.deepEqual(await eventsOf(new WebSocket(url, { rejectUnauthorized: false })), OPENED);
    assert.equal(asked.client, undefined);
    const given = { rejectUnauthorized: false, cert: pem('client.pem') };
    assert.deepEqual(await eventsOf(new WebSocket(url, { ...given, key: pem('client.key') })), OPENED);
    assert.equal(asked.client, 'a client');
    assert.deepEqual(await eventsOf(new WebSocket(url, { ...given, key: pem('locked.key'), passphrase: 'open sesame' })), OPENED);
    assert.equal(asked.client, 'a client');
  });

  test('a key that is of no use fails the connection, and not the program, which is told the options', async () => {
    const broken = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
    for (const key of [broken, pem('locked.key'), pem('server.key')]) {
      const socket = new WebSocket(url, { cert: pem('client.pem'), key });
      assert.deepEqual(await eventsOf(socket), FAILED);
      assert.match(failure(socket), /: ERR_OSSL_[A-Z\d_]+: [a-z ]+ \(see the options 'key', 'passphrase', 'cert' and 'ca'\)$/);
    }
  });
});
