// The messages of the workbench's log: shown whole, copied and saved, by mouse and by keyboard, in both browsers.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { Key } from 'selenium-webdriver';

import { BROWSERS } from '../browsers.mjs';
import { serve } from '../serve.mjs';
import { LIMIT, Workbench } from '../workbench.mjs';

const MEBIBYTE = 1 << 20;
const LINES = Array.from({ length: 400 }, (_, line) => `line ${line} – Grüße`).join('\n');

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
    });

    after(() => driver?.quit());

    beforeEach(() => workbench.load(server.address));

    const press = (...keys) => driver.actions().sendKeys(...keys).perform();
    const pressShiftTab = () => driver.actions().keyDown(Key.SHIFT).sendKeys(Key.TAB).keyUp(Key.SHIFT).perform();

    const clickIn = async (row, action) => (await workbench.button(row, action)).click();
    const preview = async (row) => (await workbench.rows())[row - 1]?.preview;
    const hasPreview = (row, text) => driver.wait(async () => (await preview(row)) === text, LIMIT, `${text} in row ${row}`);
    const said = (words) => workbench.waitFor(`/${words}/.test(said.textContent)`);

    async function sendFile(size, as) {
      await workbench.choose('file-as', as);
      await workbench.choose('binary-type', as === 'blob' ? 'blob' : 'arraybuffer');
      await workbench.sendFile(size);
    }

    const isInView = (row) => driver.executeScript((nth) => {
      const [place, view] = [document.querySelector(`#log > li:nth-child(${nth})`), scroller].map((one) => one.getBoundingClientRect());
      return place.top >= view.top && place.bottom <= view.bottom;
    }, row);

    for (const as of ['bytes', 'blob']) {
      test(`a long message of ${as} that is short again is in view`, async () => {
        await workbench.connectAndOpen();
        await sendFile(100_000, as);
        await workbench.echoes(1);
        const head = await preview(4);
        await clickIn(4, 'show');
        await driver.wait(async () => (await preview(4)).length > 290_000, LIMIT, 'all of it');
        await workbench.sendText('after it', 40);
        await workbench.echoes(41);
        await driver.executeScript('scroller.scrollTop += 3000');
        await clickIn(4, 'show');
        await hasPreview(4, head);
        await driver.wait(() => isInView(4), LIMIT, 'the row in view');
      });
    }

    test('a text is shown whole, and shortened again', async () => {
      await workbench.connectAndOpen();
      await workbench.sendText(LINES);
      await workbench.echoes(1);
      const head = `${LINES.slice(0, 300)}…`;
      assert.equal(await preview(4), head);
      assert.deepEqual(await workbench.buttons(4), ['Show all', 'Copy', 'Save']);
      await clickIn(4, 'show');
      await hasPreview(4, LINES);
      assert.deepEqual(await workbench.buttons(4), ['Show less', 'Copy', 'Save']);
      // It is read from its beginning: the log does not run on to the end of it.
      assert.ok(await driver.executeScript('return !latest.hidden'));
      await workbench.sendText('after it', 40);
      await workbench.echoes(41);
      // However far down it is read, the buttons are in view, and so is the row when it is short again.
      await driver.executeScript('scroller.scrollTop += 2000');
      await clickIn(4, 'show');
      await hasPreview(4, head);
      assert.ok(await isInView(4));
      assert.deepEqual(await workbench.buttons(4), ['Show all', 'Copy', 'Save']);
    });

    test('bytes and Blobs are shown whole in hexadecimal', async () => {
      const hex = Buffer.from(Uint8Array.from({ length: 40 }, (_, index) => index)).toString('hex').replaceAll(/..(?!$)/g, '$& ');
      await workbench.connectAndOpen();
      let row = 2;
      for (const as of ['blob', 'bytes']) {
        await sendFile(40, as);
        for (const direction of ['sent', 'received']) {
          row += 1;
          await workbench.row(direction, as === 'blob' ? 1 : 2);
          await hasPreview(row, `${hex.slice(0, 47)} …`);
          await clickIn(row, 'show');
          await hasPreview(row, hex);
        }
      }
    });

    test('what is shown already has no button to show it', async () => {
      await workbench.connectAndOpen();
      for (const [length, expected] of [[300, ['Copy']], [301, ['Show all', 'Copy', 'Save']]]) {
        await workbench.sendText('x'.repeat(length));
        const { preview: shown } = await workbench.row('received', length - 299);
        assert.equal(shown, length === 300 ? 'x'.repeat(300) : `${'x'.repeat(300)}…`);
        assert.deepEqual(await workbench.buttons((length - 299) * 2 + 2), expected);
      }
      for (const [length, expected] of [[16, ['Copy', 'Save']], [17, ['Show all', 'Copy', 'Save']]]) {
        await sendFile(length, 'bytes');
        await workbench.row('received', length - 13);
        assert.deepEqual(await workbench.buttons((length - 13) * 2 + 2), expected);
      }
      assert.deepEqual(await workbench.buttons(1), []);
    });

    test('what has not been sent can be shown as well', async () => {
      await workbench.connectAndOpen();
      await workbench.click('toggle');
      await workbench.closed();
      await workbench.sendText('too late');
      await hasPreview(5, 'Thrown away: the socket is CLOSED.');
      await clickIn(5, 'show');
      await hasPreview(5, 'too late');
    });

    test('of a very long text the beginning is shown, and how much more there is', async () => {
      await workbench.connectAndOpen();
      await workbench.sendText('x'.repeat(MEBIBYTE + 2));
      await workbench.row('sent');
      await clickIn(3, 'show');
      await workbench.waitFor("document.querySelector('.rest')?.textContent === '… 2 more characters: save it to read them.'");
      const [{ length }] = await driver.executeScript("return [document.querySelector('.sent .preview').firstChild.data]");
      assert.equal(length, MEBIBYTE);
    });

    test('text and bytes are copied', async () => {
      await workbench.connectAndOpen();
      await workbench.sendText(LINES);
      await workbench.echoes(1);
      await clickIn(4, 'copy');
      await said('^Copied');
      const pasted = async () => {
        await workbench.find('text').clear();
        await workbench.find('text').sendKeys(Key.chord(Key.CONTROL, 'v'));
        return workbench.find('text').getAttribute('value');
      };
      assert.equal(await pasted(), LINES);
      await sendFile(17, 'blob');
      await workbench.echoes(2);
      await clickIn(6, 'copy');
      await driver.wait(async () => (await pasted()) === '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10', LIMIT, 'the bytes');
    });

    test('what may not be copied is selected', async () => {
      await workbench.connectAndOpen();
      await workbench.sendText(LINES);
      await workbench.echoes(1);
      // So it is in pages of insecure origins.
      await driver.executeScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
      await clickIn(4, 'copy');
      await said('selected');
      assert.equal(await driver.executeScript('return getSelection().toString()'), LINES);
      assert.equal(await preview(4), LINES);

      // Neither is what is said in place of the message.
      await workbench.click('toggle');
      await workbench.closed();
      await workbench.sendText('too late');
      await hasPreview(7, 'Thrown away: the socket is CLOSED.');
      await clickIn(7, 'copy');
      await hasPreview(7, 'too late');
      await driver.wait(async () => (await driver.executeScript('return getSelection().toString()')) === 'too late', LIMIT, 'it');
    });

    test('what is let go while it is read stays as it is', async () => {
      await workbench.connectAndOpen();
      await sendFile(10 * MEBIBYTE, 'blob');
      await workbench.echoes(1);
      await driver.executeScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
      const head = await preview(4);
      // The other one comes in the same task.
      await driver.executeScript(() => {
        document.querySelector('#log > li:nth-child(4) [data-action="copy"]').click();
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(10 * 1024 * 1024)], 'other.dat'));
        document.getElementById('file').files = transfer.files;
        document.getElementById('file-form').requestSubmit();
      });
      await said('let go');
      assert.equal(await preview(4), head);
    });

    test('a file that cannot be read is not copied', async () => {
      await workbench.connectAndOpen();
      await sendFile(17, 'blob');
      await workbench.echoes(1);
      // So it is with one that has changed on the disk.
      await driver.executeScript("Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException('changed', 'NotReadableError'))");
      await clickIn(4, 'copy');
      await said('^It cannot be read');
      await clickIn(4, 'show');
      await hasPreview(4, 'It cannot be read.');
    });

    test('text, bytes and Blobs are saved', async () => {
      await driver.executeScript(() => {
        window.saved = [];
        const files = new Map();
        const { createObjectURL } = URL;
        URL.createObjectURL = (file) => {
          const url = createObjectURL(file);
          files.set(url, file);
          return url;
        };
        HTMLAnchorElement.prototype.click = function () {
          saved.push([this.download, files.get(this.href)]);
        };
      });
      await workbench.connectAndOpen();
      await workbench.sendText(LINES);
      await workbench.echoes(1);
      await sendFile(300, 'bytes');
      await workbench.echoes(2);
      await sendFile(300, 'blob');
      await workbench.echoes(3);
      for (const row of [4, 6, 7, 8]) await clickIn(row, 'save');
      await said('^Saved as received-.*bin');
      const saved = await driver.executeScript(() => Promise.all(saved.map(async ([name, file]) => {
        return [name, file.type, Array.from(new Uint8Array(await file.arrayBuffer()))];
      })));
      const numbers = Array.from({ length: 300 }, (_, index) => index % 256);
      const clock = String.raw`\d\d-\d\d-\d\d-\d\d\d`;
      const expected = [
        [`received-${clock}\\.txt`, 'text/plain;charset=utf-8', Array.from(Buffer.from(LINES))],
        [`received-${clock}\\.bin`, 'application/octet-stream', numbers],
        // A file that was sent has its name already.
        [String.raw`numbers\.dat`, '', numbers],
        [`received-${clock}\\.bin`, 'application/octet-stream', numbers],
      ];
      assert.deepEqual(saved.map(([, ...rest]) => rest), expected.map(([, ...rest]) => rest));
      for (const [index, [name]] of saved.entries()) assert.match(name, new RegExp(`^${expected[index][0]}$`));
    });

    test('by keyboard: Tab stops in one row, and the arrow keys lead to the others', async () => {
      await workbench.connectAndOpen();
      await workbench.sendText(LINES);
      await workbench.echoes(1);
      await workbench.sendText('short');
      await workbench.echoes(2);
      await workbench.click('clear');
      await workbench.sendText(LINES);
      await workbench.echoes(1);
      await workbench.sendText('short');
      await workbench.echoes(2);

      // The rows are: long, long, short, short.
      await driver.executeScript('scroller.focus()');
      await press(Key.TAB);
      assert.deepEqual(await workbench.focused(), [4, 'copy']);
      await press(Key.ARROW_UP);
      assert.deepEqual(await workbench.focused(), [3, 'copy']);
      await press(Key.ARROW_UP);
      assert.deepEqual(await workbench.focused(), [2, 'copy']);
      await press(Key.TAB);
      assert.deepEqual(await workbench.focused(), [2, 'save']);
      await press(Key.ARROW_DOWN);
      assert.deepEqual(await workbench.focused(), [3, 'copy']);
      await press(Key.END, Key.ARROW_DOWN);
      assert.deepEqual(await workbench.focused(), [4, 'copy']);
      await press(Key.HOME, Key.ARROW_UP);
      assert.deepEqual(await workbench.focused(), [1, 'copy']);
      const outline = await driver.executeScript('return getComputedStyle(document.activeElement).outlineStyle');
      assert.equal(outline, 'solid');
      await pressShiftTab();
      assert.deepEqual(await workbench.focused(), [1, 'show']);
      await press(Key.ENTER);
      await hasPreview(1, LINES);
      assert.deepEqual(await workbench.focused(), [1, 'show']);
      await press(Key.SPACE);
      await hasPreview(1, `${LINES.slice(0, 300)}…`);
      await pressShiftTab();
      assert.deepEqual(await workbench.focused(), ['scroller']);
      // A row further up that is in view is what Tab leads to.
      await clickIn(1, 'show');
      await hasPreview(1, LINES);
      await driver.executeScript('scroller.scrollTop = 0; scroller.focus()');
      await workbench.sendText('one more');
      await workbench.echoes(3);
      await press(Key.TAB);
      assert.deepEqual(await workbench.focused(), [1, 'show']);
      const stops = await driver.executeScript('return document.querySelectorAll(\'#log button[tabindex="0"]\').length');
      assert.equal(stops, 3);
    });
  });
}
