// A program whose recursion overflows the stack, within the engine now and then.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import test from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';

import { interfacesOver, STAYS } from './network.mjs';

test('a socket that a stack overflows in goes on, or fails as any other', async () => {
  const { WebSocket } = interfacesOver(() => STAYS, () => {});
  const states = new Set();
  // The overflow is somewhere else each time.
  for (let depth = 0; depth < 40; depth += 1) {
    const socket = new WebSocket('ws://host.test/', { perMessageDeflate: false, oneAtATime: false });
    const events = [];
    for (const type of ['error', 'close']) socket.addEventListener(type, () => events.push(type));
    await once(socket, 'open');
    const send = () => {
      socket.send('message');
      send();
    };
    const descend = (levels) => (levels === 0 ? send() : descend(levels - 1));
    assert.throws(() => descend(depth), RangeError);
    await turn();
    await turn();
    states.add(socket.readyState);
    assert.deepEqual(events, socket.readyState === WebSocket.OPEN ? [] : ['error', 'close']);
    socket.send('again');
    socket.close();
  }
  assert.ok(states.has(WebSocket.CLOSED), 'it has overflown within the engine');
});
