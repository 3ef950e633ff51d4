// WebSocketStreams that hold a message back because nobody reads.

import net from 'node:net';

import { WebSocketStream } from 'isosocket/engine';

import { frame, serve, switching, text } from './peer.mjs';

/** How two messages come, of which the second is held back: with the head of the answer, or in fragments behind it. */
export const WAYS = {
  'in one chunk': (peer, head) => peer.write(Buffer.concat([head, text('first'), text('second')])),
  'in fragments': (peer, head) => {
    // The pong tells that the first fragment has been looked at.
    peer.write(Buffer.concat([head, text('first'), frame(0x01, 'sec'), frame(0x89)]));
    peer.once('data', () => {
      peer.pause();
      peer.write(frame(0x80, 'ond'));
    });
  },
};

/** A stream that holds the second message back, with its socket, and its peer, which reads nothing. */
export async function streamThatHoldsBack(t, send, options) {
  const held = new Promise((resolve) => {
    const { pause } = net.Socket.prototype;
    t.mock.method(net.Socket.prototype, 'pause', function paused() {
      // Of two sockets, the one that has connected.
      if (!connections.has(this)) resolve(this);
      return pause.call(this);
    });
  });
  const connections = new Set();
  const url = await serve(t, (peer, request) => {
    connections.add(peer);
    send(peer, Buffer.from(switching(request)));
  });
  const stream = new WebSocketStream(url, options);
  const { readable, writable } = await stream.opened;
  const socket = await held;
  const [peer] = connections;
  return { stream, readable, writer: writable.getWriter(), socket, peer, connections };
}
