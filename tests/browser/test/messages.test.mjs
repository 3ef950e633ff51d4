// The messages of the workbench's log: shown whole, copied, saved, let go of, and waiting; in both browsers.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { By, Key } from 'selenium-webdriver';

import { BROWSERS } from '../browsers.mjs';
import { serve } from '../serve.mjs';
import { Workbench } from '../workbench.mjs';

const MEBIBYTE = 1 << 20;
/** What the log keeps of messages that are longer than what it shows of them. */
const KEPT = 16 * MEBIBYTE;
const LINES = Array.from({ length: 400 }, (_, line) => `line ${line} – Grüße`).join('\n');
const GONE = 'The rest was let go.';

const peer = process.env.ISOSOCKET_TEST_SERVER;

let server;

before(async () => {
  assert.ok(peer, 'ISOSOCKET_TEST_SERVER names no server: run this by `npm test`');
  server = await serve();
});

after(() => server?.stop());

for (const [browser, open] of Object.entries(BROWSERS)) {
  describe(browser, () => {
    let driver;
    let workbench;

    before(async () => {
      driver = await open({ collecting: true });
      workbench = new Workbench(driver);
    });

    after(() => driver?.quit());

    beforeEach(() => workbench.load(server.address));

    const press = (...keys) => driver.actions().sendKeys(...keys).perform();
    const pressShiftTab = () => driver.actions().keyDown(Key.SHIFT).sendKeys(Key.TAB).keyUp(Key.SHIFT).perform();

    /** The number of a row counts from 1, as in CSS. */
    const button = (row, action) => driver.findElement(By.css(`#log > li:nth-child(${row}) [data-action="${action}"]`));
    const clickIn = async (row, action) => (await button(row, action)).click();
    const actions = (row) => driver.executeScript(
      'return Array.from(document.querySelectorAll(`#log > li:nth-child(${arguments[0]}) button`), (button) => button.textContent)',
      row,
    );
    const preview = async (row) => (await workbench.rows())[row - 1]?.preview;
    const hasPreview = (row, text) => driver.wait(async () => (await preview(row)) === text, 15_000, `${text} in row ${row}`);
    const said = (words) => workbench.waitFor(`/${words}/.test(said.textContent)`);
    /** The rows of messages that are kept whole, and of those that are not. */
    const held = () => driver.executeScript(`
      const rows = Array.from(document.querySelectorAll('#log > li[data-size]'));
      const gone = rows.filter((row) => row.querySelector('.actions').textContent === '${GONE}');
      return { whole: rows.length - gone.length, gone: gone.length };
    `);

    /** The button with the focus: the number of its row, and what it does. */
    const focused = () => driver.executeScript(() => {
      const { activeElement } = document;
      const row = activeElement.closest('#log > li');
      return row ? [Array.from(row.parentElement.children).indexOf(row) + 1, activeElement.dataset.action] : [activeElement.id];
    });

    async function sendText(text) {
      await driver.executeScript((value) => {
        document.getElementById('text').value = value;
        document.getElementById('text-form').requestSubmit();
      }, text);
    }

    async function sendBytes(count, as) {
      await workbench.choose('file-as', as);
      await workbench.choose('binary-type', as === 'blob' ? 'blob' : 'arraybuffer');
      await driver.executeScript((length) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([Uint8Array.from({ length }, (_, index) => index)], 'numbers.dat'));
        document.getElementById('file').files = transfer.files;
        document.getElementById('file-form').requestSubmit();
      }, count);
    }

    /** Connects to a server that sends so many binary messages of so many bytes for each text. */
    async function connectToPour(count, size) {
      await workbench.choose('implementation', 'javascript');
      await workbench.choose('binary-type', 'arraybuffer');
      await workbench.connect(`${peer}/pour?count=${count}&size=${size}&kind=binary`);
      await workbench.state('OPEN');
    }

    const received = (count) => {
      return workbench.waitFor(`document.getElementById('received-count').textContent === '${count.toLocaleString('en')}'`);
    };

    test('a text is shown whole, and shortened again', async () => {
      await workbench.connectAndOpen();
      await sendText(LINES);
      await workbench.echoes(1);
      const head = `${LINES.slice(0, 300)}…`;
      assert.equal(await preview(4), head);
      assert.deepEqual(await actions(4), ['Show all', 'Copy', 'Save']);
      await clickIn(4, 'show');
      await hasPreview(4, LINES);
      assert.deepEqual(await actions(4), ['Show less', 'Copy', 'Save']);
      // It is read from its beginning: the log does not run on to the end of it.
      assert.ok(await driver.executeScript('return !latest.hidden'));
      // However far down it is read, the buttons are in view.
      await driver.executeScript('scroller.scrollTop += 2000');
      await clickIn(4, 'show');
      await hasPreview(4, head);
      await workbench.waitFor('latest.hidden');
      assert.deepEqual(await actions(4), ['Show all', 'Copy', 'Save']);
    });

    test('bytes and Blobs are shown whole in hexadecimal', async () => {
      const hex = Buffer.from(Uint8Array.from({ length: 40 }, (_, index) => index)).toString('hex').replaceAll(/..(?!$)/g, '$& ');
      await workbench.connectAndOpen();
      let row = 2;
      for (const as of ['blob', 'bytes']) {
        await sendBytes(40, as);
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
        await sendText('x'.repeat(length));
        const { preview: shown } = await workbench.row('received', length - 299);
        assert.equal(shown, length === 300 ? 'x'.repeat(300) : `${'x'.repeat(300)}…`);
        assert.deepEqual(await actions((length - 299) * 2 + 2), expected);
      }
      for (const [length, expected] of [[16, ['Copy', 'Save']], [17, ['Show all', 'Copy', 'Save']]]) {
        await sendBytes(length, 'bytes');
        await workbench.row('received', length - 13);
        assert.deepEqual(await actions((length - 13) * 2 + 2), expected);
      }
      assert.deepEqual(await actions(1), []);
    });

    test('what has not been sent can be shown as well', async () => {
      await workbench.connectAndOpen();
      await workbench.click('toggle');
      await workbench.closed();
      await sendText('too late');
      await hasPreview(5, 'Thrown away: the socket is CLOSED.');
      await clickIn(5, 'show');
      await hasPreview(5, 'too late');
    });

    test('of a very long text the beginning is shown, and how much more there is', async () => {
      await workbench.connectAndOpen();
      await driver.executeScript((length) => {
        document.getElementById('text').value = 'x'.repeat(length);
        document.getElementById('text-form').requestSubmit();
      }, MEBIBYTE + 2);
      await workbench.row('sent');
      await clickIn(3, 'show');
      await workbench.waitFor("document.querySelector('.rest')?.textContent === '… 2 more characters: save it to read them.'");
      const [{ length }] = await driver.executeScript("return [document.querySelector('.sent .preview').firstChild.data]");
      assert.equal(length, MEBIBYTE);
    });

    test('text and bytes are copied', async () => {
      await workbench.connectAndOpen();
      await sendText(LINES);
      await workbench.echoes(1);
      await clickIn(4, 'copy');
      await said('^Copied');
      const pasted = async () => {
        await workbench.find('text').clear();
        await workbench.find('text').sendKeys(Key.chord(Key.CONTROL, 'v'));
        return workbench.find('text').getAttribute('value');
      };
      assert.equal(await pasted(), LINES);
      await sendBytes(17, 'blob');
      await workbench.echoes(2);
      await clickIn(6, 'copy');
      await driver.wait(async () => (await pasted()) === '00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10', 15_000, 'the bytes');
    });

    test('what may not be copied is selected', async () => {
      await workbench.connectAndOpen();
      await sendText(LINES);
      await workbench.echoes(1);
      // So it is in pages of insecure origins.
      await driver.executeScript("Object.defineProperty(navigator, 'clipboard', { value: undefined })");
      await clickIn(4, 'copy');
      await said('selected');
      assert.equal(await driver.executeScript('return getSelection().toString()'), LINES);
      assert.equal(await preview(4), LINES);
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
      await sendText(LINES);
      await workbench.echoes(1);
      await sendBytes(300, 'bytes');
      await workbench.echoes(2);
      await sendBytes(300, 'blob');
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
      await sendText(LINES);
      await workbench.echoes(1);
      await sendText('short');
      await workbench.echoes(2);
      await workbench.click('clear');
      await sendText(LINES);
      await workbench.echoes(1);
      await sendText('short');
      await workbench.echoes(2);

      // The rows are: long, long, short, short.
      await driver.executeScript('scroller.focus()');
      await press(Key.TAB);
      assert.deepEqual(await focused(), [4, 'copy']);
      await press(Key.ARROW_UP);
      assert.deepEqual(await focused(), [3, 'copy']);
      await press(Key.ARROW_UP);
      assert.deepEqual(await focused(), [2, 'copy']);
      await press(Key.TAB);
      assert.deepEqual(await focused(), [2, 'save']);
      await press(Key.ARROW_DOWN);
      assert.deepEqual(await focused(), [3, 'copy']);
      await press(Key.END, Key.ARROW_DOWN);
      assert.deepEqual(await focused(), [4, 'copy']);
      await press(Key.HOME, Key.ARROW_UP);
      assert.deepEqual(await focused(), [1, 'copy']);
      const outline = await driver.executeScript('return getComputedStyle(document.activeElement).outlineStyle');
      assert.equal(outline, 'solid');
      await pressShiftTab();
      assert.deepEqual(await focused(), [1, 'show']);
      await press(Key.ENTER);
      await hasPreview(1, LINES);
      assert.deepEqual(await focused(), [1, 'show']);
      await press(Key.SPACE);
      await hasPreview(1, `${LINES.slice(0, 300)}…`);
      await pressShiftTab();
      assert.deepEqual(await focused(), ['scroller']);
      // A row further up that is in view is what Tab leads to.
      await clickIn(1, 'show');
      await hasPreview(1, LINES);
      await driver.executeScript('scroller.scrollTop = 0; scroller.focus()');
      await press(Key.TAB);
      assert.deepEqual(await focused(), [1, 'show']);
      const stops = await driver.executeScript('return document.querySelectorAll(\'#log button[tabindex="0"]\').length');
      assert.equal(stops, 3);
    });

    test('what comes leaves the focus where it is, unless its row goes', async () => {
      await workbench.connectAndOpen();
      await sendText('first');
      await workbench.echoes(1);
      await driver.executeScript("document.querySelector('#log .received button').focus({ preventScroll: true })");
      assert.deepEqual(await focused(), [4, 'copy']);
      const flood = (times) => driver.executeScript((count) => {
        for (let index = 0; index < count; index += 1) document.getElementById('text-form').requestSubmit();
      }, times);
      await flood(10);
      await workbench.echoes(11);
      assert.deepEqual(await focused(), [4, 'copy']);
      await flood(500);
      await received(511);
      await workbench.waitFor('!dropped.hidden');
      assert.deepEqual(await focused(), ['scroller']);
    });

    test('long messages are kept up to 16 MiB, the newest of them', async () => {
      await connectToPour(18, MEBIBYTE);
      await sendText('pour');
      await received(18);
      await workbench.row('received', 18);
      assert.deepEqual(await held(), { whole: 17, gone: 2 });
      // The first message is the short text that was sent.
      assert.deepEqual(await actions(3), ['Copy']);
      assert.deepEqual(await actions(4), []);
      assert.match(await preview(4), /^30 30 .* …$/);

      // What is open is not let go of, and is no part of the 16 MiB, until it is closed again. A focus in a row that loses its
      // buttons is not lost.
      await clickIn(6, 'show');
      await workbench.waitFor("document.querySelector('#log > li:nth-child(6) .rest')");
      await driver.executeScript("document.querySelector('#log > li:nth-child(7) button').focus({ preventScroll: true })");
      await sendText('pour');
      await received(36);
      await workbench.row('received', 36);
      assert.deepEqual(await focused(), ['scroller']);
      assert.deepEqual(await held(), { whole: 19, gone: 19 });
      await clickIn(6, 'show');
      assert.deepEqual(await held(), { whole: 18, gone: 20 });
    });

    for (const [size, expected] of [[KEPT, { whole: 2, gone: 0 }], [KEPT + 1, { whole: 1, gone: 1 }]]) {
      test(`a message of ${size} bytes, of which ${expected.gone ? 'there is no room for' : 'there is room'}`, async () => {
        await connectToPour(1, size);
        await sendText('pour');
        await workbench.row('received');
        assert.deepEqual(await held(), expected);
      });
    }

    test('rows that wait hold no more of what is not kept than how it begins', async () => {
      await driver.executeScript(() => {
        window.made = [];
        const { get, ...rest } = Object.getOwnPropertyDescriptor(MessageEvent.prototype, 'data');
        const seen = new WeakSet();
        Object.defineProperty(MessageEvent.prototype, 'data', {
          ...rest,
          get() {
            const data = get.call(this);
            // Those of the page: Firefox has others for the test.
            if (!seen.has(data)) made.push(new window.WeakRef(data));
            seen.add(data);
            return data;
          },
        });
      });
      await connectToPour(40, MEBIBYTE);
      await workbench.click('pause');
      await sendText('pour');
      await received(40);
      const alive = await driver.executeAsyncScript(`
        const done = arguments[0];
        const collect = globalThis.gc ? () => gc({ execution: 'async' }) : () => TestUtils.gc();
        const alive = () => made.filter((data) => data.deref()).length;
        // What a WeakRef has shown is kept until the task ends.
        const work = async (rounds) => {
          await collect();
          setTimeout(() => (alive() <= 16 || rounds === 1 ? done([made.length, alive()]) : work(rounds - 1)));
        };
        work(10);
      `);
      assert.deepEqual(alive, [40, 16]);
      await workbench.click('pause');
      await workbench.row('received', 40);
      assert.deepEqual(await held(), { whole: 17, gone: 24 });
      for (const [index, { preview: shown }] of (await workbench.rows()).slice(3).entries()) {
        const digits = Buffer.from(`${String(index).padStart(8, '0')}aaaaaaaa`).toString('hex').replaceAll(/..(?!$)/g, '$& ');
        assert.equal(shown, `${digits} …`);
      }
    });

    test('while it is paused nothing is added, and what waits comes afterwards', async () => {
      await workbench.connectAndOpen();
      await sendText('before');
      await workbench.echoes(1);
      const isPaused = async () => (await workbench.find('pause')).getAttribute('aria-pressed');
      assert.equal(await isPaused(), 'false');
      await workbench.click('pause');
      assert.equal(await isPaused(), 'true');
      const shown = await workbench.rows();
      assert.equal(shown.length, 4);
      await sendText('meanwhile');
      await workbench.waitFor("waiting.textContent === '2 waiting'");
      assert.deepEqual(await workbench.rows(), shown);
      await workbench.click('pause');
      await workbench.waitFor("waiting.textContent === ''");
      await workbench.echoes(2);
      assert.deepEqual((await workbench.rows()).slice(4).map((row) => row.preview), ['meanwhile', 'meanwhile']);

      // No more waits than the log has room for.
      await workbench.click('pause');
      await driver.executeScript(() => {
        for (let index = 0; index < 600; index += 1) document.getElementById('text-form').requestSubmit();
      });
      await received(602);
      await workbench.waitFor("waiting.textContent === '1,000 waiting'");
      assert.match(await workbench.text('dropped'), /; 200 older/);
      assert.equal((await workbench.rows()).length, 6);
      await workbench.click('clear');
      await workbench.waitFor("waiting.textContent === '0 waiting'");
      await sendText('last');
      await workbench.waitFor("waiting.textContent === '2 waiting'");
      assert.deepEqual(await workbench.rows(), []);
      await workbench.click('pause');
      await workbench.row('received');
      assert.deepEqual((await workbench.rows()).map((row) => row.preview), ['last', 'last']);
    });
  });
}
