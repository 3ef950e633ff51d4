// How fast messages come and go in a browser: ws-wasm beside other crates and beside JavaScript alone.
//
//   node ws-wasm/benches/speed.mjs [--rounds 7] [--browser chromium|firefox] [--only NAME,..] [--work receive,..] [--kind TEXT]
//
// Prints tables in Markdown. Needs the test server: `cargo build --release -p ws-test-server`.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import readline from 'node:readline';
import { parseArgs } from 'node:util';

import { BROWSERS } from '../../tests/browser/browsers.mjs';
import { bind, compile, root } from './build.mjs';
import { mainThreadSeconds } from './processor.mjs';
import { median, table } from './table.mjs';

const RAW = 'JavaScript';
/** Only where the browser has one. */
const RAW_STREAM = 'JavaScript WebSocketStream';
const CONTESTANTS = [
  RAW, 'isosocket', 'web-sys', 'gloo-net', 'ws_stream_wasm', 'ewebsock', 'tokio-tungstenite-wasm',
  RAW_STREAM, 'isosocket WebSocketStream',
];
const WORKS = ['receive', 'read', 'send', 'echo'];
const KINDS = [
  { name: '100 B text', kind: 'text', size: 100, count: 20_000 },
  { name: '100 B binary', kind: 'binary', size: 100, count: 20_000 },
  { name: '16 KiB text', kind: 'text', size: 1 << 14, count: 3000 },
  { name: '16 KiB binary', kind: 'binary', size: 1 << 14, count: 3000 },
  { name: '16 KiB non-ASCII text', kind: 'wide', size: 1 << 14, count: 3000 },
  { name: '1 MiB binary', kind: 'binary', size: 1 << 20, count: 60 },
];
/** Of each message, how many are looked at before anything is timed. */
const VERIFIED = 200;
const READY_MILLISECONDS = 10_000;
const RUN_MILLISECONDS = 60_000;
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    browser: { type: 'string', default: 'chromium,firefox' },
    only: { type: 'string', default: CONTESTANTS.join() },
    work: { type: 'string', default: WORKS.join() },
    kind: { type: 'string', default: '' },
  },
});
const rounds = Number(options.rounds);

compile(['speed'], 'release');
const built = bind('speed', 'release', '-O3');
const server = await startServer();
const pages = await servePages();
try {
  for (const name of Object.keys(BROWSERS)) {
    if (options.browser.split(',').includes(name.toLowerCase())) await measure(name);
  }
} finally {
  for (const page of pages) page.close();
  server.child.kill();
}

async function measure(name) {
  const driver = await BROWSERS[name]();
  try {
    await driver.manage().setTimeouts({ script: RUN_MILLISECONDS });
    const contestants = await openWindows(driver);
    const capabilities = await driver.getCapabilities();
    console.log(`\n## ${name} ${capabilities.getBrowserVersion()}, median of ${rounds} rounds`);
    for (const work of WORKS.filter((work) => options.work.split(',').includes(work))) {
      const rows = [];
      for (const course of KINDS.filter(({ name }) => name.includes(options.kind))) {
        rows.push([course.name, ...(await compare(driver, contestants, { work, ...course }))]);
      }
      console.log(`\n### ${work}: messages per second, as a part of JavaScript's; microseconds of the main thread per message\n`);
      console.log(table(['', ...contestants.map(({ name }) => name)], rows));
    }
  } finally {
    await driver.quit();
  }
}

/** Opens a window for each contestant, with a site, and so with a process and a memory, of its own. @returns who can take part */
async function openWindows(driver) {
  const wanted = CONTESTANTS.filter((name) => name === RAW || options.only.split(',').includes(name));
  const contestants = [];
  for (const name of wanted) {
    if (contestants.length > 0) await driver.switchTo().newWindow('window');
    const { address, port } = pages[CONTESTANTS.indexOf(name)].address();
    await driver.get(`http://${address}:${port}/`);
    await driver.wait(() => driver.executeScript('return typeof window.run === "function"'), READY_MILLISECONDS);
    if (name === RAW_STREAM && !(await driver.executeScript('return "WebSocketStream" in window'))) continue;
    contestants.push({ name, window: await driver.getWindowHandle() });
  }
  return contestants;
}

