// How the workbench looks: pictures to be looked at, and what can be told without eyes.

import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { openChromium, openFirefox } from '../browsers.mjs';
import { SCREENSHOTS, serve } from '../serve.mjs';
import { Workbench } from '../workbench.mjs';

/** The smallest contrast WCAG allows for text of this size. */
const LEAST_CONTRAST = 4.5;

let server;

before(async () => {
  server = await serve();
  await mkdir(SCREENSHOTS, { recursive: true });
});

after(() => server?.stop());

/** Does a little of everything, so that there is something to see. */
async function use(workbench) {
  await workbench.load(server.address);
  await workbench.type('protocols', 'chat');
  await workbench.connectAndOpen();
  await workbench.type('text', 'Grüße from the workbench ✓');
  await workbench.click('send-text');
  await workbench.echoes(1);
  await workbench.driver.executeScript(() => {
    const bytes = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 7);
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], 'sample.bin'));
    document.getElementById('file').files = transfer.files;
  });
  await workbench.click('send-file');
  await workbench.echoes(2);
  await workbench.type('code', '1001');
  await workbench.type('reason', 'a reason');
  await workbench.click('close');
  await workbench.complaint('close');
  await workbench.type('text', `A token: ${'x'.repeat(200)}`);
}

/** Texts whose contrast to what is behind them is too small. */
function faintTexts(least) {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const luminance = ([red, green, blue]) => {
    const linear = (value) => (value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
  };
  const background = (element) => {
    for (let place = element; place; place = place.parentElement) {
      const color = rgba(getComputedStyle(place).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const isShown = walker.currentNode.textContent.trim() && element.checkVisibility();
    if (!isShown || element.closest(':disabled')) continue;
    const [one, other] = [rgba(getComputedStyle(element).color), background(element)].map(luminance);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < least) faint.push(`${walker.currentNode.textContent.trim()}: ${contrast.toFixed(2)}`);
  }
  return faint;
}

describe('Chromium', () => {
  let driver;
  let workbench;

  before(async () => {
    driver = await openChromium();
    workbench = new Workbench(driver);
  });

  after(() => driver?.quit());

  const colorScheme = (value) => driver.sendDevToolsCommand('Emulation.setEmulatedMedia', {
    features: [{ name: 'prefers-color-scheme', value }, { name: 'prefers-reduced-motion', value: 'reduce' }],
  });

  const windowSize = (width, height, mobile) => driver.sendDevToolsCommand('Emulation.setDeviceMetricsOverride', {
    width, height, mobile, deviceScaleFactor: 1,
  });

  /** Takes a picture of the whole page, in a window as high as that. */
  async function picture(name, width, mobile) {
    const height = await driver.executeScript('return document.documentElement.scrollHeight');
    await windowSize(width, height, mobile);
    await writeFile(path.join(SCREENSHOTS, `${name}.png`), await driver.takeScreenshot(), 'base64');
  }

  for (const scheme of ['light', 'dark']) {
    for (const [place, width, height] of [['desktop', 1280, 900], ['tablet', 768, 1024], ['phone', 320, 640]]) {
      test(`${place}, ${scheme}: all fits and can be read`, async () => {
        await colorScheme(scheme);
        const mobile = place === 'phone';
        await windowSize(width, height, mobile);
        await workbench.load(server.address);
        await use(workbench);
        const needed = await driver.executeScript('return document.documentElement.scrollWidth');
        assert.ok(needed <= width, `${needed} pixels wide`);
        await picture(`${place}-${scheme}`, width, mobile);
        assert.deepEqual(await driver.executeScript(faintTexts, LEAST_CONTRAST), []);
      });
    }
  }
});

describe('Firefox', () => {
  for (const dark of [false, true]) {
    const scheme = dark ? 'dark' : 'light';
    test(`${scheme}: all can be read`, async () => {
      const driver = await openFirefox({ dark });
      try {
        const workbench = new Workbench(driver);
        await use(workbench);
        await writeFile(path.join(SCREENSHOTS, `firefox-${scheme}.png`), await driver.takeScreenshot(), 'base64');
        assert.deepEqual(await driver.executeScript(faintTexts, LEAST_CONTRAST), []);
      } finally {
        await driver.quit();
      }
    });
  }
});
