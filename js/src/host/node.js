// The network of Node: open, read, write, end, and nothing else.

import net from 'node:net';
import tls from 'node:tls';

/** How long the peer may take to end its side, in milliseconds. */
const LINGER = 2000;

/**
 * Opens a byte stream to a host, with TLS if `secure`. The event loop calls `opened()` once, `received(chunk)`, and at
 * the end either `ended()`, when the peer has sent all it had, or `lost(cause)`.
 */
export function connect({ hostname, port, secure }, { opened, received, ended, lost }) {
  const host = hostname.replace(/^\[|\]$/g, '');
  const socket = secure
    ? // A name is checked against the certificate; an address is no server name for TLS to send.
      tls.connect({ host, port, servername: net.isIP(host) ? '' : host, ALPNProtocols: ['http/1.1'] })
    : net.connect({ host, port });
  socket.setNoDelay(true);
  /** Nothing more is to be reported. */
  let over = false;
  const finish = (report) => {
    if (!over) report();
    over = true;
  };

  socket.once(secure ? 'secureConnect' : 'connect', opened);
  socket.on('data', (chunk) => {
    if (!over) received(chunk);
  });
  socket.once('end', () => finish(ended));
  socket.on('error', (cause) => finish(() => lost(String(cause))));
  socket.once('close', () => finish(() => lost('the connection was closed')));

  return {
    /** Queues bytes; `done` is called when they have been handed to the network. */
    write(bytes, done) {
      socket.write(bytes, (error) => {
        if (!error) done();
      });
    },
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    /** Ends the stream once `lastBytes` and what is queued have been written; nothing is reported after that. */
    end(lastBytes) {
      over = true;
      if (socket.connecting || (lastBytes.length === 0 && socket.writableLength === 0)) {
        socket.destroy();
        return;
      }
      // Whoever closes a socket before having read all that came resets the connection, and the peer may lose the last
      // bytes. So read on for a while; but that is no reason to keep the process alive.
      const timer = setTimeout(() => socket.destroy(), LINGER).unref();
      socket.once('close', () => clearTimeout(timer));
      socket.end(lastBytes, () => socket.unref());
      socket.resume();
    },
  };
}
