import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import * as flags from '../dist/flags.js';
import * as kinds from '../dist/kinds.js';

/** The constants of a file of the engine. */
function constantsOf(file) {
  const source = readFileSync(path.join(import.meta.dirname, '..', 'engine', 'src', file), 'utf8');
  return Object.fromEntries([...source.matchAll(/const (\w+): u32 = (\d+);/g)].map(([, name, value]) => [name, Number(value)]));
}

for (const [file, constants] of Object.entries({ 'flags.rs': flags, 'kinds.rs': kinds })) {
  test(`the engine has the same numbers in ${file}`, () => assert.deepEqual({ ...constants }, constantsOf(file)));
}
