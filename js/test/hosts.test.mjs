// The same scenario in every host that the engine is for. The hosts are real ones, from the packages in hosts/.

import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';

import { WebSocketServer } from 'ws';

import { Program } from '../../tests/suite/program.mjs';
import { startProxies } from './hosts/proxies.mjs';
import { makeIdentity } from './identity.mjs';
import { close, readHead, switching } from './peer.mjs';

const root = path.resolve(import.meta.dirname, '..', '..');
const hosts = path.join(import.meta.dirname, 'hosts');
const dist = path.join(root, 'js', 'dist');

/** How long the scenario may take in one host, in milliseconds. */
const LIMIT = 60_000;

/** Compatibility dates of workerd: as of the second one timers are numbers, and there is no setImmediate. */
const DATES = ['2026-11-01', '2024-09-01'];

/** A program of a package in hosts/. */
function binary(name) {
  const file = path.join(hosts, 'node_modules', '.bin', name);
  if (!existsSync(file)) throw new Error(`${file} is missing: run 'scripts/setup node'`);
  return file;
}

let folder;
let setting;
let programs = [];
let proxies;
/** A server that ends each connection when the first message comes, and reads nothing of it. */
let deaf;
/** A server that compresses, or ends the connection if the path says so. */
let deflating;
/** What its clients have closed these connections with. */
let answers = [];

before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'isosocket-hosts-'));
  const authority = path.join(folder, 'authority.pem');
  const identity = makeIdentity(folder, 'proxy');
  proxies = await startProxies(identity);
  deaf = tls.createServer({ ...identity, allowHalfOpen: true }, async (peer) => {
    peer.on('error', () => {});
    peer.write(switching(await readHead(peer)));
    peer.once('readable', () => peer.end(close(1000)));
  });
  deaf.listen(0, '127.0.0.1');
  await once(deaf, 'listening');
  const server = await listen();
  const secure = await listen('--authority', authority);
  deflating = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: { threshold: 0 } });
  deflating.on('connection', (peer, { url }) => {
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }));
    // A Close frame with a code that no endpoint may send, which is answered in one way or another.
    if (url === '/odd') peer.on('error', () => {})._socket.write(Buffer.from([0x88, 2, 0x03, 0xf7]));
    const end = { '/close': () => peer.close(4001, 'bye'), '/empty': () => peer.close(), '/lost': () => peer.terminate() }[url];
    if (!end) return;
    answers.push(once(peer, 'close').then(([code]) => code));
    end();
  });
  await once(deflating, 'listening');
  const closed = await listen();
  await programs.pop().stop();
  setting = {
    server,
    secure: secure.replace('127.0.0.1', 'localhost'),
    refused: closed,
    deflating: `ws://127.0.0.1:${deflating.address().port}`,
    proxies: { http: proxies.http, socks: proxies.socks, https: proxies.https },
    tls: { ca: [readFileSync(authority, 'utf8'), identity.cert] },
  };
});

after(async () => {
  proxies?.close();
  deflating?.close();
  deaf?.close();
  for (const program of programs) await program.stop();
  rmSync(folder, { recursive: true });
});

/** Starts a test server on a free port; gives its address. */
async function listen(...parameters) {
  const command = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'quick', 'ws-test-server');
  if (!existsSync(command)) throw new Error(`${command} is missing: run 'cargo build --profile quick --package ws-test-server'`);
  const program = new Program(command, parameters);
  programs.push(program);
  const line = await program.line((text) => text.startsWith('listening on '));
  return line.slice('listening on '.length);
}

/** The version that a host says it has. */
const versionOf = (command) => execFileSync(command, ['--version'], { encoding: 'utf8' }).trim().split('\n')[0];

/** Runs a host; gives what the scenario says. */
async function outcomeOf(command, parameters, environment) {
  const program = new Program(command, parameters, environment);
  try {
    return JSON.parse(await program.line((text) => text.startsWith('{"outcome":'), LIMIT)).outcome;
  } finally {
    await program.stop();
  }
}

function judge({ right, wrong }, cases) {
  assert.deepEqual(wrong, []);
  assert.equal(right.length, cases);
}

/** The hosts that run a program from files. */
const RUNS = [
  ['node', () => process.execPath, []],
  ['bun', () => binary('bun'), []],
  ['deno', () => binary('deno'), ['run', '--no-prompt', '--allow-net', '--allow-read', '--allow-env', '--allow-sys']],
];

describe('required by a program that is no ES module', () => {
  for (const [name, command, parameters] of RUNS) {
    test(`in ${name}`, async () => {
      const program = [path.join(hosts, 'required.cjs'), path.join(dist, `${name}.js`), `${setting.server}/echo`];
      assert.equal(await outcomeOf(command(), [...parameters, ...program]), 'hello');
    });
  }
});

