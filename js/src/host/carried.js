// A socket as a plain stream, for TLS to be put on it in a host whose TLS does not stop reading when it is paused: the socket
// under it does, and TLS gets nothing to read.

import { Duplex } from 'node:stream';

/** A stream that reads and writes what the socket does, and ends as it does. */
export function carriedBy(socket) {
  const stream = new Duplex({
    read() {},
    write: (chunk, _encoding, done) => void socket.write(chunk, done),
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (chunk) => stream.push(chunk));
  socket.once('end', () => stream.push(null));
  socket.on('error', (error) => stream.destroy(error));
  // TLS may be gone by then, and nobody listen.
  stream.on('error', () => {});
  socket.once('close', () => {
    if (!stream.readableEnded && !socket.readableEnded) stream.destroy();
  });
  return stream;
}
