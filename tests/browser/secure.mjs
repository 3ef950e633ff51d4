// A web server that speaks TLS: the test peer, whose page is an empty one.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const target = path.resolve(import.meta.dirname, '..', '..', process.env.CARGO_TARGET_DIR ?? 'target');
const READY_MILLISECONDS = 10_000;

/** Starts it on a free port. @returns its `https:` address, and `stop()` */
export async function serveSecurely() {
  const folder = await mkdtemp(path.join(tmpdir(), 'isosocket-'));
  const parameters = ['--addr', '127.0.0.1:0', '--authority', path.join(folder, 'authority.pem')];
  const child = spawn(path.join(target, 'quick', 'ws-test-server'), parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill();
    await ended;
    await rm(folder, { recursive: true });
  };
  try {
    const lines = readline.createInterface({ input: child.stdout });
    const [line] = await once(lines, 'line', { signal: AbortSignal.timeout(READY_MILLISECONDS) });
    return { address: line.replace('listening on wss:', 'https:'), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
