// The program under test: `isosocket serve` with the built page.

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';

const root = path.resolve(import.meta.dirname, '..', '..');
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
const READY_MILLISECONDS = 10_000;

/** Where tests leave what is worth looking at. */
export const SCREENSHOTS = path.join(target, 'screenshots');

/** The page, as it was built. */
export const PAGE = path.join(root, 'www', 'dist');

/** Builds the program, starts it with a page on a free port and waits until it is ready. */
export async function serve(page = PAGE) {
  const build = ['build', '--quiet', '--locked', '--profile', 'quick', '--features', 'cli', '--bin', 'isosocket'];
  const built = spawnSync('cargo', build, { cwd: root, stdio: 'inherit' });
  if (built.error) throw built.error;
  if (built.status !== 0) throw new Error('isosocket could not be built');
  const parameters = ['serve', '--dir', page, '--port', '0'];
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(path.join(target, 'quick', 'isosocket'), parameters, { stdio });
  const ended = once(child, 'close');
  const stop = async () => {
    child.kill();
    await ended;
  };
  try {
    const lines = readline.createInterface({ input: child.stdout });
    const gone = ended.then(() => Promise.reject(new Error('isosocket ended before it was ready')));
    gone.catch(() => {});
    const [line] = await Promise.race([once(lines, 'line', { signal: AbortSignal.timeout(READY_MILLISECONDS) }), gone]);
    const [address] = /http:\/\/[^ ]+/.exec(line) ?? [];
    if (!address) throw new Error(`isosocket said: ${line}`);
    return { address, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
