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
/** The smallest target it allows, in pixels. */
const LEAST_TARGET = 24;

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
  await workbench.sendFile(1 << 20);
  await workbench.echoes(2);
  // A long text, a file that is let go of at once, and a short text; the first is shown whole, the last is copied, and one more
  // waits.
  await workbench.sendText('A long text, and a line.\n'.repeat(20));
  await workbench.sendFile((16 << 20) + 1);
  await workbench.sendText('{"a": "text"}');
  await workbench.echoes(5);
  await workbench.driver.executeScript(() => {
    const buttons = (action) => Array.from(document.querySelectorAll(`#log [data-action="${action}"]`));
    buttons('show')[3].click();
    buttons('copy').at(-1).click();
  });
  await workbench.waitFor("said.textContent !== ''");
  await workbench.click('pause');
  await workbench.sendText('{"another": "text"}');
  await workbench.waitFor("waiting.textContent === '2 waiting'");
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

/** Buttons that a finger may miss. */
function smallButtons(least) {
  const shown = Array.from(document.querySelectorAll('button')).filter((button) => button.checkVisibility());
  const small = shown.filter((button) => {
    const { width, height } = button.getBoundingClientRect();
    return width < least || height < least;
  });
  return small.map(({ textContent }) => textContent);
}

describe('Chromium', () => {
  let driver;
  let workbench;

  before(async () => {
    driver = await openChromium();
    workbench = new Workbench(driver);
  });

  after(() => driver?.quit());

  const colorScheme = (value, forcedColors = 'none') => driver.sendDevToolsCommand('Emulation.setEmulatedMedia', {
    features: [
      { name: 'prefers-color-scheme', value },
      { name: 'prefers-reduced-motion', value: 'reduce' },
      { name: 'forced-colors', value: forcedColors },
    ],
  });

  const windowSize = async (width, height, mobile) => {
    await driver.sendDevToolsCommand('Emulation.setDeviceMetricsOverride', { width, height, mobile, deviceScaleFactor: 1 });
    await driver.sendDevToolsCommand('Emulation.setTouchEmulationEnabled', { enabled: mobile });
  };

  async function assertFits(width) {
    for (const place of ['document.documentElement', 'scroller']) {
      const [needed, given] = await driver.executeScript(`return [${place}.scrollWidth, ${place}.clientWidth]`);
      assert.ok(needed <= given && given <= width, `${place}: ${needed} pixels wide`);
    }
  }

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
        await assertFits(width);
        await picture(`${place}-${scheme}`, width, mobile);
        assert.deepEqual(await driver.executeScript(faintTexts, LEAST_CONTRAST), []);
        assert.deepEqual(await driver.executeScript(smallButtons, LEAST_TARGET), []);
      });
    }

    test(`forced colours, ${scheme}: pictures`, async () => {
      await colorScheme(scheme, 'active');
      await windowSize(1280, 900, false);
      await use(workbench);
      await driver.executeScript("document.querySelector('#log > li:last-child [data-action=copy]').focus()");
      await picture(`forced-${scheme}`, 1280, false);
    });
  }

  test('at 200 % zoom all fits', async () => {
    await colorScheme('light');
    await windowSize(640, 450, false);
    await use(workbench);
    await assertFits(640);
    await picture('zoomed-light', 640, false);
  });
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
