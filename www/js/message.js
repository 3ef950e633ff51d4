// A message of the log: how it begins and, as long as it is kept, all of it.

import { formatCount, formatHex, sizeOf } from './format.js';

/** How much of a message is always kept, to be shown in its row. */
const HEAD_CHARACTERS = 300;
const HEAD_BYTES = 16;
/** "0f " */
const CHARACTERS_PER_BYTE = 3;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export class Message {
  /** Undefined once it was let go. @type {string | Uint8Array | Blob | undefined} */
  #data;
  /** Undefined until a Blob is asked for it. @type {string | Uint8Array | Promise<Uint8Array> | undefined} */
  #head;

  constructor(data) {
    this.#data = data;
    this.size = sizeOf(data);
    this.isText = typeof data === 'string';
    if (this.isText) this.title = 'text';
    else this.title = data instanceof Blob ? 'Blob' : 'bytes';
    /** Whether there is more to it than its head. */
    this.hasMore = this.isText ? data.length > HEAD_CHARACTERS : this.size > HEAD_BYTES;
    if (this.isText) this.#head = this.hasMore ? `${headOf(data)}…` : data.toWellFormed();
    else if (!(data instanceof Blob)) this.#head = data.slice(0, HEAD_BYTES);
  }

  /** How it begins, as it is shown: at once, or as soon as a Blob has been read. */
  head() {
    return this.isText ? this.#head : this.#headInHex();
  }

  async #headInHex() {
    const hex = formatHex(await this.#headBytes());
    return this.hasMore ? `${hex} …` : hex;
  }

  #headBytes() {
    this.#head ??= bytesOf(this.#data.slice(0, HEAD_BYTES));
    return this.#head;
  }

  /** Keeps its head alone. */
  letGo() {
    // A part of a Blob may hold on to all of it.
    if (!this.isText) Promise.resolve(this.#headBytes()).catch(() => {});
    this.#data = undefined;
  }

  /** So many characters of it, as they are shown, and what comes after them in words. */
  async read(most = Infinity) {
    if (this.isText) {
      const text = this.#data.slice(0, most).toWellFormed();
      return { text, rest: inWords(this.#data.length - text.length, 'character') };
    }
    const bytes = await bytesOf(this.#data.slice(0, Math.floor(most / CHARACTERS_PER_BYTE)));
    return { text: formatHex(bytes), rest: inWords(this.size - bytes.length, 'byte') };
  }

  /** What a file of it has in it and is called, unless it was a file already. */
  toFile(name) {
    const data = this.#data;
    if (this.isText) return new File([data], `${name}.txt`, { type: 'text/plain;charset=utf-8' });
    return data instanceof File ? data : new File([data], `${name}.bin`, { type: 'application/octet-stream' });
  }
}

/** The beginning of a text. It is a copy: a part of a string holds on to all of it. */
function headOf(text) {
  return decoder.decode(encoder.encode(text.slice(0, HEAD_CHARACTERS)));
}

async function bytesOf(data) {
  return data instanceof Blob ? new Uint8Array(await data.arrayBuffer()) : data;
}

function inWords(count, noun) {
  if (count === 0) return '';
  return `${formatCount(count)} more ${noun}${count === 1 ? '' : 's'}`;
}
