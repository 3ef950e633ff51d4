import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

for (const project of ['tsconfig.json', 'tsconfig.node.json', 'tsconfig.sources.json']) {
  test(`compiles: ${project}`, () => {
    execFileSync(process.execPath, [tsc, '--project', path.join(import.meta.dirname, 'types', project)], { stdio: ['ignore', 'inherit', 'inherit'] });
  });
}

test('the table of options in the README has those of the types', () => {
  const read = (file) => readFileSync(path.join(import.meta.dirname, '..', file), 'utf8');
  const [, members] = /^export interface EngineOptions \{\n([^]*?)^\}/m.exec(read('types/index.d.ts'));
  const names = [...members.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name]) => name);
  assert.ok(names.includes('headers') && names.includes('perMessageDeflate'));
  const [, table] = /^\| option .*\n\|---.*\n((?:\|.*\n)+)/m.exec(read('README.md'));
  const rows = table.split('\n').flatMap((row) => row.split(' | ')[0].match(/\w+/g) ?? []);
  assert.deepEqual(names.filter((name) => !rows.includes(name)), []);
});
