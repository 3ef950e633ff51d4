// The hosts: each runs the suite and gives its results.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import { openChromium, openFirefox } from '../browser/browsers.mjs';
import { Program } from './program.mjs';
import { TARGET } from './stage.mjs';

/** The longest that the whole suite may take in one host, in milliseconds. */
const LIMIT = 180_000;

export const HOSTS = {
  node: (stage) => runInNode(stage),
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

async function runInNode(stage) {
  const scripts = path.join(stage.folder, 'node.json');
  await writeFile(scripts, JSON.stringify(await stage.scripts('node')));
  const script = path.join(import.meta.dirname, 'host', 'node.mjs');
  return resultsOf(new Program(process.execPath, [script, stage.page, scripts], { NODE_EXTRA_CA_CERTS: stage.authority }));
}

/** A program that runs one script, with the interface among its globals. */
async function runInWorker(stage, host, example) {
  const script = path.join(stage.folder, `${host}.js`);
  const sources = (await stage.scripts(host)).map(({ source }) => source);
  await writeFile(script, `${sources.join('\n')}\nrun_suite();\n`);
  const command = path.join(TARGET, 'release', 'examples', example);
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
