// The way to a server: straight, or through a proxy; and TLS on it.

import { conversationWith, portOfProxy } from './proxy.js';

/** How long a peer may take to end its side when a stream is ended, in milliseconds. */
export const LINGER = 2000;

/**
 * What the event loop of a host reports of a byte stream.
 *
 * @typedef {object} StreamEvents
 * @property {() => void} opened it can be written to; once
 * @property {(chunk: Uint8Array) => void} received the memory is the stream's again when it returns
 * @property {() => void} ended the peer has sent all it had; only `lost` may come behind it
 * @property {(cause: string) => void} lost it could not be opened, or broke, and nothing that is written arrives; the last one
 *
 * A byte stream of a host.
 *
 * @typedef {object} ByteStream
 * @property {(bytes: Uint8Array, done: () => void) => void} write queues bytes, which must not change before `done` is
 * called: when they have been handed to the network
 * @property {() => void} pause asks for no more chunks; some that were read before may still come, and the end
 * @property {() => void} resume
 * @property {(lastBytes: Uint8Array) => void} end ends the stream once what is queued has been written, and these bytes;
 * nothing is reported after that
 * @property {() => void} destroy ends it at once; nothing is reported after that
 * @property {(tls: TlsOptions) => void} secure goes on in TLS: `opened` is reported once more
 * @property {() => void} ref the stream keeps the process alive, as it does in the beginning
 * @property {() => void} unref
 *
 * @typedef {{ hostname: string, [option: string]: any }} TlsOptions whom to expect, and the options of the network
 *
 * @callback Connect opens a byte stream, with TLS if there are options for it
 * @param {{ hostname: string, port: number, tls?: TlsOptions }} target
 * @param {StreamEvents} events
 * @returns {ByteStream}
 */

/**
 * Opens a byte stream to a server.
 *
 * @param {Connect} connect the host's
 * @param {{ hostname: string, port: number, secure: boolean }} target
 * @param {{ proxy?: URL, [option: string]: any }} options of the network
 * @param {StreamEvents} events
 * @returns {ByteStream}
 */
export function openRoute(connect, { hostname, port, secure }, { proxy, ...options }, events) {
  const tls = secure ? { ...options, hostname } : undefined;
  if (proxy === undefined) return connect({ hostname, port, tls }, events);
  const { ca, rejectUnauthorized } = options;
  const tlsOfProxy = proxy.protocol === 'https:' ? { ca, rejectUnauthorized, hostname: proxy.hostname } : undefined;
  const way = { hostname: proxy.hostname, port: portOfProxy(proxy), tls: tlsOfProxy };
  return new ProxiedRoute(connect, way, conversationWith(proxy, { hostname, port }), tls, events).stream;
}

/** A stream to a proxy, which becomes one to the server. */
class ProxiedRoute {
  stream;
  #conversation;
  #tls;
  #events;
  /** What is to be done with what happens: it changes as the way is made. */
  #stage;

  constructor(connect, way, conversation, tls, events) {
    this.#conversation = conversation;
    this.#tls = tls;
    this.#events = events;
    this.#stage = {
      opened: () => this.#speak(),
      received: (chunk) => this.#hear(chunk),
      ended: () => events.lost('the proxy has ended the connection'),
      lost: (cause) => events.lost(`no connection to the proxy: ${cause}`),
    };
    this.stream = connect(way, {
      opened: () => this.#stage.opened(),
      received: (chunk) => this.#stage.received(chunk),
      ended: () => this.#stage.ended(),
      lost: (cause) => this.#stage.lost(cause),
    });
  }

  #speak() {
    this.stream.write(this.#conversation.saying, () => {});
  }

  #hear(chunk) {
    try {
      if (!this.#conversation.hear(chunk)) return;
    } catch (error) {
      this.stream.destroy();
      this.#events.lost(error.message);
      return;
    }
    if (this.#conversation.saying !== undefined) this.#speak();
    else this.#goThrough();
  }

  #goThrough() {
    const { rest } = this.#conversation;
    this.#stage = this.#events;
    if (this.#tls) {
      this.stream.secure(this.#tls);
      return;
    }
    this.#events.opened();
    if (rest.length > 0) this.#events.received(rest);
  }
}
