import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';

const require = createRequire(import.meta.url);
const tsc = path.join(path.dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');

for (const project of ['tsconfig.json', 'tsconfig.node.json', 'tsconfig.sources.json']) {
  test(`compiles: ${project}`, () => {
    execFileSync(process.execPath, [tsc, '--project', path.join(import.meta.dirname, 'types', project)], { stdio: ['ignore', 'inherit', 'inherit'] });
  });
}
