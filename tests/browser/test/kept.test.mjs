// What the workbench's log keeps: rows, long messages and what waits while it is paused; in both browsers.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';

import { BROWSERS } from '../browsers.mjs';
import { serve } from '../serve.mjs';
import { Workbench } from '../workbench.mjs';

const MEBIBYTE = 1 << 20;
/** How much is kept of the messages that are longer than what is shown of them. */
const KEPT = 16 * MEBIBYTE;
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

    /** The rows of messages that are kept whole, and of those that are not. */
    const held = () => driver.executeScript((words) => {
      const rows = Array.from(document.querySelectorAll('#log > li[data-size]'));
      const gone = rows.filter((row) => row.querySelector('.actions').textContent === words);
      return { whole: rows.length - gone.length, gone: gone.length };
    }, GONE);

    /** Connects to a server that sends so many binary messages of so many bytes for each text. */
    async function connectToPour(count, size) {
      await workbench.choose('implementation', 'javascript');
      await workbench.choose('binary-type', 'arraybuffer');
      await workbench.connect(`${peer}/pour?count=${count}&size=${size}&kind=binary`);
      await workbench.state('OPEN');
    }

    test('what comes leaves the focus where it is, unless its row goes', async () => {
      await workbench.connectAndOpen();
      await workbench.sendText('first');
      await workbench.echoes(1);
      await driver.executeScript("document.querySelector('#log .received button').focus({ preventScroll: true })");
      assert.deepEqual(await workbench.focused(), [4, 'copy']);
      await workbench.sendText('more', 10);
      await workbench.echoes(11);
      assert.deepEqual(await workbench.focused(), [4, 'copy']);
      assert.equal(await driver.executeScript('return document.activeElement.tabIndex'), 0);
      await workbench.sendText('more', 500);
      await workbench.received(511);
      await workbench.waitFor('!dropped.hidden');
      assert.deepEqual(await workbench.focused(), ['scroller']);
    });

    test('long messages are kept up to 16 MiB, the newest of them', async () => {
      await connectToPour(18, MEBIBYTE);
      await workbench.sendText('pour');
      await workbench.received(18);
      await workbench.row('received', 18);
      assert.deepEqual(await held(), { whole: 17, gone: 2 });
      // The first message is the short text that was sent.
      assert.deepEqual(await workbench.buttons(3), ['Copy']);
      assert.deepEqual(await workbench.buttons(4), []);
      assert.match((await workbench.rows())[3].preview, /^30 30 .* …$/);

      // What is open is not let go of, and is no part of the 16 MiB, until it is closed again. A focus in a row that loses its
      // buttons is not lost.
      await (await workbench.button(6, 'show')).click();
      await workbench.waitFor("document.querySelector('#log > li:nth-child(6) .rest')");
      await driver.executeScript("document.querySelector('#log > li:nth-child(7) button').focus({ preventScroll: true })");
      await workbench.sendText('pour');
      await workbench.received(36);
      await workbench.row('received', 36);
      assert.deepEqual(await workbench.focused(), ['scroller']);
      assert.deepEqual(await held(), { whole: 19, gone: 19 });
      await (await workbench.button(6, 'show')).click();
      assert.deepEqual(await held(), { whole: 18, gone: 20 });
    });

    for (const [size, expected] of [[KEPT, { whole: 2, gone: 0 }], [KEPT + 1, { whole: 1, gone: 1 }]]) {
      test(`a message of ${size} bytes, of which ${expected.gone ? 'there is no room for' : 'there is room'}`, async () => {
        await connectToPour(1, size);
        await workbench.sendText('pour');
        await workbench.row('received');
        assert.deepEqual(await held(), expected);
      });
    }

    /** Has the messages that come from now on watched. */
    const watch = () => driver.executeScript(() => {
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

    /** How many of them have come, and how many there still are, at most so many if that can be. */
    const alive = (most) => driver.executeAsyncScript(`
      const [most, done] = arguments;
      const collect = globalThis.gc ? () => gc({ execution: 'async' }) : () => TestUtils.gc();
      const alive = () => made.filter((data) => data.deref()).length;
      // What a WeakRef has shown is kept until the task ends.
      const work = async (rounds) => {
        await collect();
        setTimeout(() => (alive() <= most || rounds === 1 ? done([made.length, alive()]) : work(rounds - 1)));
      };
      work(10);
    `, most);

    test('rows that wait hold no more of what is not kept than how it begins', async () => {
      await watch();
      await connectToPour(40, MEBIBYTE);
      await workbench.click('pause');
      await workbench.sendText('pour');
      await workbench.received(40);
      assert.deepEqual(await alive(16), [40, 16]);
      await workbench.click('pause');
      await workbench.row('received', 40);
      assert.deepEqual(await held(), { whole: 17, gone: 24 });
      for (const [index, { preview: shown }] of (await workbench.rows()).slice(3).entries()) {
        const digits = Buffer.from(`${String(index).padStart(8, '0')}aaaaaaaa`).toString('hex').replaceAll(/..(?!$)/g, '$& ');
        assert.equal(shown, `${digits} …`);
      }
    });

    test('when the log is cleared nothing is held any more', async () => {
      await watch();
      await connectToPour(2, MEBIBYTE);
      await workbench.sendText('pour');
      await workbench.row('received', 2);
      await workbench.click('clear');
      assert.deepEqual(await alive(0), [2, 0]);
    });

    test('while it is paused nothing is added, and what waits comes afterwards', async () => {
      await workbench.connectAndOpen();
      await workbench.sendText('before');
      await workbench.echoes(1);
      const isPaused = async () => (await workbench.find('pause')).getAttribute('aria-pressed');
      assert.equal(await isPaused(), 'false');
      await workbench.click('pause');
      assert.equal(await isPaused(), 'true');
      const shown = await workbench.rows();
      assert.equal(shown.length, 4);
      await workbench.sendText('meanwhile');
      await workbench.waitFor("waiting.textContent === '2 waiting'");
      assert.deepEqual(await workbench.rows(), shown);
      await workbench.click('pause');
      await workbench.waitFor("waiting.textContent === ''");
      await workbench.echoes(2);
      assert.deepEqual((await workbench.rows()).slice(4).map((row) => row.preview), ['meanwhile', 'meanwhile']);

      // No more waits than the log has room for.
      await workbench.click('pause');
      await workbench.sendText('more', 600);
      await workbench.received(602);
      await workbench.waitFor("waiting.textContent === '1,000 waiting'");
      assert.match(await workbench.text('dropped'), /; 200 older/);
      assert.equal((await workbench.rows()).length, 6);
      await workbench.click('clear');
      await workbench.waitFor("waiting.textContent === '0 waiting'");
      await workbench.sendText('last');
      await workbench.waitFor("waiting.textContent === '2 waiting'");
      assert.deepEqual(await workbench.rows(), []);
      await workbench.click('pause');
      await workbench.row('received');
      assert.deepEqual((await workbench.rows()).map((row) => row.preview), ['last', 'last']);
    });
  });
}
