// How the chats look: pictures to be looked at, and what can be told without eyes.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { openChromium, openFirefox } from '../browsers.mjs';
import { SCREENSHOTS } from '../serve.mjs';
import { ChatServer } from './server.mjs';
import { Visitor } from './visitor.mjs';

const FRAMEWORKS = ['yew', 'leptos'];

let server;

before(async () => {
  server = await ChatServer.start();
  await mkdir(SCREENSHOTS, { recursive: true });
});

after(() => server?.end('SIGINT'));

/** Lets two visitors talk, and gives the first one. */
async function talk(driver, framework) {
  const [zoe, yuki] = [await Visitor.open(driver, server.address, framework), await Visitor.open(driver, server.address, framework)];
  await zoe.joinAndConnect('Zoë');
  await yuki.joinAndConnect('雪');
  await zoe.say('Grüße! Does this reach you?');
  await yuki.messages(1);
  await yuki.say(`It does. ${'A long line is broken where it has to be, and a short one is not. '.repeat(3)}`);
  await yuki.say('今日は 👋🏽');
  await zoe.messages(3);
  return zoe;
}

async function picture(driver, name) {
  await writeFile(path.join(SCREENSHOTS, `${name}.png`), await driver.takeScreenshot(), 'base64');
}

describe('Chromium', () => {
  let driver;

  before(async () => {
    driver = await openChromium();
  });

  after(() => driver?.quit());

  for (const framework of FRAMEWORKS) {
    for (const scheme of ['light', 'dark']) {
      for (const [place, width, height] of [['desktop', 1280, 900], ['phone', 320, 640]]) {
        test(`${framework}, ${scheme}, ${place}: all fits`, async () => {
          const visitor = await talk(driver, framework);
          await driver.sendDevToolsCommand('Emulation.setEmulatedMedia', {
            features: [{ name: 'prefers-color-scheme', value: scheme }],
          });
          await driver.sendDevToolsCommand('Emulation.setDeviceMetricsOverride', {
            width, height, mobile: place === 'phone', deviceScaleFactor: 1,
          });
          const sizes = 'const { scrollWidth, scrollHeight } = document.documentElement; return [scrollWidth, scrollHeight]';
          assert.deepEqual(await driver.executeScript(sizes), [width, height]);
          await picture(driver, `chat-${framework}-${scheme}-${place}`);
          await visitor.leave();
          await picture(driver, `chat-${framework}-${scheme}-${place}-entrance`);
        });
      }
    }
  }
});

describe('Firefox', () => {
  for (const dark of [false, true]) {
    test(`${dark ? 'dark' : 'light'}`, async () => {
      const driver = await openFirefox({ dark });
      try {
        for (const framework of FRAMEWORKS) {
          await talk(driver, framework);
          await picture(driver, `chat-${framework}-firefox-${dark ? 'dark' : 'light'}`);
        }
      } finally {
        await driver.quit();
      }
    });
  }
});
