// The network of workerd: open, read, write, end, and nothing else.

import { connect as connectSocket } from 'cloudflare:sockets';

import { LINGER } from '../route.js';
import { clearTimeout, setTimeout } from '../timers.js';

/** The options of the network that are obeyed here. What TLS trusts is a matter of the runtime's configuration. */
export const obeyedOptions = ['proxy'];

/**
 * Opens a byte stream.
 *
 * @type {import('../route.js').Connect}
 */
export const connect = (target, events) => new Stream(target, events);

/** A byte stream, as ByteStream in ../route.js says. */
class Stream {
  #socket;
  #reader;
  #writer;
  #events;
  /** Nothing more is to be reported. */
  #over = false;
  /** Resolves when the stream is to be read on; none if it is. */
  #pause;
  /** What was queued has been written when this resolves. */
  #written = Promise.resolve();

  /**
   * @param {Parameters<import('../route.js').Connect>[0]} target
   * @param {import('../route.js').StreamEvents} events
   */
  constructor({ hostname, port, tls }, events) {
    this.#events = events;
    const secureTransport = tls ? 'on' : 'starttls';
    const address = { hostname: hostname.replace(/^\[|\]$/g, ''), port };
    this.#use(connectSocket(address, { secureTransport, allowHalfOpen: true }));
  }

  secure({ hostname }) {
    this.#reader.releaseLock();
    this.#writer.releaseLock();
    this.#use(this.#socket.startTls({ expectedServerHostname: hostname }));
  }

  #use(socket) {
    this.#socket = socket;
    this.#reader = socket.readable.getReader();
    this.#writer = socket.writable.getWriter();
    socket.opened.then(() => this.#run(socket)).catch((cause) => this.#lose(socket, cause));
    // That it is closed is seen by reading.
    socket.closed.catch(() => {});
  }

  async #run(socket) {
    if (this.#over) return;
    this.#events.opened();
    const reader = this.#reader;
    // Until TLS takes the stream over, or it ends.
    while (this.#socket === socket) {
      await this.#pause?.promise;
      const { done, value } = await reader.read();
      if (this.#over && done) return;
      if (this.#over) continue;
      if (done) {
        this.#events.ended();
        return;
      }
      this.#events.received(value);
    }
  }

  #lose(socket, cause) {
    if (this.#over || this.#socket !== socket) return;
    this.#over = true;
    this.#events.lost(String(cause));
  }

  write(bytes, done) {
    const socket = this.#socket;
    this.#written = this.#writer.write(bytes).then(done, (cause) => this.#lose(socket, cause));
  }

  pause() {
    this.#pause ??= Promise.withResolvers();
  }

  resume() {
    this.#pause?.resolve();
    this.#pause = undefined;
  }

  // A request lasts as long as its handler says, whatever is open.
  ref() {}

  unref() {}

  end(lastBytes) {
    this.#over = true;
    this.resume();
    const timer = setTimeout(() => this.destroy(), LINGER);
    const last = lastBytes.length > 0 ? this.#writer.write(lastBytes) : this.#written;
    last.then(() => this.#writer.close()).then(() => this.#socket.closed).catch(() => {}).finally(() => {
      clearTimeout(timer);
      this.destroy();
    });
  }

  destroy() {
    this.#over = true;
    this.resume();
    this.#socket.close().catch(() => {});
  }
}
