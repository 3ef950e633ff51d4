// The example chats, with Yew and with Leptos, in both browsers.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import net from 'node:net';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';

import { BROWSERS } from '../browsers.mjs';
import { Console } from '../console.mjs';
import { ChatServer } from './server.mjs';
import { LIMIT, Visitor } from './visitor.mjs';

const FRAMEWORKS = ['yew', 'leptos'];

for (const [browser, open] of Object.entries(BROWSERS)) {
  describe(browser, () => {
    let driver;
    let written;
    let first;
    let server;

    before(async () => {
      driver = await open({ bidi: true });
      written = await Console.of(driver);
      first = await driver.getWindowHandle();
    });

    after(() => driver?.quit());

    beforeEach(async () => {
      server = await ChatServer.start();
    });

    afterEach(async () => {
      await server?.end('SIGKILL');
      const complaints = [];
      for (const window of await driver.getAllWindowHandles()) {
        await driver.switchTo().window(window);
        complaints.push(...await written.complaints());
        if (window !== first) await driver.close();
      }
      await driver.switchTo().window(first);
      assert.deepEqual(complaints, []);
    });

    const visit = (framework) => Visitor.open(driver, server.address, framework);

    for (const framework of FRAMEWORKS) {
      describe(framework, () => {
        test('two pages chat, by keyboard', async () => {
          const [zoe, yuki] = [await visit(framework), await visit(framework)];
          await zoe.joinAndConnect('Zoë');
          await yuki.joinAndConnect('雪');
          await zoe.say('Grüße, 雪! 👋🏽');
          await yuki.messages(1);
          await yuki.say('<b>今日は</b>');
          await zoe.messages(2);
          await zoe.say('"quoted" & \\ escaped');
          const said = [
            { name: 'Zoë', text: 'Grüße, 雪! 👋🏽' },
            { name: '雪', text: '<b>今日は</b>' },
            { name: 'Zoë', text: '"quoted" & \\ escaped' },
          ];
          for (const visitor of [zoe, yuki]) {
            const name = visitor === zoe ? 'Zoë' : '雪';
            assert.deepEqual(await visitor.messages(3), said.map((message) => ({ ...message, own: message.name === name })));
          }
        });

        test('a server that ends says goodbye, and what is typed is kept', async () => {
          const visitor = await visit(framework);
          await visitor.joinAndConnect('Zoë');
          await server.end('SIGINT');
          await visitor.state('closed with code 1001');
          await visitor.say('too late');
          assert.equal(await (await visitor.find('text')).getAttribute('value'), 'too late');
          assert.equal(await (await visitor.find('send')).isEnabled(), false);
        });

        test('a server that is killed is an abnormal end', async () => {
          const visitor = await visit(framework);
          await visitor.joinAndConnect('Zoë');
          await server.end('SIGKILL');
          await visitor.state('closed with code 1006');
        });

        test('leaving closes the socket, and one can come again', async () => {
          const visitor = await visit(framework);
          for (let time = 0; time < 3; time += 1) {
            await visitor.joinAndConnect('Zoë');
            await server.says(/^came$/);
            await visitor.say('hello');
            assert.deepEqual(await visitor.messages(1), [{ name: 'Zoë', text: 'hello', own: true }]);
            await visitor.leave();
            await server.says(/^left with 1005$/);
          }
        });

        test('closing the window closes the socket', async () => {
          const visitor = await visit(framework);
          await visitor.joinAndConnect('Zoë');
          await driver.close();
          await server.says(/^left with 1001$/);
        });

        test('leaving while connecting gives the connection up', async () => {
          const silent = net.createServer().listen(0, '127.0.0.1');
          try {
            await once(silent, 'listening');
            const visitor = await visit(framework);
            const connected = once(silent, 'connection', { signal: AbortSignal.timeout(LIMIT) });
            const url = `ws://127.0.0.1:${silent.address().port}/`;
            await visitor.join('Zoë', url);
            const [connection] = await connected;
            const closed = once(connection, 'close', { signal: AbortSignal.timeout(LIMIT) });
            const [request] = await once(connection, 'data', { signal: AbortSignal.timeout(LIMIT) });
            await visitor.state('connecting');
            assert.equal(await (await visitor.find('send')).isEnabled(), false);
            await visitor.leave();
            // Chromium goes at once. Firefox waits for the answer, and goes then.
            connection.on('error', () => {}).resume().write(accepting(request));
            await closed;

            await visitor.joinAndConnect('Zoë', '/chat');
            await visitor.say('here instead');
            assert.deepEqual(await visitor.messages(1), [{ name: 'Zoë', text: 'here instead', own: true }]);
            // A browser says itself that this connection came to nothing, and the page has nothing to add.
            for (const complaint of await written.complaints()) assert.ok(complaint.includes(url), complaint);
          } finally {
            silent.close();
          }
        });

        test('a URL that is none is shown as such', async () => {
          const visitor = await visit(framework);
          await visitor.join('Zoë', 'ws://127.0.0.1/#fragment');
          assert.match(await visitor.text('state'), /^not connected: ./);
          assert.equal(await (await visitor.find('state')).getAttribute('data-state'), 'Closed');
          await visitor.leave();
          await visitor.joinAndConnect('Zoë', '/chat');
        });

        test('the newest 200 messages are shown', async () => {
          const visitor = await visit(framework);
          await visitor.joinAndConnect('Zoë');
          await driver.executeScript((count) => {
            const field = document.getElementById('text');
            for (let index = 0; index < count; index += 1) {
              field.value = `message ${index}`;
              document.getElementById('say').requestSubmit();
            }
          }, 300);
          await driver.wait(() => driver.executeScript(
            "return document.querySelector('#messages > li:last-child')?.lastChild.textContent === 'message 299'",
          ), LIMIT, 'the last message');
          const messages = await visitor.messages(200);
          assert.deepEqual(messages.map(({ text }) => text), Array.from({ length: 200 }, (_, index) => `message ${index + 100}`));
        });

        test('every field has a label, and the keyboard reaches all', async () => {
          const visitor = await visit(framework);
          const bare = () => driver.executeScript(() => {
            return Array.from(document.querySelectorAll('input')).filter(({ labels }) => labels.length === 0).map(({ id }) => id);
          });
          assert.deepEqual(await bare(), []);
          await visitor.joinAndConnect('Zoë');
          assert.deepEqual(await bare(), []);
          const reached = await driver.executeScript(() => {
            return Array.from(document.querySelectorAll('main *')).filter(({ tabIndex }) => tabIndex >= 0).map(({ id }) => id);
          });
          assert.deepEqual(reached, ['leave', 'scroller', 'text', 'send']);
        });
      });
    }

    test('Yew and Leptos chat with each other', async () => {
      const [yew, leptos] = [await visit('yew'), await visit('leptos')];
      await yew.joinAndConnect('Yew');
      await leptos.joinAndConnect('Leptos');
      await yew.say('你好');
      await leptos.messages(1);
      await leptos.say('नमस्ते');
      for (const visitor of [yew, leptos]) {
        const messages = await visitor.messages(2);
        assert.deepEqual(messages.map(({ name, text }) => [name, text]), [['Yew', '你好'], ['Leptos', 'नमस्ते']]);
      }
    });
  });
}

/** The answer that establishes the connection, to this request. */
function accepting(request) {
  const [, key] = /^Sec-WebSocket-Key: (.*)\r$/im.exec(request);
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const head = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
  return [...head, `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n');
}
