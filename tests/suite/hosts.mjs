// The hosts: each runs the suite and gives its results.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { openChromium, openFirefox } from '../browser/browsers.mjs';
import { Program } from './program.mjs';
import { TARGET } from './stage.mjs';

/** The longest that the whole suite may take in one host, in milliseconds. */
const LIMIT = 180_000;

export const HOSTS = {
  node: (stage) => runInNode(stage, 'node', [process.execPath]),
  deno: (stage) => runInNode(stage, 'deno', [packaged('deno'), 'run', '--allow-all']),
  bun: (stage) => runInNode(stage, 'bun', [packaged('bun')]),
  chromium: (stage) => runInPage(stage, 'chromium', openChromium),
  firefox: (stage) => runInPage(stage, 'firefox', openFirefox),
  quickjs: (stage) => runInWorker(stage, 'quickjs', 'worker'),
  boa: (stage) => runInWorker(stage, 'boa', 'worker_boa'),
};

async function runInPage(stage, host, open) {
  const driver = await open({ insecure: true });
  try {
    await driver.manage().setTimeouts({ script: LIMIT });
    await driver.get(stage.page);
    return resultsIn(await driver.executeAsyncScript(`
      const [host, done] = arguments;
      Object.assign(SUITE, { host, done });
      run_suite();
    `, host));
  } finally {
    await driver.quit();
  }
}

/** The program of a host that comes as a package. */
function packaged(name) {
  return path.join(import.meta.dirname, '..', '..', 'js', 'test', 'hosts', 'node_modules', '.bin', name);
}

/** Node, and what has its modules. */
async function runInNode(stage, host, [command, ...parameters]) {
  const scripts = path.join(stage.folder, `${host}.json`);
  await writeFile(scripts, JSON.stringify(await stage.scripts(host)));
  const script = path.join(import.meta.dirname, 'host', 'node.mjs');
  const authority = { NODE_EXTRA_CA_CERTS: stage.authority, DENO_CERT: stage.authority };
  return resultsOf(new Program(command, [...parameters, script, stage.page, scripts], authority));
}

/** A program that runs one script, with the interface among its globals. */
async function runInWorker(stage, host, example) {
  const script = path.join(stage.folder, `${host}.js`);
  const sources = (await stage.scripts(host)).map(({ source }) => source);
  await writeFile(script, `${sources.join('\n')}\nrun_suite();\n`);
  const command = path.join(TARGET, 'quick', 'examples', example);
  return resultsOf(new Program(command, ['--base-url', stage.page, script], { SSL_CERT_FILE: stage.authority }));
}

async function resultsOf(program) {
  try {
    return resultsIn(await program.line((text) => text.startsWith('{"suite":'), LIMIT));
  } finally {
    await program.stop();
  }
}

function resultsIn(line) {
  return JSON.parse(line).suite;
}
