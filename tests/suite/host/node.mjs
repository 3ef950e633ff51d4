// Runs the suite in Node: node host/node.mjs BASE-URL SCRIPTS. The interface is that of the npm package's engine.

import { setMaxListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { runInThisContext } from 'node:vm';

const [base, scripts] = process.argv.slice(2);
const ofPackage = createRequire(new URL('../../../js/package.json', import.meta.url));
const { WebSocket, CloseEvent } = await import(ofPackage.resolve('isosocket/engine'));
for (const [name, value] of Object.entries({ WebSocket, CloseEvent, location: new URL(base) })) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}

// Node warns of many listeners, and the suite adds a thousand.
setMaxListeners(0);

// A listener that throws ends a Node that has not said otherwise.
process.on('uncaughtException', (error) => {
  if (error?.message === 'thrown on purpose') return;
  console.error(error);
  process.exit(1);
});

for (const { name, source } of JSON.parse(readFileSync(scripts, 'utf8'))) runInThisContext(source, { filename: `${name}.js` });
SUITE.done = (line) => process.stdout.write(`${line}\n`, () => process.exit(0));
run_suite();