/** Lets all run a course by turns. @returns a cell for each */
async function compare(driver, contestants, course) {
  const results = new Map(contestants.map((contestant) => [contestant, { rates: [], costs: [] }]));
  for (const [contestant, result] of results) {
    result.failure = await attempt(driver, contestant, { ...course, count: Math.min(course.count, VERIFIED) });
  }
  const [raw] = contestants;
  if (results.get(raw).failure) throw new Error('JavaScript alone must be able to do it');
  for (let round = 0; round < rounds; round++) {
    const turn = contestants.map((_, index) => contestants[(index + round) % contestants.length]);
    for (const contestant of turn.filter((contestant) => !results.get(contestant).failure)) {
      const { milliseconds, busy } = await run(driver, contestant, course, false);
      results.get(contestant).rates.push((course.count / milliseconds) * 1000);
      results.get(contestant).costs.push((busy / course.count) * 1e6);
    }
  }
  const rawRate = median(results.get(raw).rates);
  return [...results.values()].map(({ rates, costs, failure }) => {
    if (failure) return failure;
    return `${Math.round(median(rates))} (${(median(rates) / rawRate).toFixed(2)}; ${median(costs).toFixed(1)})`;
  });
}

/** Has each message looked at. @returns what went wrong, if anything did */
async function attempt(driver, contestant, course) {
  try {
    await run(driver, contestant, course, true);
    return undefined;
  } catch (error) {
    console.error(`${contestant.name}, ${course.work} ${course.name}: ${error.message}`);
    return 'fails';
  }
}

/** @returns how long it took, and the seconds on a processor that it cost */
async function run(driver, { name, window }, { work, kind, size, count }, verify) {
  await driver.switchTo().window(window);
  const before = mainThreadSeconds();
  const { milliseconds, failure } = await driver.executeAsyncScript(
    (name, url, work, kind, size, count, verify, done) => {
      if (document.hidden) return done({ failure: 'a window that is hidden is slowed down' });
      window.run(name, url, work, kind, size, count, verify)
        .then((milliseconds) => done({ milliseconds }), (error) => done({ failure: String(error) }));
    }, name, `${server.address}${target(work, kind, size, count)}`, work, kind, size, count, verify);
  if (failure) throw new Error(failure);
  return { milliseconds, busy: mainThreadSeconds() - before };
}

function target(work, kind, size, count) {
  if (work === 'receive' || work === 'read') return `/pour?kind=${kind}&size=${size}&count=${count}`;
  return work === 'send' ? `/sink?count=${count}` : '/echo';
}

async function startServer() {
  const program = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'release', 'ws-test-server');
  const child = spawn(program, [], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(READY_MILLISECONDS) });
  return { child, address: line.replace('listening on ', '') };
}

/** The same page for each contestant, at addresses that are different sites to a browser. */
function servePages() {
  const files = {
    '/': path.join(import.meta.dirname, 'speed', 'page.html'),
    '/raw.js': path.join(import.meta.dirname, 'speed', 'raw.js'),
    '/app.js': built.glue,
    '/app_bg.wasm': built.wasm,
  };
  return Promise.all(CONTESTANTS.map(async (_, index) => {
    const page = createServer(async (request, response) => {
      const file = files[request.url];
      if (!file) return response.writeHead(404).end();
      response.writeHead(200, { 'Content-Type': TYPES[path.extname(file)] }).end(await readFile(file));
    });
    page.listen(0, `127.0.0.${index + 1}`);
    await once(page, 'listening');
    return page;
  }));
}
