// A network between two programs on this machine, which cuts what it carries, delays it, and may break.

import { once } from 'node:events';
import net from 'node:net';

/**
 * Starts a way to a port of the loopback interface.
 *
 * @param {number} port
 * @param {{ cuts: number[], turns: number[], breaksAfter?: number }} how By turns, how many bytes go on in one piece, and how many
 * turns of the event loop lie between two pieces. It breaks when so many bytes have come from the port: `hasBroken` tells
 */
export async function openNetwork(port, { cuts, turns, breaksAfter = Infinity }) {
  const sockets = new Set();
  let hasBroken = false;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const destroy = () => [near, far].forEach((socket) => socket.destroy());
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', destroy);
    }
    carry(near, far, { cuts, turns, left: Infinity }).catch(destroy);
    carry(far, near, { cuts, turns, left: breaksAfter }).then((isAll) => {
      if (isAll) return;
      hasBroken = true;
      destroy();
    }).catch(destroy);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    hasBroken: () => hasBroken,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Carries everything from one socket to another, in pieces, and its end. @returns whether it was all: it may break before */
async function carry(from, to, { cuts, turns, left }) {
  let piece = 0;
  // The other direction may last longer.
  for await (const chunk of from.iterator({ destroyOnReturn: false })) {
    let place = 0;
    while (place < chunk.length) {
      const end = Math.min(place + cuts[piece % cuts.length], chunk.length, place + left);
      if (end > place && !to.write(chunk.subarray(place, end))) await once(to, 'drain');
      left -= end - place;
      if (left === 0) return false;
      place = end;
      for (let turn = turns[piece % turns.length]; turn > 0; turn -= 1) await new Promise(setImmediate);
      piece += 1;
    }
  }
  to.end();
  return true;
}
