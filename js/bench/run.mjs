// Measures all clients side by side: node run.mjs [--rounds 7] [--only 'text 100 B'] [--direction receive]
//
// Each client is a process of its own, as the server is. A round of one client follows a round of another, so that what
// happens to the machine happens to all. The first round of each is compared message by message, and not counted.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { CLIENTS } from './clients.mjs';
import { WORKLOADS } from './workloads.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    only: { type: 'string' },
    direction: { type: 'string' },
    clients: { type: 'string', default: 'isosocket,ws,ws + bufferutil,ws Buffers,undici' },
  },
});
const rounds = Number(values.rounds);
const names = values.clients.split(',');
const here = import.meta.dirname;

const server = fork(path.join(here, 'server.mjs'), { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
const children = [server];
/** Rejects when one of them ends. */
let gone;
try {
  const [line] = await once(server.stdout, 'data');
  const port = String(line).trim();
  const clients = new Map();
  gone = Promise.race(children.map(ended));
  for (const name of names) {
    const env = { ...process.env, ...CLIENTS[name].env };
    const child = fork(path.join(here, 'client.mjs'), [name, port], { env });
    children.push(child);
    gone = Promise.race([gone, ended(child)]);
    await once(child, 'message');
    clients.set(name, child);
  }
  console.log(`Node ${process.version}, ${cpus()[0].model}, ${new Date().toISOString().slice(0, 10)}, ${rounds} rounds\n`);
  for (const direction of values.direction?.split(',') ?? ['receive', 'send']) {
    console.log(`| ${direction}: CPU time a message | ${names.join(' | ')} | ${names.slice(1).map((name) => `${name} / ${names[0]}`).join(' | ')} |`);
    console.log(`|---|${'---:|'.repeat(2 * names.length - 1)}`);
    for (const workload of values.only?.split(';') ?? Object.keys(WORKLOADS)) {
      console.log(rowOf(workload, await measure(clients, direction, workload)));
    }
    console.log();
  }
} finally {
  gone?.catch(() => {});
  for (const child of children) child.kill();
}

/** Throws when a process ends. */
async function ended(child) {
  const [code, signal] = await once(child, 'exit');
  throw new Error(`a process has ended: ${signal ?? code}`);
}

async function measure(clients, direction, workload) {
  const figures = new Map(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const [name, child] of clients) {
      child.send({ direction, workload, checks: round === -1 });
      const [outcome] = await Promise.race([once(child, 'message'), gone]);
      if (outcome.error) figures.get(name).error = outcome.error;
      else if (round >= 0) figures.get(name).push(outcome.cpu);
    }
  }
  return figures;
}

function rowOf(workload, figures) {
  const medians = names.map((name) => median(figures.get(name)));
  const shown = names.map((name, index) => figures.get(name).error ?? timeOf(medians[index]));
  const ratios = medians.slice(1).map((time) => `${(time / medians[0]).toFixed(2)}`);
  return `| ${workload} | ${shown.join(' | ')} | ${ratios.join(' | ')} |`;
}

function median(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

function timeOf(nanoseconds) {
  return nanoseconds < 10_000 ? `${Math.round(nanoseconds)} ns` : `${(nanoseconds / 1000).toFixed(nanoseconds < 100_000 ? 1 : 0)} \u00b5s`;
}
