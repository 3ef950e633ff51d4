// A peer in a thread of its own, whose backlog is full: it accepts nothing until it is told to.
//
// It posts its port, with what tells it (1), and then greets whoever connects.

import net from 'node:net';
import tls from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

const accepting = new Int32Array(new SharedArrayBuffer(4));
const greet = (socket) => {
  socket.on('error', () => {});
  socket.write('hello');
};

const server = workerData ? tls.createServer(workerData, greet) : net.createServer(greet);
server.on('tlsClientError', () => {});
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
  parentPort.postMessage({ port: server.address().port, accepting });
  Atomics.wait(accepting, 0, 0);
});
