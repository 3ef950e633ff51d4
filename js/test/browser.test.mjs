// The built package in Chromium and Firefox: `isosocket`, which is the browser's own WebSocket there, and
// `isosocket/wasm`.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { BROWSERS } from '../../tests/browser/browsers.mjs';
import { LIMIT } from './peer.mjs';
import { serveSite } from './site.mjs';

const root = path.dirname(import.meta.dirname);
const { exports } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const imports = Object.fromEntries(['.', './wasm', './typed', './isosocket_browser.wasm'].map((name) => {
  const target = exports[name].browser ?? exports[name].default;
  return [path.posix.join('isosocket', name), target.slice(1)];
}));
/** The same package in another place: what a program gets when two of its packages bring one each. */
imports['another/wasm'] = `/another${imports['isosocket/wasm']}`;
const html = `<!doctype html><meta charset="utf-8"><title>isosocket</title>
<script type="importmap">${JSON.stringify({ imports })}</script>`;
const policy = (sources) => ({ html, headers: { 'Content-Security-Policy': `script-src 'self' 'unsafe-inline' ${sources}` } });

const WORKER = `
  import { init, WebSocket } from '${imports['isosocket/wasm']}';
  onmessage = async ({ data }) => {
    try {
      await init();
      const socket = new WebSocket('/');
      socket.onopen = () => socket.send(data);
      socket.onmessage = ({ data }) => { postMessage([data, typeof document]); socket.close(); };
      socket.onerror = () => postMessage('error');
    } catch (error) {
      postMessage(String(error));
    }
  };
`;

let site;

before(async () => {
  site = await serveSite({
    folders: { '/another/': root, '/': root },
    pages: {
      '/page': { html },
      '/strict': policy(''),
      '/allowed': policy("'wasm-unsafe-eval'"),
      '/worker.js': { html: WORKER, headers: { 'Content-Type': 'text/javascript' } },
    },
  });
});

after(() => site.stop());

