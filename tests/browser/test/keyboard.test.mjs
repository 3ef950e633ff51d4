// The workbench without a mouse, in both browsers.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import { Key } from 'selenium-webdriver';

import { BROWSERS } from '../browsers.mjs';
import { serve } from '../serve.mjs';
import { Workbench } from '../workbench.mjs';

/** What Tab stops at, in its order; one of a group of radio buttons stands for all of them. */
const STOPS = [
  'implementation', 'url', 'protocols', 'toggle', 'text', 'send-text', 'file', 'send-file', 'file-as', 'binary-type',
  'code', 'reason', 'close', 'pause', 'clear', 'scroller',
];

let server;

before(async () => {
  server = await serve();
});

after(() => server?.stop());

for (const [browser, open] of Object.entries(BROWSERS)) {
  describe(browser, () => {
    let driver;
    let workbench;

    before(async () => {
      driver = await open();
      workbench = new Workbench(driver);
      await workbench.load(server.address);
    });

    after(() => driver?.quit());

    const press = (...keys) => driver.actions().sendKeys(...keys).perform();

    const focused = () => driver.executeScript('return document.activeElement.name || document.activeElement.id');

    /** Presses Tab until the focus is at what is named. */
    async function tabTo(name) {
      const passed = [];
      while (passed.at(-1) !== name) {
        assert.ok(passed.length <= STOPS.length, `${name} was not reached but ${passed}`);
        await press(Key.TAB);
        passed.push(await focused());
      }
    }

    test('connects, sends, closes and reads the log', async () => {
      await tabTo('implementation');
      await press(Key.ARROW_RIGHT);
      assert.equal(await driver.executeScript('return document.activeElement.value'), 'javascript');
      await press(Key.ARROW_LEFT);
      await tabTo('toggle');
      await press(Key.ENTER);
      await workbench.state('OPEN');
      assert.equal(await focused(), 'toggle');

      await tabTo('text');
      await press('By keyboard. ', Key.ENTER);
      await workbench.echoes(1);
      assert.match((await workbench.row('received')).preview, /^By keyboard\. /);

      await tabTo('code');
      await press('1001', Key.ENTER);
      assert.match(await workbench.complaint('close'), /^InvalidAccessError/);
      await press(Key.BACK_SPACE.repeat(4), '3001');
      await tabTo('reason');
      await press('done', Key.ENTER);
      assert.equal((await workbench.closed()).preview, 'code 3001, clean');
    });

    test('Enter in the field of the URL connects, and the focus stays there', async () => {
      await workbench.load(server.address);
      await workbench.type('url', 'ws://127.0.0.1/#fragment');
      await press(Key.ENTER);
      await workbench.complaint('connection');
      assert.equal(await focused(), 'url');
      await workbench.type('url', `${server.address}/echo`);
      await press(Key.ENTER);
      await workbench.state('OPEN');
      assert.equal(await focused(), 'url');
      // A key that is held down does not undo it.
      await press(Key.ENTER, 'x');
      assert.equal(await workbench.find('url').getAttribute('value'), `${server.address}/echo`);
      await tabTo('toggle');
      await press(Key.ENTER);
      assert.equal((await workbench.closed()).preview, 'code 1005, clean');
      assert.equal(await workbench.text('end'), 'code 1005, clean');
    });

    test('Tab stops at everything, and where it stops is seen', async () => {
      await workbench.load(server.address);
      // All can be reached when there was a connection. The focus is still at the top of the page.
      const submit = () => driver.executeScript("document.getElementById('connection').requestSubmit()");
      await submit();
      await workbench.state('OPEN');
      await submit();
      await workbench.state('CLOSED');
      const passed = [];
      for (const _ of STOPS) {
        await press(Key.TAB);
        passed.push(await driver.executeScript(() => {
          const { activeElement } = document;
          const shown = activeElement.type === 'radio' ? activeElement.nextElementSibling : activeElement;
          const { outlineStyle, outlineWidth } = getComputedStyle(shown);
          return [activeElement.name || activeElement.id, outlineStyle, outlineWidth];
        }));
      }
      assert.deepEqual(passed, STOPS.map((name) => [name, 'solid', '3px']));
    });
  });
}
