// Other programs, run to their end or until they are ready.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';

import { examples } from './installed.mjs';

const LIMIT = 240_000;
const env = { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'production' };

/** Runs a script of Node, which has to end well; gives what it prints. */
export const run = (...parameters) => runCommand(process.execPath, ...parameters);

/** Runs a command, which has to end well; gives what it prints. */
export async function runCommand(command, ...parameters) {
  const child = spawn(command, parameters, { cwd: examples, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill(), LIMIT);
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk) => { output += chunk; });
  child.stderr.on('data', (chunk) => { complaints += chunk; });
  const [status, signal] = await once(child, 'close').finally(() => clearTimeout(timer));
  if (status !== 0) throw new Error(`${command} ${parameters.join(' ')} ended with ${signal ?? status}:\n${output}${complaints}`);
  return output;
}

/** Starts a script that serves; gives the address it prints, and what ends it. */
export async function start(...parameters) {
  const child = spawn(process.execPath, parameters, { cwd: examples, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill();
    await ended;
  };
  const timer = setTimeout(stop, LIMIT);
  for await (const line of readline.createInterface({ input: child.stdout })) {
    const [address] = /http:\/\/[\w.]+:\d+/.exec(line) ?? [];
    if (!address) continue;
    clearTimeout(timer);
    child.stdout.resume();
    return { address, stop };
  }
  throw new Error(`${parameters.join(' ')} ended before it was ready`);
}
