// Runs the scenario in Node, Deno or Bun: program.mjs MODULE SETTING, of which the latter is JSON in a file.

import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';

import { EXPECTED, run } from './scenario.mjs';

process.on('uncaughtException', (error) => {
  if (error.message !== EXPECTED) throw error;
});

const [module, setting] = process.argv.slice(2);
const storage = new AsyncLocalStorage();
const outcome = await run(await import(module), { ...JSON.parse(readFileSync(setting, 'utf8')), storage });
console.log(JSON.stringify({ outcome }));
