// The other end of an exchange: a server of the npm package `ws`.

import { once } from 'node:events';

import { WebSocketServer } from 'ws';

import { contentOf } from './messages.mjs';
import { wait } from './turns.mjs';

/** How a peer that closes does so, and what it says. */
export const FAREWELL = { code: 4321, reason: 'that was all' };

export async function startPeer({ compresses }) {
  const perMessageDeflate = compresses && { threshold: 0 };
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate, maxPayload: 1 << 24 });
  await once(server, 'listening');
  return {
    port: server.address().port,
    /** The one connection that is about to be opened. */
    connection: () => once(server, 'connection').then(([connection]) => connection),
    close() {
      for (const connection of server.clients) connection.terminate();
      server.close();
    },
  };
}

/**
 * Has a connection send its messages, each in so many fragments, some with a ping between them, and close if that is what the peer
 * does: at once, or when all has come.
 *
 * @returns what comes, and how it ends
 */
export function play(connection, { theirs, ours, end, reads }) {
  const come = [];
  const closed = once(connection, 'close').then(([code, reason]) => ({ code, reason: String(reason) }));
  const close = () => connection.close(FAREWELL.code, FAREWELL.reason);
  connection.on('error', () => {});
  connection.on('message', (data, isBinary) => {
    come.push(isBinary ? data : String(data));
    if (end === 'peer closes when all has come' && come.length === ours.length) close();
  });
  connection.pause();
  wait(reads).then(() => connection.resume());
  for (const [index, message] of theirs.entries()) {
    const content = Buffer.from(contentOf(message, index));
    const binary = message.kind !== 'text';
    const fragment = Math.ceil(content.length / message.fragments);
    for (let count = 1; count <= message.fragments; count += 1) {
      const fin = count === message.fragments;
      connection.send(content.subarray((count - 1) * fragment, fin ? undefined : count * fragment), { binary, fin });
      if (message.pings) connection.ping(String(index));
    }
  }
  if (end === 'peer closes' || (end === 'peer closes when all has come' && ours.length === 0)) close();
  return { come, closed };
}
