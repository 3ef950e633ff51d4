// Frames, as a server makes them and takes them.

import { constants, createDeflateRaw, createInflateRaw } from 'node:zlib';

export function frameOf(first, payload) {
  const { length } = payload;
  if (length < 126) return Buffer.concat([Buffer.of(first, length), payload]);
  const header = Buffer.alloc(length < 65536 ? 4 : 10);
  header[0] = first;
  header[1] = header.length === 4 ? 126 : 127;
  if (header.length === 4) header.writeUInt16BE(length, 2);
  else header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

/** The payload of a frame as permessage-deflate has it, with one window for all messages. */
export function compressor() {
  const deflate = createDeflateRaw({ windowBits: 15 });
  return (payload) => flushed(deflate, payload, constants.Z_SYNC_FLUSH).then((bytes) => bytes.subarray(0, bytes.length - 4));
}

export function decompressor() {
  const inflate = createInflateRaw();
  const tail = Buffer.of(0, 0, 0xff, 0xff);
  return (payload) => flushed(inflate, Buffer.concat([payload, tail]), constants.Z_SYNC_FLUSH);
}

function flushed(stream, bytes, how) {
  return new Promise((resolve, reject) => {
    const chunks = [];
    const collect = (chunk) => chunks.push(chunk);
    stream.on('data', collect);
    stream.once('error', reject);
    stream.write(bytes);
    stream.flush(how, () => {
      stream.off('data', collect);
      stream.off('error', reject);
      resolve(Buffer.concat(chunks));
    });
  });
}

/** Takes the frames that a client sends off the chunks: each is given as its first byte and its payload, unmasked. */
export class FrameReader {
  #chunks = [];
  #length = 0;

  *read(chunk) {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= 6) {
      const head = this.#peek(14);
      const short = head[1] & 0x7f;
      const start = (short < 126 ? 2 : short === 126 ? 4 : 10) + 4;
      if (head.length < start) return;
      const size = short < 126 ? short : short === 126 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
      if (this.#length < start + size) return;
      const frame = this.#take(start + size);
      const payload = Buffer.from(frame.subarray(start));
      const key = frame.subarray(start - 4, start);
      for (let index = 0; index < size; index += 1) payload[index] ^= key[index & 3];
      yield { first: frame[0], payload };
    }
  }

  #peek(count) {
    if (this.#chunks.length > 1 && this.#chunks[0].length < count) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0].subarray(0, count);
  }

  #take(count) {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    const [bytes] = this.#chunks;
    this.#chunks = [bytes.subarray(count)];
    this.#length -= count;
    return bytes.subarray(0, count);
  }
}
