// Any exchange of messages, over a network that cuts and delays as it likes: what is told of it is what has happened.
//
//   RUNS=10000 SEED=7 node --test test/exchange.test.mjs

import { describe, test } from 'node:test';

import fc from 'fast-check';

import { openNetwork } from './exchange/network.mjs';
import { play, startPeer } from './exchange/peer.mjs';
import { scenarioOfSocket, scenarioOfStream } from './exchange/scenario.mjs';
import { ofSocket } from './exchange/socket.mjs';
import { ofStream } from './exchange/stream.mjs';

/** How many exchanges there are of each kind. */
const RUNS = Number(process.env.RUNS ?? 200);
/** Which ones: the same each time, unless the environment says otherwise. */
const SEED = Number(process.env.SEED ?? 1);
/** How long one may take, in milliseconds. */
const LIMIT = 10_000;

for (const [name, scenario, takePart] of [['WebSocket', scenarioOfSocket, ofSocket], ['WebSocketStream', scenarioOfStream, ofStream]]) {
  describe(`any exchange of a ${name}`, () => {
    test('is told as it has happened', async () => {
      const exchanges = fc.asyncProperty(scenario, (given) => exchange(given, takePart));
      // What made one fail is not sought again in smaller ones: each of them may take as long as that.
      await fc.assert(exchanges, { numRuns: RUNS, seed: SEED, endOnFailure: true, includeErrorInReport: true });
    });
  });
}

/** Runs an exchange with a peer behind a network. */
async function exchange(scenario, takePart) {
  const peer = await startPeer(scenario);
  const way = await openNetwork(peer.port, scenario.network);
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it does not end')), LIMIT);
  });
  try {
    const opened = peer.connection().then((connection) => play(connection, scenario));
    await Promise.race([limit, takePart(scenario, `ws://127.0.0.1:${way.port}/`, opened, way.hasBroken)]);
  } finally {
    clearTimeout(timer);
    way.close();
    peer.close();
  }
}