for (const [browser, open] of Object.entries(BROWSERS)) {
  describe(browser, () => {
    let driver;

    before(async () => {
      driver = await open();
      await driver.manage().setTimeouts({ script: LIMIT });
      await visit('/page');
    });

    after(() => driver?.quit());

    const visit = (page) => driver.get(site.address + page);

    /**
     * Runs an async function in the page, with a module's exports as its argument, and gives what it returns. It is a
     * script of the page itself: those of a driver run beside it, where Firefox does not let them import.
     */
    async function inPage(name, program, { init = true } = {}) {
      const answer = await driver.executeAsyncScript(`
        const [source, done] = arguments;
        const root = document.documentElement;
        root.addEventListener('answer', () => done(root.dataset.answer), { once: true });
        root.append(Object.assign(document.createElement('script'), { type: 'module', textContent: source }));
      `, `
        const run = async () => {
          const module = await import('${name}');
          if (${init}) await module.init?.();
          return (${program})(module);
        };
        const describe = (error) => error + '\\n' + error?.stack;
        const answer = await run().then((result) => ({ result }), (error) => ({ error: describe(error) }));
        document.documentElement.dataset.answer = JSON.stringify(answer);
        document.documentElement.dispatchEvent(new Event('answer'));
      `);
      const { error, result } = JSON.parse(answer);
      assert.equal(error, undefined);
      return result;
    }

    test("isosocket is the browser's own", async () => {
      assert.ok(await inPage('isosocket', (module) => module.WebSocket === WebSocket && module.CloseEvent === CloseEvent));
    });

    describe('init()', () => {
      test('is asked for by the constructor', async () => {
        const message = await inPage('isosocket/wasm', ({ WebSocket }) => {
          try {
            return String(new WebSocket('/'));
          } catch (error) {
            return error.message;
          }
        }, { init: false });
        assert.match(message, /init\(\)/);
      });

      test('takes nothing but what a module can come from', async () => {
        const errors = await inPage('isosocket/wasm', async ({ init }) => {
          const sources = [null, 1, true, Symbol('s'), {}, { default: '/x.wasm' }, () => {}, Promise.resolve(1)];
          return Promise.all(sources.map((source) => init(source).then(() => 'loaded', ({ name, message }) => `${name}: ${message}`)));
        }, { init: false });
        assert.equal(errors.length, 8);
        for (const error of errors) assert.match(error, /^TypeError: isosocket\/wasm: init\(\) takes a URL, bytes, a Response or a WebAssembly.Module/);
      });

      test('tells where it has not found the module, and can be called again', async () => {
        const [missing, broken, page] = await inPage('isosocket/wasm', async ({ init }) => [
          await init('/nowhere.wasm').catch(({ message }) => message),
          await init(new Uint8Array([1, 2, 3])).catch(({ message, cause }) => [message, cause.name]),
          await init(new URL('/page', location.href)).catch(({ message }) => message),
        ], { init: false });
        assert.match(missing, /could not be loaded from \/nowhere\.wasm .*404/);
        assert.match(broken[0], /could not be loaded from what init\(\) was given/);
        assert.equal(broken[1], 'CompileError');
        assert.match(page, /could not be loaded from http:.*\/page/);
      });

      const SOURCES = {
        nothing: () => undefined,
        'a path': (url) => url,
        'a URL': (url) => new URL(url, location.href),
        'a Request': (url) => new Request(url),
        'a Response': (url) => fetch(url),
        'a promise of a Response': async (url) => [fetch(url)],
        'an ArrayBuffer': async (url) => (await fetch(url)).arrayBuffer(),
        bytes: async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer()),
        'a Module': async (url) => WebAssembly.compileStreaming(fetch(url)),
      };
      for (const [name, source] of Object.entries(SOURCES)) {
        test(`takes ${name}, and gives one promise`, async () => {
          // Each time in a new page, which has not loaded it yet.
          await visit('/page');
          const same = await inPage('isosocket/wasm', `async ({ init, WebSocket }) => {
            const source = await (${source})('${imports['isosocket/isosocket_browser.wasm']}');
            const promise = init(Array.isArray(source) ? source[0] : source);
            const same = promise === init() && promise instanceof Promise && await promise === undefined;
            new WebSocket('/').close();
            return same && promise === init(1);
          }`, { init: false });
          assert.equal(same, true);
        });
      }

      test('says what a Content Security Policy has to have', async () => {
        await visit('/strict');
        const message = await inPage('isosocket/wasm', ({ init }) => init().then(() => 'loaded', ({ message }) => message), { init: false });
        assert.match(message, /Content Security Policy .*'wasm-unsafe-eval'/);
        await visit('/allowed');
        assert.equal(await inPage('isosocket/wasm', ({ init }) => init().then(() => 'loaded'), { init: false }), 'loaded');
        await visit('/page');
      });
    });

    test('isosocket/wasm works in a worker', async () => {
      assert.deepEqual(await inPage('isosocket', () => new Promise((resolve) => {
        const worker = new Worker('/worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => { resolve(data); worker.terminate(); };
        worker.onerror = ({ message }) => resolve(message);
        worker.postMessage('from a worker');
      })), ['from a worker', 'undefined']);
    });

    test('two copies of isosocket/wasm in one page do not disturb each other', async () => {
      assert.deepEqual(await inPage('isosocket/wasm', async (first) => {
        const second = await import('another/wasm');
        let message;
        try {
          new second.WebSocket('/');
        } catch (error) {
          ({ message } = error);
        }
        await second.init();
        const echo = ({ WebSocket }, text) => new Promise((resolve) => {
          const socket = new WebSocket('/');
          socket.onopen = () => socket.send(text);
          socket.onmessage = ({ data }) => { resolve([data, socket instanceof first.WebSocket]); socket.close(); };
        });
        return [/init/.test(message), ...await Promise.all([echo(first, 'one'), echo(second, 'two')])];
      }), [true, ['one', true], ['two', false]]);
    });

    test('what only the engine obeys is a TypeError of the classes that are not the browser\'s own, and passed over by streams', async () => {
      const [stream, ...thrown] = await inPage('isosocket', async ({ ReconnectingWebSocket, WebSocketStream }) => {
        const own = await import('isosocket/wasm');
        await own.init();
        const init = { protocols: ['a'], headers: { Authorization: 'secret' } };
        const classes = [WebSocketStream, own.WebSocket, own.ReconnectingWebSocket, ReconnectingWebSocket];
        const outcome = (Class, init) => {
          try {
            new Class('/', init).close();
            return 'taken';
          } catch ({ name, message }) {
            return `${name}: ${message}`;
          }
        };
        return classes.map((Class) => [outcome(Class, init), outcome(Class, { protocols: ['a'], headers: undefined })]);
      });
      assert.deepEqual(stream, ['taken', 'taken']);
      assert.equal(thrown.length, 3);
      for (const outcomes of thrown) assert.deepEqual(outcomes, ["TypeError: this host cannot obey the option 'headers'", 'taken']);
    });

    // These change what the page has of the browser, so that the next one is a new page.

    test("isosocket/wasm can take the place of the browser's own", async (t) => {
      t.after(() => visit('/page'));
      assert.deepEqual(await inPage('isosocket/wasm', ({ WebSocket }) => new Promise((resolve) => {
        globalThis.WebSocket = WebSocket;
        const socket = new globalThis.WebSocket('/');
        socket.onopen = () => socket.send('in its place');
        socket.onmessage = ({ data }) => { resolve(data); socket.close(); };
      })), 'in its place');
    });

    // As Chromium does in a page that came by https, for a URL that is ws.
    test('isosocket/wasm throws what the browser throws', async (t) => {
      t.after(() => visit('/page'));
      const thrown = await inPage('isosocket', async () => {
        globalThis.WebSocket = class {
          constructor() {
            throw new DOMException('not from here', 'SecurityError');
          }
        };
        const { init, WebSocket } = await import('isosocket/wasm');
        await init();
        try {
          return String(new WebSocket('/'));
        } catch (error) {
          return [error instanceof DOMException, error.name, error.message];
        }
      });
      assert.deepEqual(thrown, [true, 'SecurityError', 'the page may not make this connection: not from here']);
    });

    test('isosocket/wasm is another class of the same shape', async () => {
      const [own, shape, host] = await inPage('isosocket/wasm', (module) => {
        const describeShape = (object) => Object.entries(Object.getOwnPropertyDescriptors(object))
          .filter(([name]) => !['constructor', 'prototype', 'name', 'length'].includes(name))
          .map(([name, { value, get, set, enumerable, writable, configurable }]) => [
            name, typeof value === 'function' ? value.length : value, typeof get, typeof set, enumerable, writable, configurable,
          ].join()).sort();
        const describeClass = (Class) => [Class.name, Class.length, ...describeShape(Class), ...describeShape(Class.prototype)];
        return [module.WebSocket !== WebSocket, describeClass(module.WebSocket), describeClass(WebSocket)];
      });
      assert.ok(own);
      assert.deepEqual(shape, host);
    });

    for (const name of ['isosocket', 'isosocket/wasm']) {
      describe(name, () => {
        test('echoes text, bytes and Blobs, 1 MiB of them too', async () => {
          const log = await inPage(name, async ({ WebSocket }) => {
            const socket = new WebSocket('/', 'echo');
            const next = (type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));
            const opened = await next('open');
            const log = [opened.type, socket.url === `ws://${location.host}/`, socket.protocol, socket.readyState];
            const echo = async (data) => {
              const received = next('message');
              socket.send(data);
              return (await received).data;
            };
            log.push(await echo('\u20ac\ud800'));
            const blob = await echo(new Blob(['blob']));
            log.push(blob instanceof Blob, await blob.text());
            socket.binaryType = 'arraybuffer';
            const bytes = Uint8Array.from({ length: 1 << 20 }, (_, index) => index * 31);
            const echoed = new Uint8Array(await echo(bytes));
            log.push(echoed.length, echoed.every((byte, index) => byte === bytes[index]));
            log.push((await echo(new DataView(bytes.buffer, 1, 3))).byteLength, (await echo('x'.repeat(1 << 20))).length);
            const closed = next('close');
            socket.close(3000, 'done');
            log.push(socket.readyState);
            const { code, reason, wasClean } = await closed;
            return [...log, code, reason, wasClean, socket.readyState];
          });
          assert.deepEqual(log, [
            'open', true, 'echo', 1, '\u20ac\ufffd', true, 'blob', 1 << 20, true, 3, 1 << 20, 2, 3000, 'done', true, 3,
          ]);
        });

        test('tells how the peer has closed', async () => {
          const closed = await inPage(name, ({ WebSocket, CloseEvent }) => new Promise((resolve) => {
            const socket = new WebSocket('/close');
            socket.onclose = (event) => resolve([event instanceof CloseEvent, event.code, event.reason, event.wasClean]);
          }));
          assert.deepEqual(closed, [true, 4321, 'goodbye', true]);
        });

        test('a connection that fails is error, then close 1006', async () => {
          const log = await inPage(name, ({ WebSocket }) => new Promise((resolve) => {
            const socket = new WebSocket('ws://127.0.0.1:1');
            const log = [];
            socket.onerror = (event) => log.push(event.type, event.constructor === Event, socket.readyState);
            socket.onclose = (event) => resolve([...log, event.code, event.wasClean]);
          }));
          assert.deepEqual(log, ['error', true, 3, 1006, false]);
        });

        test('a connection that is lost is made again, and gets what waited', async () => {
          const log = await inPage(name, ({ CloseEvent, ReconnectingWebSocket }) => new Promise((resolve) => {
            const urls = ['/close', '/'];
            const socket = new ReconnectingWebSocket(async () => urls.shift(), 'chat', { minReconnectionDelay: 10, maxReconnectionDelay: 20 });
            const log = [];
            socket.onopen = () => log.push('open', new URL(socket.url).pathname, socket.protocol);
            socket.onreconnecting = ({ attempt, delay }) => {
              log.push('reconnecting', attempt, delay >= 10 && delay <= 20, socket.readyState);
              socket.send('meanwhile');
            };
            socket.onmessage = ({ data }) => {
              log.push(data);
              socket.close(3000, 'bye');
            };
            socket.onclose = (event) => {
              log.push(event instanceof CloseEvent, event.code, event.reason, event.wasClean, socket.readyState);
              if (socket.readyState === ReconnectingWebSocket.CLOSED) resolve(log);
            };
          }));
          assert.deepEqual(log, [
            'open', '/close', 'chat', true, 4321, 'goodbye', true, 0, 'reconnecting', 1, true, 0,
            'open', '/', 'chat', 'meanwhile', true, 3000, 'bye', true, 3,
          ]);
        });

        test('what connects again takes a dictionary and null, and offers the same each time', async () => {
          const log = await inPage(name, async ({ ReconnectingWebSocket }) => {
            const log = [];
            for (const protocols of [{ protocols: new Set(['chat']).values(), headers: undefined }, null]) {
              const socket = new ReconnectingWebSocket('/', protocols);
              for (let count = 0; count < 2; count += 1) {
                await new Promise((resolve) => { socket.onopen = resolve; });
                log.push(socket.protocol);
                socket.reconnect();
              }
              socket.close();
            }
            return log;
          });
          assert.deepEqual(log, ['chat', 'chat', '', '']);
        });

        test('when there is a network again, it does not wait for the timer', async () => {
          const log = await inPage(name, ({ ReconnectingWebSocket }) => new Promise((resolve) => {
            const urls = ['/close', '/'];
            const socket = new ReconnectingWebSocket(() => urls.shift(), [], { minReconnectionDelay: 3_600_000, maxReconnectionDelay: 3_600_000 });
            socket.onreconnecting = ({ delay }) => {
              socket.onopen = () => {
                socket.close();
                resolve([delay, socket.retryCount]);
              };
              dispatchEvent(new Event('online'));
            };
          }));
          assert.deepEqual(log, [3_600_000, 0]);
        });

        test('misuse is a DOMException', async () => {
          const names = await inPage(name, ({ WebSocket }) => {
            const socket = new WebSocket('/');
            const steps = [
              () => new WebSocket('ftp://h'), () => new WebSocket('/#a'), () => new WebSocket('/', ['a', 'a']),
              () => new WebSocket('/', 'a b'), () => socket.send(''), () => socket.close(999), () => socket.close(1000, 'x'.repeat(124)),
            ];
            const names = steps.map((step) => {
              try {
                step();
                return 'nothing';
              } catch (error) {
                return error instanceof DOMException ? error.name : String(error);
              }
            });
            socket.close();
            return names;
          });
          assert.deepEqual(names, [
            'SyntaxError', 'SyntaxError', 'SyntaxError', 'SyntaxError', 'InvalidStateError', 'InvalidAccessError', 'SyntaxError',
          ]);
        });

        test('WebSocketStream echoes, with 4 MiB under way', async () => {
          const log = await inPage(name, async ({ WebSocketStream, WebSocketError }) => {
            const stream = new WebSocketStream('/', { protocols: ['a', 'b'] });
            const { readable, writable, protocol } = await stream.opened;
            const [writer, reader] = [writable.getWriter(), readable.getReader()];
            const log = [stream.url === `ws://${location.host}/`, protocol];
            await writer.write('\u20ac');
            log.push((await reader.read()).value);
            await writer.write(new Uint8Array([1, 2, 3]));
            const { value } = await reader.read();
            // Chromium's own gives an ArrayBuffer.
            log.push([...new Uint8Array(value)].join());
            const writing = (async () => {
              for (let count = 0; count < 16; count += 1) await writer.write(new Uint8Array(1 << 18).fill(count));
            })();
            let correct = 0;
            for (let count = 0; count < 16; count += 1) {
              const { value } = await reader.read();
              if (value.byteLength === 1 << 18 && new Uint8Array(value).every((byte) => byte === count)) correct += 1;
            }
            await writing;
            stream.close({ closeCode: 3000, reason: 'done' });
            const { closeCode, reason } = await stream.closed;
            const failed = await new WebSocketStream('ws://127.0.0.1:1').opened.catch((error) => error);
            return [...log, correct, closeCode, reason, (await reader.read()).done, failed instanceof WebSocketError];
          });
          assert.deepEqual(log, [true, 'b', '\u20ac', '1,2,3', 16, 3000, 'done', true, true]);
        });

        test('messages are values', async () => {
          const items = await inPage(name, async ({ WebSocketStream }) => {
            const { json, typed } = await import('isosocket/typed');
            const stream = new WebSocketStream('/');
            const { readable, send, close } = typed(await stream.opened, json);
            for (const value of [{ a: '\u20ac' }, [1]]) await send(value);
            const reader = readable.getReader();
            const items = [await reader.read(), await reader.read()].map(({ value }) => value);
            await close();
            return [...items, (await stream.closed).closeCode];
          });
          assert.deepEqual(items, [{ ok: true, value: { a: '\u20ac' } }, { ok: true, value: [1] }, 1005]);
        });
      });
    }

    test("WebSocketStream is the browser's own where it has one", async () => {
      const own = await inPage('isosocket/wasm', ({ WebSocketStream }) => WebSocketStream === globalThis.WebSocketStream);
      assert.equal(own, browser === 'Chromium');
    });

    // Chromium's own looks at nothing then, and has no URL.
    test('a WebSocketStream of this package whose signal is aborted before has its URL, and never opens', async () => {
      const log = await inPage('isosocket/wasm', async ({ WebSocket }) => {
        const { WebSocketStream } = (await import('/dist/host-stream.js')).defineHostStream(WebSocket);
        const signal = AbortSignal.abort();
        const stream = new WebSocketStream('/a b', { protocols: ['a', 'A'], signal });
        const log = [stream.url === `ws://${location.host}/a%20b`];
        for (const promise of [stream.opened, stream.closed]) log.push(await promise.then(() => 'fulfilled', ({ name }) => name));
        for (const [url, protocols] of [['ftp://h', []], ['/#a', []], ['/', ['a', 'a']], ['/', ['a b']]]) {
          try {
            log.push(new WebSocketStream(url, { protocols, signal }).url);
          } catch (error) {
            log.push(error instanceof DOMException && error.name);
          }
        }
        return log;
      });
      assert.deepEqual(log, [true, 'AbortError', 'AbortError', 'SyntaxError', 'SyntaxError', 'SyntaxError', 'SyntaxError']);
    });

    test('where a peer cannot be made to wait, what waits for the reader is bounded', async () => {
      const log = await inPage('isosocket/wasm', async ({ WebSocket }) => {
        const { defineHostStream } = await import('/dist/host-stream.js');
        const { WebSocketStream, WebSocketError } = defineHostStream(WebSocket);
        const stream = new WebSocketStream('/flood', { inboundLimit: { bytes: 2000 } });
        const { readable } = await stream.opened;
        const error = await stream.closed.catch((error) => error);
        const reader = readable.getReader();
        const read = [];
        for (let result; !result?.done;) {
          result = await reader.read().catch((reason) => ({ done: true, same: reason === error }));
          read.push(result.done ? result.same : result.value[0]);
        }
        const told = await new Promise((resolve) => {
          const socket = new WebSocket('/told');
          socket.onmessage = ({ data }) => { resolve(data); socket.close(); };
        });
        return [error instanceof WebSocketError, error.closeCode, read, told];
      });
      assert.deepEqual(log, [true, 4009, [0, 1, 2, true], '4009 the reader is too slow']);
    });
  });
}
