// A peer in a thread of its own, which answers a Close frame while the thread of its client is busy.
//
// It posts its port, with what tells when to answer (1) and that it has answered (2), and posts again when a Close frame has come.

import net from 'node:net';
import { parentPort } from 'node:worker_threads';

import { close, readFrame, readHead, switching } from './peer.mjs';

const answered = new Int32Array(new SharedArrayBuffer(4));

const server = net.createServer(async (socket) => {
  socket.write(switching(await readHead(socket)));
  await readFrame(socket);
  parentPort.postMessage('closing');
  Atomics.wait(answered, 0, 0);
  socket.end(close(1000), () => {
    Atomics.store(answered, 0, 2);
    Atomics.notify(answered, 0);
  });
});
server.listen(0, '127.0.0.1', () => parentPort.postMessage({ port: server.address().port, answered }));
