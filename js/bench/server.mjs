// The other end: a server that sends frames made before, or takes them and compares each with what it is to be. It is a
// process of its own, and prints its port.

import { createHash } from 'node:crypto';
import net from 'node:net';

import { compressor, decompressor, frameOf, FrameReader } from './frames.mjs';
import { messagesOf, PERIOD, WORKLOADS } from './workloads.mjs';

const frames = new Map();

/** All frames of a workload, in one piece for each period. */
async function framesOf(name) {
  if (frames.has(name)) return frames.get(name);
  const workload = WORKLOADS[name];
  const messages = messagesOf(workload);
  const first = (workload.kind === 'text' ? 0x81 : 0x82) | (workload.deflate ? 0x40 : 0);
  const periods = [];
  if (workload.deflate) {
    const compress = compressor();
    for (let sent = 0; sent < workload.count; sent += PERIOD) {
      const compressed = [];
      for (const message of messages) compressed.push(frameOf(first, await compress(message)));
      periods.push(Buffer.concat(compressed));
    }
  } else {
    const period = Buffer.concat(messages.map((message) => frameOf(first, message)));
    for (let sent = 0; sent < workload.count; sent += PERIOD) periods.push(period);
  }
  frames.set(name, periods);
  return periods;
}

const CLOSE = frameOf(0x88, Buffer.of(3, 0xe8));

async function send(socket, name) {
  for (const period of await framesOf(name)) {
    for (let start = 0; start < period.length; start += 1 << 20) {
      if (!socket.write(period.subarray(start, start + (1 << 20)))) await new Promise((resolve) => socket.once('drain', resolve));
    }
  }
  socket.end(CLOSE);
}

/** Takes a workload's messages; says at the end whether all were right. */
function receive(socket, name, rest) {
  const { kind, count } = WORKLOADS[name];
  const messages = messagesOf(WORKLOADS[name]);
  const first = kind === 'text' ? 0x81 : 0x82;
  const decompress = decompressor();
  const reader = new FrameReader();
  let number = 0;
  let chain = Promise.resolve();
  const take = async (frame) => {
    // Not every client compresses what it sends.
    const isCompressed = (frame.first & 0x40) !== 0;
    const payload = isCompressed ? await decompress(frame.payload) : frame.payload;
    if ((frame.first & ~0x40) !== first || !payload.equals(messages[number % PERIOD])) throw new Error(`${name}: message ${number} is not what it is to be`);
    number += 1;
    if (number === count) socket.end(CLOSE);
  };
  const read = (chunk) => {
    for (const frame of reader.read(chunk)) {
      if (frame.first !== 0x88) chain = chain.then(() => take(frame));
    }
  };
  chain.catch(() => {});
  socket.on('data', read);
  read(rest);
}

const server = net.createServer((socket) => {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  let head = '';
  const readHead = (chunk) => {
    head += chunk.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end === -1) return;
    socket.off('data', readHead);
    const [, direction, encoded] = /^GET \/(\w+)\/(\S+) /.exec(head);
    const name = decodeURIComponent(encoded);
    const key = /^sec-websocket-key: *(\S+)/im.exec(head)[1];
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const extension = WORKLOADS[name].deflate ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : '';
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${extension}Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    if (direction === 'receive') {
      socket.resume();
      send(socket, name);
    } else receive(socket, name, Buffer.from(head.slice(end + 4), 'latin1'));
  };
  socket.on('data', readHead);
});
for (const name of Object.keys(WORKLOADS)) if (WORKLOADS[name].deflate) await framesOf(name);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('disconnect', () => process.exit());
