// Runs the conformance suite in every host and compares the verdicts: with each other, and with those that are recorded.
//
//   node tests/suite/run.mjs [--host node,deno,bun,chromium,firefox,quickjs,boa] [--only constructor,send]

import { parseArgs } from 'node:util';

import { HOSTS } from './hosts.mjs';
import { Stage } from './stage.mjs';
import { judge, print } from './verdicts.mjs';

const DEFAULT_HOSTS = ['node', 'chromium', 'firefox'];

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: DEFAULT_HOSTS.join(',') },
    // The files to run instead of all.
    only: { type: 'string' },
  },
});
const names = values.host.split(',');
for (const name of names) {
  if (!Object.hasOwn(HOSTS, name)) throw new Error(`there is no host '${name}': ${Object.keys(HOSTS).join(', ')}`);
}

const stage = await Stage.set(values.only?.split(','));
const ran = [];
try {
  for (const name of names) {
    const began = performance.now();
    const { results = [], problem } = await HOSTS[name](stage).then((results) => ({ results }), (problem) => ({ problem }));
    ran.push({ name, results, problem, seconds: (performance.now() - began) / 1000 });
  }
} finally {
  await stage.clear();
}
const { failed } = print(judge(ran, values.only === undefined));
process.exitCode = failed > 0 ? 1 : 0;
