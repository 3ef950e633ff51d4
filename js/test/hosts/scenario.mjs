// What every host has to do alike. It runs in Node, Deno, Bun and workerd, so it uses nothing but what all of them have.

/** The message of an error that a listener throws, which a host reports. */
export const EXPECTED = 'this was to be';

/**
 * The cases: each gives what it saw, beside what it is to be.
 *
 * @param {any} engine the module under test
 * @param {any} setting where the servers and proxies are; and an AsyncLocalStorage, where there is one
 */
export const casesFor = (engine, setting) => {
  const { ReconnectingWebSocket, WebSocket, WebSocketStream, failure, ping, ref, terminate, unref } = engine;
  const { server, secure, refused, deflating, proxies, tls, otherKey, nestsTls, storage } = setting;
  /** Through TLS within TLS, where the host has that. */
  const nested = nestsTls ? [[secure, { ...tls, proxy: proxies.https }]] : [];

  /** Plays a socket to its end and tells the events; `act` is called for each. */
  const play = (url, init, act = () => {}) => new Promise((resolve) => {
    const events = [];
    const socket = new WebSocket(url, init);
    socket.binaryType = 'arraybuffer';
    for (const type of ['open', 'message', 'pong', 'error', 'close']) {
      socket.addEventListener(type, (event) => {
        events.push(told(event));
        act(socket, event, events);
        if (type === 'close') resolve({ events, socket });
      });
    }
  });
  const told = ({ type, data, code, reason, wasClean }) => {
    if (type === 'close') return `close ${code} ${reason} ${wasClean}`;
    if (type === 'message' || type === 'pong') return `${type} ${typeof data === 'string' ? data : [...new Uint8Array(data)]}`;
    return type;
  };
  const FAILED = ['error', 'close 1006  false'];
  const eventsOf = async (...parameters) => (await play(...parameters)).events;
  /** Sends what is given, and closes when so many messages have come. */
  const echo = (url, init, ...messages) => play(url, init, (socket, { type }, events) => {
    if (type === 'open') for (const message of messages) socket.send(message);
    if (type === 'message' && events.length === 1 + messages.length) socket.close(1000);
  });

  /** Writes 64 MiB to a peer that reads nothing at first; says whether it was made to wait, and how much came back. */
  const writeToSlowReader = async (place, init) => {
    const id = `${Math.random()}`;
    const stream = new WebSocketStream(`${place}/hold?id=${id}`, init);
    const { writable, readable } = await stream.opened;
    const writer = writable.getWriter();
    const chunk = new Uint8Array(1 << 20);
    let written = 0;
    const writes = Array.from({ length: 64 }, async () => {
      await writer.write(chunk);
      written += 1;
    });
    for (let before = -1; before < written;) {
      before = written;
      await play(`${server}/echo`, [], (socket, { type }) => type === 'open' && socket.close());
    }
    const wasHeld = written < 64;
    // The peer reads from now on.
    const release = new WebSocketStream(`${place}/release?id=${id}`, init);
    await release.opened;
    release.close();
    let echoed = 0;
    const reader = readable.getReader();
    while (echoed < 64) echoed += (await reader.read()).value.length === chunk.length;
    await Promise.all(writes);
    stream.close({ closeCode: 1000 });
    return [wasHeld, echoed, (await stream.closed).closeCode];
  };

  return {
    'text, binary and Blob come back in order': async () => [
      (await echo(`${server}/echo`, [], '', 'a', '\u20ac\u{1F600}\0\uFEFF', new Uint8Array([0, 255]), new Blob(['bc']), 'd')).events,
      ['open', 'message ', 'message a', 'message \u20ac\u{1F600}\0\uFEFF', 'message 0,255', 'message 98,99', 'message d', 'close 1000  true'],
    ],

    'a message of a million bytes comes back': async () => {
      const bytes = Uint8Array.from({ length: 1_000_000 }, (_, index) => index * 31);
      let isSame = false;
      await play(`${server}/echo`, [], (socket, { type, data }) => {
        if (type === 'open') socket.send(bytes);
        if (type !== 'message') return;
        const got = new Uint8Array(data);
        isSame = got.length === bytes.length && got.every((byte, index) => byte === bytes[index]);
        socket.close();
      });
      return [isSame, true];
    },

    'twenty messages of thousands of bytes come back, each with memory of its own': async () => {
      const bytes = Uint8Array.from({ length: 6000 }, (_, index) => index * 31);
      const got = [];
      await play(`${server}/echo`, [], (socket, { type, data }) => {
        if (type === 'open') for (let number = 0; number < 20; number += 1) socket.send(bytes.fill(number, 0, 1));
        if (type !== 'message') return;
        got.push(data);
        if (got.length === 20) socket.close();
      });
      const isRight = (data, number) => {
        const message = new Uint8Array(data);
        return data.byteLength === 6000 && message.every((byte, index) => byte === (index === 0 ? number : bytes[index]));
      };
      return [got.map((data, number) => isRight(data, number)).join(), Array.from({ length: 20 }, () => true).join()];
    },

    'a thousand messages, one task each, the microtasks of each before the next': async () => {
      const log = [];
      await play(`${server}/burst?count=1000`, [], (socket, { type, data }) => {
        if (type !== 'message') return;
        log.push(Number(data));
        queueMicrotask(() => queueMicrotask(() => log.push(-data)));
        if (data === '999') socket.close();
      });
      return [log.join(), Array.from({ length: 1000 }, (_, number) => `${number},${number && -number}`).join()];
    },

    'fragments, with a ping between them': async () => [
      await eventsOf(`${server}/frames?hex=010161${'890170'}000162${'800163'}880203e8&tell`),
      ['open', 'message abc', 'close 1000  true'],
    ],

    'a frame that breaks the rules': async () => {
      const { events, socket } = await play(`${server}/frames?hex=8101618301ff`);
      return [[...events, typeof failure(socket)], ['open', 'message a', ...FAILED, 'string']];
    },

    'close codes and reasons': async () => [
      [
        await eventsOf(`${server}/close?code=4999&reason=over`),
        await eventsOf(`${server}/close?code=1011&reason=`),
        await eventsOf(`${server}/close`),
        await eventsOf(`${server}/echo`, [], (socket, { type }) => type === 'open' && socket.close(3000, 'bye')),
      ],
      [
        ['open', 'close 4999 over true'],
        ['open', 'close 1011  true'],
        ['open', 'close 1005  true'],
        ['open', 'close 3000  true'],
      ],
    ],

    'a connection that is lost is made again, and gets what waited': async () => {
      const urls = [`${server}/close?code=1011&reason=`, `${server}/echo`];
      const events = await new Promise((resolve) => {
        const events = [];
        const socket = new ReconnectingWebSocket(() => urls.shift(), [], { minReconnectionDelay: 10, maxReconnectionDelay: 20 });
        for (const type of ['open', 'message', 'error', 'close', 'reconnecting']) {
          socket.addEventListener(type, (event) => {
            events.push(`${told(event)} ${socket.readyState}`);
            if (type === 'reconnecting') socket.send('a');
            if (type === 'message') socket.close(3000, 'bye');
            if (socket.readyState === WebSocket.CLOSED) resolve(events);
          });
        }
      });
      return [events, ['open 1', 'close 1011  true 0', 'reconnecting 0', 'open 1', 'message a 1', 'close 3000  true 3']];
    },

    'what is sent before close() arrives': async () => {
      const id = `${Math.random()}`;
      await play(`${server}/report?id=${id}`, [], (socket, { type }) => {
        if (type !== 'open') return;
        socket.send('a');
        socket.close(3456, 'why');
      });
      const report = await play(`${server}/reported?id=${id}`, [], (socket, { type }) => type === 'message' && socket.close());
      return [report.events[1], 'message clean 3456 why'];
    },

    'a connection that is dropped, or reset': async () => [
      [
        await eventsOf(`${server}/drop`, [], (socket, { type }) => type === 'open' && socket.send('x')),
        await eventsOf(`${server}/reset`, [], (socket, { type }) => type === 'open' && socket.send('x')),
        await eventsOf(`${secure}/drop`, tls, (socket, { type }) => type === 'open' && socket.send('x')),
        await eventsOf(`${secure}/reset`, tls, (socket, { type }) => type === 'open' && socket.send('x')),
        await eventsOf(`${secure}/reset`, { ...tls, proxy: proxies.http }, (socket, { type }) => type === 'open' && socket.send('x')),
        await eventsOf(refused.replace('ws:', 'wss:'), tls),
      ],
      [...new Array(5).fill(['open', ...FAILED]), FAILED],
    ],

    'a server that refuses, and one that is not there': async () => {
      const results = [];
      for (const url of [`${server}/status?code=404`, refused, 'ws://nowhere.invalid', 'ws://127.0.0.1:22', `${server}/garbage`]) {
        const { events, socket } = await play(url);
        results.push(`${events} ${typeof failure(socket)}`);
      }
      return [results, new Array(5).fill(`${FAILED} string`)];
    },

    'a handler keeps its place among the listeners, and what one throws ends nothing': async () => {
      const order = [];
      for (const Class of [WebSocket, ReconnectingWebSocket]) {
        await new Promise((resolve) => {
          const socket = new Class(`${server}/echo`);
          const push = (name) => ({ type }) => void order.push(`${name} ${type}`);
          for (const type of ['open', 'message', 'close']) {
            socket.addEventListener(type, push('before'));
            socket[`on${type}`] = () => order.push('replaced');
            socket.addEventListener(type, push('behind'));
            socket[`on${type}`] = push('handler');
          }
          socket.addEventListener('open', () => {
            socket.send('a');
            socket.dispatchEvent(new Event('message'));
            throw new Error(EXPECTED);
          });
          socket.addEventListener('message', ({ data }) => data === 'a' && socket.close(1000));
          socket.addEventListener('close', resolve);
          order.push(typeof socket.onopen);
        });
      }
      const each = ['open', 'message', 'message', 'close'].flatMap((type) => [`before ${type}`, `handler ${type}`, `behind ${type}`]);
      return [order, ['function', ...each, 'function', ...each]];
    },

    'subprotocols': async () => {
      const { events, socket } = await play(`${server}/protocol?pick=b`, ['a', 'b'], (socket, { type }) => type === 'open' && socket.close());
      return [[events, socket.protocol, await eventsOf(`${server}/protocol?pick=c`, ['a', 'b'])], [['open', 'close 1005  true'], 'b', FAILED]];
    },

    'headers': async () => {
      const init = { headers: { 'X-Test': 'yes' }, origin: 'https://example.org' };
      const { events } = await play(`${server}/head`, init, (socket, { type }) => type === 'message' && socket.close());
      return [
        [/\r\nx-test: yes\r\n/i.test(events[1]), /\r\norigin: https:\/\/example\.org\r\n/i.test(events[1])],
        [true, true],
      ];
    },

    'permessage-deflate, and none': async () => {
      const text = 'over and over again '.repeat(1000);
      const on = await echo(deflating, {}, text, 'short', text);
      const off = await echo(deflating, { perMessageDeflate: false }, text);
      const bounded = await echo(deflating, { maxPayload: text.length - 1 }, text);
      const told = ({ events, socket }) => [
        events.map((event) => event.replaceAll(text, 'TEXT')).join(),
        socket.extensions.split(';')[0],
      ];
      return [
        [on, off, bounded].map(told),
        [
          ['open,message TEXT,message short,message TEXT,close 1000  true', 'permessage-deflate'],
          ['open,message TEXT,close 1000  true', ''],
          ['open,error,close 1006  false', 'permessage-deflate'],
        ],
      ];
    },

    'TLS with an authority of its own': async () => [
      (await echo(`${secure}/echo`, tls, 'a', new Uint8Array([1]))).events,
      ['open', 'message a', 'message 1', 'close 1000  true'],
    ],

    'TLS with a certificate of another name': async () => {
      const url = `${secure.replace('localhost', '0.0.0.0')}/echo`;
      const straight = await play(url, tls);
      const proxied = await play(url, { ...tls, proxy: proxies.http });
      return [
        [straight, proxied].map(({ events, socket }) => [events, typeof failure(socket)]),
        [[FAILED, 'string'], [FAILED, 'string']],
      ];
    },

    ...(otherKey && {
      'TLS with the key of another certificate': async () => {
        const ways = [{}, { proxy: proxies.http }, { proxy: proxies.https }];
        const played = await Promise.all(ways.map((way) => play(`${secure}/echo`, { ...tls, ...otherKey, ...way })));
        const { socket: straight } = played[0];
        return [
          played.map(({ events, socket }) => [events, failure(socket)]),
          ways.map(() => [FAILED, failure(straight) ?? 'some words']),
        ];
      },
    }),

    'through HTTP proxies and a SOCKS proxy': async () => {
      const ways = [
        [server, { proxy: proxies.http }], [secure, { ...tls, proxy: proxies.http }],
        [server, { proxy: proxies.socks }], [secure, { ...tls, proxy: proxies.socks }],
        [server, { ...tls, proxy: proxies.https }], ...nested,
      ];
      const results = [];
      for (const [place, init] of ways) results.push((await echo(`${place}/echo`, init, 'a')).events.join());
      return [results, ways.map(() => 'open,message a,close 1000  true')];
    },

    'a proxy that refuses': async () => {
      const words = [];
      for (const proxy of [proxies.http.replace('secret', 'wrong'), proxies.socks.replace('secret', 'wrong'), refused.replace('ws:', 'http:')]) {
        const { events, socket } = await play(`${server}/echo`, { proxy });
        words.push(`${events}: ${failure(socket).includes('the proxy')}`);
      }
      return [words, new Array(3).fill(`${FAILED}: true`)];
    },

    'ping and pong': async () => [
      await eventsOf(`${server}/echo`, [], (socket, { type }, events) => {
        if (type === 'open') {
          ping(socket, 'hi');
          ping(socket, new Uint8Array([7]));
          ping(socket);
          socket.send('m');
        }
        if (events.length === 5) socket.close();
      }),
      ['open', 'pong 104,105', 'pong 7', 'pong ', 'message m', 'close 1005  true'],
    ],

    'terminate': async () => [
      [
        await eventsOf(`${server}/echo`, [], (socket, { type }) => type === 'open' && terminate(socket)),
        await eventsOf(`${server}/burst?count=100000`, [], (socket, { type }) => type === 'message' && terminate(socket)),
      ],
      [['open', ...FAILED], ['open', 'message 0', ...FAILED]],
    ],

    'ref and unref give the socket back': async () => {
      const seen = [];
      await play(`${server}/echo`, [], (socket, { type }) => {
        if (type !== 'open') return;
        seen.push(unref(socket) === socket, ref(socket) === socket);
        socket.close();
      });
      return [seen, [true, true]];
    },

    'a stream writes no faster than the peer reads': async () => {
      const ways = [[server, {}], ...nested];
      const seen = [];
      for (const way of ways) seen.push(await writeToSlowReader(...way));
      return [seen, ways.map(() => [true, 64, 1000])];
    },

    'a stream that is read with breaks has everything in order': async () => {
      const stream = new WebSocketStream(`${server}/burst?count=50000`);
      const { readable } = await stream.opened;
      const numbers = [];
      for await (const text of readable) {
        numbers.push(Number(text));
        const takesBreak = numbers.length % 10_000 === 0;
        if (takesBreak) await play(`${server}/echo`, [], (socket, { type }) => type === 'open' && socket.close());
        if (numbers.length === 50_000) break;
      }
      return [numbers.every((number, index) => number === index), true];
    },

    ...(storage && {
      'events come in the async context in which their socket was made': async () => {
        const ways = [
          [`${server}/echo`], [`${server}/echo`, { oneAtATime: false }], [`${server}/echo`], [`${secure}/echo`, tls],
          [`${secure}/echo`, { ...tls, proxy: proxies.http }], [`${server}/echo`, { proxy: proxies.socks }], [refused],
        ];
        const seen = await Promise.all(ways.map(async ([url, init], maker) => {
          const contexts = new Set();
          await storage.run(maker, () => play(url, init, (socket, { type }, { length }) => {
            contexts.add(storage.getStore());
            storage.run('other', () => {
              if (type === 'open') ping(socket);
              if (length < 20) socket.send('a');
              else if (length === 20) terminate(socket);
            });
          }));
          return [...contexts];
        }));
        return [seen, ways.map((_, maker) => [maker])];
      },
    }),
  };
};

/** Runs all cases; gives the names of those that are right and what is wrong with the others. */
export async function run(engine, setting) {
  const right = [];
  const wrong = [];
  for (const [name, play] of Object.entries(casesFor(engine, setting))) {
    try {
      const [seen, expected] = (await play()).map((value) => JSON.stringify(value));
      if (seen === expected) right.push(name);
      else wrong.push({ name, seen: seen.slice(0, 2000), expected: expected.slice(0, 2000) });
    } catch (error) {
      wrong.push({ name, error: String(error?.stack ?? error) });
    }
  }
  return { right, wrong };
}
