// The workbench in both browsers, with each implementation.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';

import { Key } from 'selenium-webdriver';

import { BROWSERS } from '../browsers.mjs';
import { PAGE, serve } from '../serve.mjs';
import { Workbench } from '../workbench.mjs';

const IMPLEMENTATIONS = ['rust', 'javascript'];
const MEBIBYTE = 1 << 20;

const LAST_ROW = "document.querySelector('#log > li:last-child')";
const AT_THE_END = 'Math.abs(scroller.scrollTop + scroller.clientHeight - scroller.scrollHeight) < 8';

/** A server with one behaviour a path. */
const peer = process.env.ISOSOCKET_TEST_SERVER;

let server;
let folder;
let file;

before(async () => {
  assert.ok(peer, 'ISOSOCKET_TEST_SERVER names no server: run this by `npm test`');
  server = await serve();
  folder = await mkdtemp(path.join(tmpdir(), 'isosocket-'));
  file = path.join(folder, 'sample.bin');
  await writeFile(file, randomBytes(MEBIBYTE));
});

after(async () => {
  await server?.stop();
  if (folder) await rm(folder, { recursive: true });
});

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

    test('offers the echo endpoint of its own host', async () => {
      assert.equal(await workbench.find('url').getAttribute('value'), `${server.address.replace('http', 'ws')}/echo`);
      assert.equal(await workbench.text('state'), 'not connected');
    });

    test('loads nothing from elsewhere', async () => {
      await workbench.connectAndOpen();
      const origins = await driver.executeScript(
        "return performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin)",
      );
      assert.deepEqual(new Set(origins), new Set([server.address]));
    });

    test('every field has a label', async () => {
      const bare = await driver.executeScript(() => {
        const fields = Array.from(document.querySelectorAll('input, textarea'));
        return fields.filter(({ labels }) => labels.length === 0).map(({ id, name }) => id || name);
      });
      assert.deepEqual(bare, []);
    });

    for (const implementation of IMPLEMENTATIONS) {
      describe(implementation, () => {
        beforeEach(() => workbench.choose('implementation', implementation));

        test('echoes text and a file of 1 MiB and closes with code and reason', async () => {
          await workbench.connectAndOpen();
          await workbench.type('text', 'Grüße');
          await workbench.click('send-text');
          const text = await workbench.row('received');
          assert.deepEqual([text.title, text.size, text.preview], ['text', 7, 'Grüße']);
          await workbench.echoes(1);

          await workbench.find('file').sendKeys(file);
          await workbench.click('send-file');
          const blob = await workbench.row('received', 2);
          assert.deepEqual([blob.title, blob.size], ['Blob', MEBIBYTE]);
          await workbench.echoes(2);

          await workbench.choose('file-as', 'bytes');
          await workbench.choose('binary-type', 'arraybuffer');
          await workbench.click('send-file');
          const bytes = await workbench.row('received', 3);
          assert.deepEqual([bytes.title, bytes.size], ['bytes', MEBIBYTE]);
          await workbench.echoes(3);
          assert.match((await workbench.row('received', 3)).preview, /^([0-9a-f]{2} ){16}…$/);

          await workbench.type('code', '3001');
          await workbench.type('reason', 'finished');
          await workbench.click('close');
          assert.equal((await workbench.row('closing')).preview, 'close(3001, "finished")');
          // The server's answer has the code and not the reason.
          assert.equal((await workbench.closed()).preview, 'code 3001, clean');
          assert.deepEqual(await workbench.kinds(), [
            'connect', 'open', 'sent', 'received', 'sent', 'received', 'sent', 'received', 'closing', 'close',
          ]);
          assert.equal(await workbench.text('counts').then((counts) => counts.replaceAll(/\s+/g, ' ').trim()),
            'sent 3 2,097,159 bytes received 3 2,097,159 bytes');
        });

        test('shows the subprotocol the server picked', async () => {
          await workbench.type('protocols', 'first, second');
          await workbench.connectAndOpen();
          assert.equal(await workbench.text('protocol'), 'first');
          await workbench.click('toggle');
          assert.equal((await workbench.closed()).preview, 'code 1005, clean');
        });

        test('shows how the server closes', async () => {
          await workbench.connect(`${peer}/close?code=4001&reason=enough`);
          assert.equal((await workbench.closed()).preview, 'code 4001, reason “enough”, clean');
          assert.deepEqual(await workbench.kinds(), ['connect', 'open', 'close']);
        });

        test('shows a refused connection as error and close', async () => {
          const { port } = await unusedPort();
          await workbench.connect(`ws://127.0.0.1:${port}/`);
          assert.equal((await workbench.closed()).preview, 'code 1006, not clean');
          assert.deepEqual(await workbench.kinds(), ['connect', 'error', 'close']);
          // What has failed can be tried again, elsewhere.
          await workbench.connect(`${server.address}/echo`);
          await workbench.state('OPEN');
        });

        test('shows beside the fields what the standard refuses', async () => {
          await workbench.connect('ws://127.0.0.1/#fragment');
          assert.match(await workbench.complaint('connection'), /^SyntaxError: ./);
          await workbench.load(server.address);
          await workbench.choose('implementation', implementation);
          await workbench.type('protocols', 'two words');
          await workbench.connect();
          assert.match(await workbench.complaint('connection'), /^SyntaxError: ./);

          await workbench.type('protocols', '');
          await workbench.connectAndOpen();
          assert.equal(await workbench.text('connection-error'), '');
          for (const [code, reason, expected] of [
            ['1001', '', /^InvalidAccessError: ./],
            ['5000', '', /^InvalidAccessError: ./],
            ['1000', 'ü'.repeat(62), /^SyntaxError: ./],
            ['70000', '', /^Not a code: ./],
            ['abc', '', /^Not a code: ./],
          ]) {
            await workbench.type('code', code);
            await workbench.type('reason', reason);
            await workbench.click('close');
            assert.match(await workbench.complaint('close'), expected, `${code} ${reason}`);
          }
          assert.equal(await workbench.text('state'), 'OPEN');
          await workbench.click('send-text');
          await workbench.echoes(1);
        });

        test('does not send while connecting, and gives a connection up', async () => {
          await workbench.connect(`${peer}/silent`);
          await workbench.state('CONNECTING');
          await workbench.click('send-text');
          assert.match(await workbench.complaint('send'), /^InvalidStateError: ./);
          await workbench.click('toggle');
          assert.equal((await workbench.closed()).preview, 'code 1006, not clean');
          assert.deepEqual(await workbench.kinds(), ['connect', 'closing', 'error', 'close']);
        });

        test('waits for no peer that takes nothing before it connects again', async () => {
          await workbench.connect(`${peer}/slow`);
          await workbench.state('OPEN');
          await driver.executeScript(() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([new Uint8Array(32 << 20)], 'large.bin'));
            document.getElementById('file').files = dataTransfer.files;
          });
          await workbench.click('send-file');
          await workbench.row('sent');
          await workbench.click('toggle');
          await workbench.state('CLOSING');
          await workbench.connect(`${server.address}/echo`);
          await workbench.state('OPEN');
          assert.deepEqual(await workbench.kinds(), ['connect', 'open', 'sent', 'closing', 'connect', 'open']);
        });

        test('counts what is sent after the close in bufferedAmount', async () => {
          await workbench.connectAndOpen();
          await workbench.click('toggle');
          await workbench.closed();
          await workbench.type('text', '12345');
          await workbench.click('send-text');
          await workbench.waitFor("document.getElementById('buffered').dataset.bytes === '5'");
          await workbench.waitFor(`/^Thrown away: /.test(${LAST_ROW}.querySelector('.preview').textContent)`);
        });

        test('takes a file that is dropped', async () => {
          await workbench.connectAndOpen();
          await driver.executeScript(() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['dropped'], 'dropped.txt'));
            const drop = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true });
            document.getElementById('drop').dispatchEvent(drop);
          });
          assert.equal((await workbench.row('received')).size, 7);
          await workbench.echoes(1);
          // One that misses the place does not take the place of the page.
          const isHandled = await driver.executeScript(() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['missed'], 'missed.txt'));
            return ['dragover', 'drop'].map((type) => {
              const missed = new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true });
              return !document.getElementById('log').dispatchEvent(missed);
            });
          });
          assert.deepEqual(isHandled, [true, true]);
          assert.equal((await workbench.rows()).filter(({ kind }) => kind === 'sent').length, 1);
        });
      });
    }

    test('says so where there is no Rust module, and the other implementation works', async (t) => {
      const page = path.join(folder, browser);
      await cp(PAGE, page, { recursive: true, filter: (source) => path.basename(source) !== 'rust' });
      const incomplete = await serve(page);
      t.after(incomplete.stop);
      await workbench.load(incomplete.address);
      await workbench.connect();
      assert.match(await workbench.complaint('connection'), /^TypeError: ./);
      await workbench.choose('implementation', 'javascript');
      await workbench.connectAndOpen();
    });

    test('one implementation follows the other', async () => {
      for (const implementation of [...IMPLEMENTATIONS, ...IMPLEMENTATIONS]) {
        await workbench.choose('implementation', implementation);
        await workbench.connectAndOpen();
        await workbench.click('toggle');
        await workbench.state('CLOSED');
      }
      await workbench.row('close', 4);
      assert.deepEqual(await workbench.kinds(), Array(4).fill(['connect', 'open', 'closing', 'close']).flat());
    });

    test('Enter sends, and Shift+Enter breaks the line', async () => {
      await workbench.connectAndOpen();
      await workbench.type('text', `one${Key.chord(Key.SHIFT, Key.ENTER)}`);
      await workbench.find('text').sendKeys('two', Key.ENTER);
      assert.equal((await workbench.row('received')).preview, 'one\ntwo');
    });

    test('a flood is laid out once a frame, and hashed only if something was sent', async () => {
      await workbench.choose('binary-type', 'arraybuffer');
      await driver.executeScript((url) => {
        window.cost = { frames: 0, scrolls: 0, layouts: 0, digests: 0 };
        const { get } = Object.getOwnPropertyDescriptor(Element.prototype, 'scrollHeight');
        Object.defineProperty(scroller, 'scrollHeight', {
          get() {
            cost.layouts += 1;
            return get.call(this);
          },
        });
        scroller.addEventListener('scroll', () => (cost.scrolls += 1));
        crypto.subtle.digest = (...parameters) => {
          cost.digests += 1;
          return SubtleCrypto.prototype.digest.apply(crypto.subtle, parameters);
        };
        // Frames come when the test wants them.
        const asked = [];
        window.requestAnimationFrame = (callback) => asked.push(callback);
        window.frame = () => {
          if (asked.length > 0) cost.frames += 1;
          for (const callback of asked.splice(0)) callback();
        };
        document.getElementById('url').value = url;
      }, `${peer}/frames?hex=${'82020102'.repeat(300)}`);
      await workbench.click('toggle');
      await workbench.waitFor("document.getElementById('received-count').textContent === '300'");
      const cost = (before) => driver.executeScript(`${before}; return { ...cost }`);
      assert.deepEqual(await cost(''), { frames: 0, scrolls: 0, layouts: 0, digests: 0 });
      assert.deepEqual(await cost('frame()'), { frames: 1, scrolls: 0, layouts: 1, digests: 0 });
      assert.match((await workbench.row('received', 300)).preview, /^01 02/);

      await workbench.click('toggle');
      await workbench.state('CLOSED');
      await workbench.connect(`${server.address}/echo`.replace('http', 'ws'));
      await workbench.state('OPEN');
      await driver.executeScript(() => {
        for (let index = 0; index < 200; index += 1) document.getElementById('text-form').requestSubmit();
      });
      await workbench.waitFor('(frame(), document.querySelectorAll(\'#log > li[data-equal="true"]\').length === 200)');
      const { frames, scrolls, layouts } = await cost('');
      assert.ok(layouts <= frames + scrolls, `${layouts} layouts in ${frames} frames, with ${scrolls} scroll events`);
      // A row that has grown, and whose frame has not come, has nobody scroll up.
      const isFollowed = await driver.executeScript(() => {
        document.querySelector('#log > li:last-child').style.height = '200px';
        scroller.dispatchEvent(new Event('scroll'));
        return latest.hidden;
      });
      assert.ok(isFollowed);
    });

    test('hashes only what may be what was sent', async () => {
      // "a" was sent, and what comes is "bb", and bytes, and "b", and "a".
      await driver.executeScript((url) => {
        window.digests = 0;
        crypto.subtle.digest = (...parameters) => {
          window.digests += 1;
          return SubtleCrypto.prototype.digest.apply(crypto.subtle, parameters);
        };
        document.getElementById('url').value = url;
      }, `${peer}/frames?hex=8100&then=81026262820161810162810161`);
      await workbench.click('toggle');
      await workbench.row('received');
      await workbench.type('text', 'a');
      await workbench.click('send-text');
      await workbench.row('received', 5);
      await workbench.echoes(1);
      assert.deepEqual((await workbench.rows()).map(({ equal }) => equal).slice(-3), [false, false, true]);
      assert.equal(await driver.executeScript('return digests'), 3);
    });

    test('keeps the last thousand rows and stays where the user reads', async () => {
      await workbench.connectAndOpen();
      const send = (count) => driver.executeScript((times) => {
        for (let index = 0; index < times; index += 1) document.getElementById('text-form').requestSubmit();
      }, count);
      const received = (count) => {
        return workbench.waitFor(`document.getElementById('received-count').textContent === '${count}'`);
      };
      await send(40);
      await received('40');
      await workbench.waitFor('scroller.scrollHeight > scroller.clientHeight && latest.hidden');
      await workbench.waitFor(AT_THE_END);
      await driver.executeScript('scroller.scrollTop = 0');
      await workbench.waitFor('!latest.hidden');
      await send(10);
      await received('50');
      assert.equal(await driver.executeScript('return scroller.scrollTop'), 0);
      // By hand to the end, which is further down by now, and up again by less than that.
      await driver.executeScript('scroller.scrollTop = scroller.scrollHeight');
      await workbench.waitFor(`latest.hidden && ${AT_THE_END}`);
      await driver.executeScript('scroller.scrollTop -= 100');
      await workbench.waitFor('!latest.hidden');
      await workbench.click('latest');
      await workbench.waitFor(`latest.hidden && ${AT_THE_END}`);

      await send(600);
      await received('650');
      await workbench.waitFor("document.querySelectorAll('#log > li').length === 1000");
      assert.match(await workbench.text('dropped'), /302 older/);

      // More than there is room for takes nothing away from who reads.
      await driver.executeScript('scroller.scrollTop = 100');
      await workbench.waitFor('!latest.hidden');
      const shown = await workbench.rows();
      await send(600);
      await received('1,250');
      await workbench.waitFor("latest.textContent === 'Go to the latest (1,000 more)'");
      assert.deepEqual(await workbench.rows(), shown);
      assert.equal(await driver.executeScript('return scroller.scrollTop'), 100);
      await workbench.click('latest');
      await workbench.waitFor(`latest.hidden && ${AT_THE_END} && latest.textContent === 'Go to the latest'`);
      assert.equal((await workbench.rows()).length, 1000);
      assert.match(await workbench.text('dropped'), /1,502 older/);

      await workbench.click('clear');
      assert.deepEqual(await workbench.rows(), []);
      assert.match(await workbench.text('counts'), /sent 0\s+0 bytes/);
    });
  });
}

/** A port that nobody listens on. */
async function unusedPort() {
  const probe = net.createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return address;
}
