// A network that is a few lines: what comes is cut as a test likes. And frames of any length.

import { loadModule } from '../dist/host/module-file.js';
import { captureContext } from '../dist/host/node.js';
import { defineInterfaces } from '../dist/interfaces.js';
import { takeTurn } from '../dist/turn.js';
import { frame, switching } from './peer.mjs';

const nothing = () => {};

/** What `received` says of a piece that does not go out. */
export const STAYS = Symbol('stays');

/**
 * The interfaces over a peer that answers the request, with these headers, and then does with each piece that is written what
 * `received` says. `established` gets what the stream reports. `paused` is called when reading is to stop, and `ended` with
 * the last bytes.
 */
export function interfacesOver(received, established = () => {}, { headers = [], paused = nothing, ended = nothing } = {}) {
  const connect = (target, events) => {
    setImmediate(() => events.opened());
    let answer = (bytes) => {
      const key = /sec-websocket-key: *(\S+)/i.exec(bytes.toString('latin1'))[1];
      events.received(Buffer.from(switching({ headers: new Map([['sec-websocket-key', key]]) }, ...headers)));
      answer = (piece) => received(piece, events);
      established(events);
    };
    return {
      write: (bytes, done) => setImmediate(() => {
        if (answer(bytes) !== STAYS) done();
      }),
      end: (bytes) => setImmediate(() => {
        ended(bytes);
        events.ended();
      }),
      pause: paused,
      resume: nothing,
      ref: nothing,
      unref: nothing,
      destroy: nothing,
    };
  };
  return defineInterfaces({ connect, obeyedOptions: [], loadModule, takeTurn, captureContext });
}

/** A socket over such a peer. */
export function socketOver(received, established, { options, ...how } = {}) {
  const { WebSocket } = interfacesOver(received, established, how);
  const socket = new WebSocket('ws://host.test/', options);
  socket.binaryType = 'arraybuffer';
  return socket;
}

export const bytesOf = (length, first) => Buffer.from(Uint8Array.from({ length }, (_, index) => first + index * 7));

/** A frame from the server, of any length. */
export function longFrame(first, payload) {
  return payload.length < 126 ? frame(first, payload) : Buffer.concat([longHeader(first, payload.length), payload]);
}

/** The header of a frame from the server with 126 bytes and more. */
export function longHeader(first, length) {
  if (length < 65536) return Buffer.from([first, 126, length >> 8, length & 0xff]);
  const header = Buffer.from([first, 127, 0, 0, 0, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(length, 6);
  return header;
}

/** The frames of a client: the first byte of each, and its payload, unmasked. */
export function framesOf(bytes) {
  const frames = [];
  for (let place = 0; place < bytes.length;) {
    const short = bytes[place + 1] & 0x7f;
    const start = place + (short < 126 ? 2 : short === 126 ? 4 : 10);
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(place + 2) : Number(bytes.readBigUInt64BE(place + 2));
    const key = bytes.subarray(start, start + 4);
    const first = bytes[place];
    place = start + 4 + length;
    frames.push({ first, payload: bytes.subarray(start + 4, place).map((byte, index) => byte ^ key[index % 4]) });
  }
  return frames;
}

/** Their payloads alone. */
export const payloadsOf = (bytes) => framesOf(bytes).map(({ payload }) => payload);
