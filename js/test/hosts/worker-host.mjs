// What the main entry does in workerd over its own WebSocket, as a test of it. The address of an echo server is given.

import { ReconnectingWebSocket, WebSocket, WebSocketStream } from './workerd-host.js';

const nameOf = (act) => {
  try {
    act();
    return 'nothing';
  } catch (error) {
    return error.name;
  }
};

const told = (data) => (typeof data === 'string' ? data : [...new Uint8Array(data)].join());

/** Sends Blobs between texts and closes; gives what came back. */
const echo = (Class, url) => new Promise((resolve) => {
  const seen = [];
  const socket = new Class(url);
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => {
    seen.push(`${socket.extensions}|${socket.protocol}`);
    const bytes = new Uint8Array([1]);
    for (const message of ['a', new Blob(['bc']), 'd', new Blob([]), bytes]) socket.send(message);
    bytes[0] = 2;
  };
  socket.onmessage = ({ data }) => {
    if (seen.push(told(data)) !== 6) return;
    socket.close(3000, 'bye');
    // What comes too late is thrown away.
    seen.push(...['late', new Uint8Array(1), new Blob(['late'])].map((late) => nameOf(() => socket.send(late))));
  };
  socket.onclose = ({ code }) => resolve([...seen, code]);
});

/** The events at the end of a connection that the peer ends. */
const ended = (url) => new Promise((resolve) => {
  const seen = [];
  const socket = new WebSocket(url);
  socket.addEventListener('error', () => seen.push('error'));
  socket.addEventListener('close', ({ code, reason }) => resolve([...seen, code, reason]));
});

/** What a socket does that is not open yet, one that is, and those that were closed: before that, and behind a Blob. */
async function states(url) {
  const early = new WebSocket(url);
  const seen = [...['a', new Uint8Array(1), new Blob(['a'])].map((message) => nameOf(() => early.send(message)))];
  early.close();
  seen.push(early.readyState, nameOf(() => early.send('late')));
  const late = new WebSocket(url);
  await new Promise((resolve) => { late.onopen = resolve; });
  late.send(new Uint8Array([1]));
  seen.push(await new Promise((resolve) => { late.onmessage = ({ data }) => resolve(data instanceof Blob); }));
  late.send(new Blob(['a']));
  late.close(3001);
  seen.push(late.readyState, nameOf(() => late.send('late')));
  return [...seen, await new Promise((resolve) => { late.onclose = ({ code }) => resolve(code); }), late.readyState];
}

async function stream(url) {
  const socket = new WebSocketStream(url);
  const { extensions, protocol, readable, writable } = await socket.opened;
  await writable.getWriter().write('s');
  const { value } = await readable.getReader().read();
  const names = [1001, 2999, 5000].map((closeCode) => nameOf(() => socket.close({ closeCode })));
  socket.close({ closeCode: 4999 });
  return [`${extensions}|${protocol}`, value, ...names, (await socket.closed).closeCode];
}

export default {
  async test(controller, { setting: { server, deflating: peer } }) {
    const url = `${server}/echo`;
    const outcome = {
      sockets: await Promise.all([WebSocket, ReconnectingWebSocket].map((Class) => echo(Class, url.replace('ws:', 'http:')))),
      states: await states(url),
      stream: await stream(url),
      ended: [
        await ended(`${peer}/close`), await ended(`${peer}/empty`), await ended(`${peer}/odd`), (await ended(`${peer}/lost`)).slice(0, 1),
      ],
      misuse: ['ftp://x', 'ws://x/#y'].map((wrong) => nameOf(() => new WebSocket(wrong))),
      seconds: [null, new Set(['a']), { protocols: 'a' }, ['a', 'a'], { headers: {} }].map((second) => nameOf(() => new WebSocket(url, second).close())),
    };
    console.log(JSON.stringify({ outcome }));
  },
};
