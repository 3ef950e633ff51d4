// What a worker does with scripts that no browser would run to their end, and what it tells whoever started it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import { Program } from './program.mjs';
import { TARGET } from './stage.mjs';

const WORKERS = { QuickJS: 'worker', Boa: 'worker_boa' };

/** The longest that a script here may take, in seconds. */
const LIMIT = 120;

let folder;
let server;
let url;

before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'isosocket-worker-'));
  server = new Program(path.join(TARGET, 'quick', 'ws-test-server'), ['--addr', '127.0.0.1:0']);
  url = (await server.line((line) => line.startsWith('listening on '))).replace('listening on ', '');
});

after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

let scripts = 0;

/** Starts a worker with a script. */
async function start(worker, script, limit = LIMIT) {
  scripts += 1;
  const file = path.join(folder, `${scripts}.js`);
  await writeFile(file, script);
  const command = path.join(TARGET, 'quick', 'examples', WORKERS[worker]);
  return spawn(command, ['--timeout', String(limit), file], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Runs a script to its end; gives what it has written, line by line, and the program's status. */
async function run(worker, script, limit) {
  const child = await start(worker, script, limit);
  const written = { out: '', errors: '' };
  child.stdout.on('data', (text) => (written.out += text));
  child.stderr.on('data', (text) => (written.errors += text));
  const [status, signal] = await once(child, 'close');
  return { lines: written.out.split('\n').slice(0, -1), errors: written.errors, status: signal ?? status };
}

for (const worker of Object.keys(WORKERS)) {
  describe(worker, () => {
    test('a script that does what it wants to ends with 0', async () => {
      const { lines, errors, status } = await run(worker, "setTimeout(() => console.log('done', { a: [1] }), 1);");
      assert.deepEqual({ lines, errors, status }, { lines: ['done { a: [ 1 ] }'], errors: '', status: 0 });
    });

    test('an exception that nobody catches is told, and the status is 1', async () => {
      for (const script of ["throw new Error('oops')", "Promise.reject(new Error('oops'))", 'oops(', "queueMicrotask(() => { throw new Error('oops') })"]) {
        const { errors, status } = await run(worker, script);
        assert.equal(status, 1, script);
        assert.match(errors, /Uncaught/, script);
      }
    });

    test('a rejection that comes while another is told of is told of, too', async () => {
      const { errors, status } = await run(worker, `
        onunhandledrejection = (event) => {
          onunhandledrejection = null;
          event.preventDefault();
          Promise.reject(new Error('second'));
        };
        Promise.reject(new Error('first'));
      `);
      assert.equal(status, 1);
      assert.match(errors, /second/);
    });

    test('timers that are always due leave sockets their turn', async () => {
      const { lines } = await run(worker, `
        const busy = () => { for (const end = performance.now() + 3; performance.now() < end;); };
        const timers = [1, 2, 3, 4].map(() => setInterval(busy, 4));
        new WebSocket('${url}/close?code=1000').onclose = () => {
          timers.forEach(clearInterval);
          console.log('closed');
        };
      `, 5);
      assert.deepEqual(lines, ['closed']);
    });

    test('a script sets no header that says where it comes from', async () => {
      const { lines } = await run(worker, `
        for (const name of ['Origin', 'Cookie', 'Sec-Fetch-Site']) {
          try {
            new WebSocket('${url}/echo', { headers: { [name]: 'a' } });
          } catch (error) {
            console.log(error.name);
          }
        }
      `);
      assert.deepEqual(lines, ['SyntaxError', 'SyntaxError', 'SyntaxError']);
    });

    test('a program waits for what can still be heard, and for nothing else', async () => {
      const { status, lines } = await run(worker, `
        for (let count = 0; count < 100; count += 1) new WebSocket('${url}/echo');
        const unheard = new WebSocket('${url}/echo');
        const late = new WebSocket('${url}/send?text=late');
        // A listener that comes late counts, one that goes does not any more.
        unheard.onmessage = () => {};
        const controller = new AbortController();
        new WebSocket('${url}/echo').addEventListener('message', () => {}, { signal: controller.signal });
        const once = new WebSocket('${url}/echo');
        once.addEventListener('message', () => {}, { once: true });
        setTimeout(() => {
          unheard.onmessage = null;
          controller.abort();
          once.dispatchEvent(new Event('message'));
          late.addEventListener('close', () => console.log('closed'));
          late.close();
        }, 300);
      `, 10);
      assert.deepEqual({ status, lines }, { status: 0, lines: ['closed'] });
    });

    test('what was sent goes out, though nobody hears what comes of it', async () => {
      const { status } = await run(worker, `
        const socket = new WebSocket('${url}/tally?id=${worker}');
        socket.onopen = () => {
          socket.onopen = null;
          socket.send(new Uint8Array(8 << 20).map((_, index) => index * index * 31 >> 3));
        };
      `, 20);
      assert.equal(status, 0);
      const { lines } = await run(worker, `
        const socket = new WebSocket('${url}/reported?id=${worker}');
        socket.onmessage = ({ data }) => console.log(data);
      `, 20);
      assert.match(lines.join(), /^1 messages, 8388608 bytes, /);
    });

    test('what was sent before close() goes out, however long the peer takes', async () => {
      const child = await start(worker, `
        const socket = new WebSocket('${url}/hold?id=${worker}-closing');
        socket.onopen = () => {
          socket.onopen = null;
          // More than the system takes for a peer that does not read.
          socket.send(new Uint8Array(32 << 20));
          socket.close();
        };
      `);
      const closed = once(child, 'close');
      // That a program does not end, no event says. It gives a closing handshake one second when it ends.
      const early = await Promise.race([closed, setTimeout(3000)]);
      assert.equal(early, undefined, 'it has ended');
      const { lines } = await run(worker, `
        const reading = new WebSocket('${url}/release?id=${worker}-closing');
        const socket = new WebSocket('${url}/reported?id=${worker}-closing ended');
        socket.onmessage = ({ data }) => {
          console.log(data);
          reading.close();
          socket.close();
        };
      `, 20);
      assert.deepEqual(lines, ['1 messages, 33554432 bytes, clean 1005 ']);
      assert.deepEqual(await closed, [0, null]);
    });

    test('what cannot be run at all gives 2', async () => {
      const command = path.join(TARGET, 'quick', 'examples', WORKERS[worker]);
      for (const parameters of [['none.js'], [folder], ['--timeout', 'NaN', 'none.js'], ['--origin', 'a b', 'none.js'], ['--base-url', 'x', 'none.js']]) {
        const child = spawn(command, parameters, { stdio: 'ignore', cwd: folder });
        assert.deepEqual(await once(child, 'close'), [2, null], parameters.join(' '));
      }
    });

    test('a script that never ends is ended', async () => {
      for (const script of ['for (;;);', 'setInterval(() => {}, 10)', `new WebSocket('${url}/silent').onclose = () => {}`]) {
        const { status } = await run(worker, script, 0.5);
        assert.equal(status, 124, script);
      }
    });

    test('calls without end are an exception', async () => {
      const { status, errors } = await run(worker, `
        const target = new EventTarget();
        target.addEventListener('x', () => target.dispatchEvent(new Event('x')));
        target.dispatchEvent(new Event('x'));
        const again = () => [1].forEach(again);
        again();
      `);
      assert.equal(status, 1, errors);
    });

    test('sockets opened without end fail, and all are told', async () => {
      // Boa takes its time.
      const count = worker === 'QuickJS' ? 100_000 : 10_000;
      const { lines, errors, status } = await run(worker, `
        let closed = 0;
        for (let index = 0; index < ${count}; index += 1) {
          new WebSocket('${url}/status?code=403').onclose = () => {
            closed += 1;
            if (closed === ${count}) console.log('all');
          };
        }
      `);
      assert.deepEqual({ lines, errors, status }, { lines: ['all'], errors: '', status: 0 });
    });

    test('more than may be queued fails the connection, and is not kept', async () => {
      const { lines, status } = await run(worker, `
        const socket = new WebSocket('${url}/slow');
        const bytes = new Uint8Array(64 << 20);
        socket.onopen = () => {
          for (let count = 0; count < 100; count += 1) socket.send(bytes);
          console.log(socket.bufferedAmount);
        };
        socket.onclose = ({ code }) => console.log(code);
      `);
      assert.deepEqual({ lines, status }, { lines: [String(100 * (64 << 20)), '1006'], status: 0 });
    });

    test('prototypes that were tampered with make nothing worse than an exception', async () => {
      const { errors, status } = await run(worker, `
        const thrower = () => { throw new Error('tampered') };
        for (const { prototype } of [Array, Map, Set, WeakMap, Promise, Function, EventTarget, Uint8Array, String]) {
          for (const name of Reflect.ownKeys(prototype)) {
            if (name === 'constructor') continue;
            try { Object.defineProperty(prototype, name, { value: thrower, configurable: true }) } catch {}
          }
        }
        const socket = new WebSocket('${url}/echo');
        socket.onopen = () => socket.send('a');
        socket.onmessage = () => socket.close();
      `);
      assert.ok(status === 0 || status === 1, `${status} ${errors}`);
      assert.doesNotMatch(errors, /panicked/);
    });

    test('setters that all arrays have get nothing, and change nothing', async () => {
      const { lines, errors, status } = await run(worker, `
        let got = 0;
        for (let index = 0; index < 20; index += 1) {
          Object.defineProperty(Array.prototype, index, { set() { got += 1 }, configurable: true });
        }
        const socket = new WebSocket('${url}/send?text=a');
        socket.addEventListener('message', () => socket.close());
        socket.onclose = ({ code }) => {
          for (let index = 0; index < 20; index += 1) delete Array.prototype[index];
          console.log(code, got);
        };
      `, 10);
      assert.deepEqual({ lines, status }, { lines: ['1005 0'], status: 0 }, errors);
    });

    test('a reader that takes its time holds the peer up', async (t) => {
      let sent = 0;
      const flood = net.createServer(async (peer) => {
        peer.on('error', () => {});
        const [request] = await once(peer, 'data');
        const [, key] = /Sec-WebSocket-Key: (.*)\r/.exec(request.toString('latin1'));
        const { createHash } = await import('node:crypto');
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        peer.write(`HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
        const frames = Buffer.alloc(1028 * 1024);
        for (let index = 0; index < 1024; index += 1) frames.set([0x82, 126, 4, 0], index * 1028);
        // No host is meant to take 200 MiB that nobody reads.
        while (sent < 200 && !peer.destroyed) {
          sent += 1;
          if (!peer.write(frames)) await Promise.race([once(peer, 'drain'), once(peer, 'close')]).catch(() => {});
        }
      }).listen(0, '127.0.0.1');
      t.after(() => flood.close());
      await once(flood, 'listening');
      const child = await start(worker, `
        (async () => {
          const { readable } = await new WebSocketStream('ws://127.0.0.1:${flood.address().port}/').opened;
          const reader = readable.getReader();
          for (let count = 0; count < 20; count += 1) {
            await reader.read();
            await new Promise((resolve) => setTimeout(resolve, 50));
          }
          console.log('read');
          await new Promise((resolve) => setTimeout(resolve, 1 << 30));
        })();
      `);
      t.after(() => child.kill());
      const closed = once(child, 'close');
      const [first] = await Promise.race([once(child.stdout, 'data'), closed]);
      assert.equal(String(first), 'read\n', 'what is written, or the status of a program that has ended before');
      const status = await readFile(`/proc/${child.pid}/status`, 'latin1');
      child.kill();
      await closed;
      const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]);
      assert.ok(peak < 100 * 1024, `${peak} KiB, and the peer sent ${sent} MiB`);
      assert.ok(sent < 200, 'the peer was not held up');
    });
  });
}

test('an object that nobody can reach is collected, and its connection closed without a code', async () => {
  const { lines, status } = await run('QuickJS', `
    let work;
    (() => {
      const socket = new WebSocket('${url}/report?id=collected');
      socket.onopen = () => {
        socket.onopen = null;
        // An engine looks for what is not used any more when it has made much.
        work = setInterval(() => Array.from({ length: 10_000 }, () => ({})), 1);
      };
    })();
    const witness = new WebSocket('${url}/reported?id=collected');
    witness.onmessage = ({ data }) => {
      console.log(data);
      witness.close();
      clearInterval(work);
    };
  `, 10);
  assert.deepEqual({ lines, status }, { lines: ['clean 1005 '], status: 0 });
});

test('a worker that goes away says 1001 to those it is connected to', async () => {
  const { status } = await run('QuickJS', `
    const socket = new WebSocket('${url}/report?id=gone');
    socket.onopen = () => { throw new Error('on purpose') };
  `, 1);
  assert.equal(status, 124);
  const { lines } = await run('QuickJS', `
    const witness = new WebSocket('${url}/reported?id=gone');
    witness.onmessage = ({ data }) => {
      console.log(data);
      witness.close();
    };
  `);
  assert.deepEqual(lines, ['clean 1001 ']);
});