describe('a process ends though the peer of its connection reads nothing', () => {
  for (const [name, command, parameters] of RUNS) {
    for (const [act, told] of [['terminate', '1006\n'], ['closeTimeout', '1006\n'], ['unref', ''], ['fill', '1000\n']]) {
      test(`${act}, in ${name}`, async () => {
        const { server, secure, proxies: { http, https } } = setting;
        const url = act === 'fill' ? `wss://localhost:${deaf.address().port}` : `${secure}/hold?id=${name}-${act}`;
        await Promise.all([null, http, https].map(async (proxy) => {
          const given = JSON.stringify({ act, url, options: { ...setting.tls, proxy }, other: `${server}/echo` });
          const program = [path.join(hosts, 'leaving.mjs'), path.join(dist, `${name}.js`), given];
          const { stdout } = await promisify(execFile)(command(), [...parameters, ...program], { timeout: LIMIT });
          assert.equal(stdout, `open\n${told}`, `proxy: ${proxy}`);
        }));
      });
    }
  }
});

describe('the scenario', () => {
  for (const [name, command, parameters] of RUNS) {
    test(`in ${name}`, async (t) => {
      t.diagnostic(versionOf(command()));
      const file = path.join(folder, `${name}.json`);
      const otherKey = { cert: makeIdentity(folder, 'client').cert, key: makeIdentity(folder, 'other').key };
      writeFileSync(file, JSON.stringify({ ...setting, otherKey, nestsTls: true }));
      const module = path.join(dist, `${name}.js`);
      judge(await outcomeOf(command(), [...parameters, path.join(hosts, 'program.mjs'), module, file]), 26);
    });
  }

  for (const date of DATES) {
    test(`in workerd as of ${date}`, async (t) => {
      t.diagnostic(versionOf(binary('workerd')));
      // TLS trusts what the configuration says, and no option of a program.
      const configuration = path.join(folder, `workerd-${date}.capnp`);
      writeFileSync(configuration, configurationOf({ ...setting, tls: {} }, setting.tls.ca, date));
      judge(await outcomeOf(binary('workerd'), ['test', '--verbose', '--import-path', root, configuration]), 24);
    });
  }
});

describe('the main entry, over the WebSocket of the host', () => {
  for (const date of DATES) {
    test(`in workerd as of ${date}`, async () => {
      const configuration = path.join(folder, `workerd-host-${date}.capnp`);
      writeFileSync(configuration, configurationOf(setting, setting.tls.ca, date, 'worker-host.mjs'));
      const echoed = ['|', 'a', '98,99', 'd', '', '1', 'nothing', 'nothing', 'nothing', 3000];
      answers = [];
      assert.deepEqual(await outcomeOf(binary('workerd'), ['test', '--verbose', '--import-path', root, configuration]), {
        sockets: [echoed, echoed],
        states: ['InvalidStateError', 'InvalidStateError', 'InvalidStateError', 2, 'nothing', true, 2, 'nothing', 3001, 3],
        stream: ['|', 's', 'InvalidAccessError', 'InvalidAccessError', 'InvalidAccessError', 4999],
        ended: [[4001, 'bye'], [1005, ''], [1015, ''], [1006]],
        misuse: ['SyntaxError', 'SyntaxError'],
        seconds: ['nothing', 'nothing', 'nothing', 'SyntaxError', 'TypeError'],
      });
      assert.deepEqual(await Promise.all(answers), [4001, 1005, 1006]);
    });
  }
});

/** The configuration of a worker that is the scenario's test, with all modules of the package. */
function configurationOf(given, authorities, date, worker = 'worker.mjs') {
  // An absolute path is one below the import path.
  const embedded = (name, kind, file) => {
    return `(name = ${JSON.stringify(name)}, ${kind} = embed ${JSON.stringify(`/${path.relative(root, file)}`)})`;
  };
  const modules = [
    embedded(worker, 'esModule', path.join(hosts, worker)),
    embedded('scenario.mjs', 'esModule', path.join(hosts, 'scenario.mjs')),
    embedded('wasm/isosocket_engine_bg.wasm', 'wasm', path.join(dist, 'wasm', 'isosocket_engine_bg.wasm')),
    embedded('wasm/isosocket_engine.js', 'esModule', path.join(dist, 'wasm', 'isosocket_engine.js')),
    ...['workerd.js', 'workerd-socket.js'].map((name) => embedded(`host/${name}`, 'esModule', path.join(dist, 'host', name))),
    ...['', 'reconnecting'].flatMap((folder) => readdirSync(path.join(dist, folder))
      .filter((name) => name.endsWith('.js'))
      .map((name) => embedded(path.join(folder, name), 'esModule', path.join(dist, folder, name)))),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [(name = "main", worker = .main), (name = "internet", network = .internet)]);
const internet :Workerd.Network = (
  allow = ["public", "private", "local"],
  tlsOptions = (trustBrowserCas = false, trustedCertificates = ${JSON.stringify(authorities)}),
);
const main :Workerd.Worker = (
  modules = [${modules.join(',\n    ')}],
  bindings = [(name = "setting", json = ${JSON.stringify(JSON.stringify(given))})],
  compatibilityDate = "${date}",
);
`;
}
