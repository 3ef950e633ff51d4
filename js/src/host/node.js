// The network of Node, and of what has its modules: open, read, write, end, and nothing else.

import { AsyncResource } from 'node:async_hooks';
import net from 'node:net';
import tls from 'node:tls';

import { LINGER } from '../route.js';
import { clearTimeout, LONGEST_DELAY, setTimeout } from '../timers.js';
import { carriedBy } from './carried.js';

/** The options of the network that are obeyed here. */
export const obeyedOptions = ['proxy', 'ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized'];

/** Gives what calls back in the async context of this moment, which is what AsyncLocalStorage goes by. */
export function captureContext() {
  const resource = new AsyncResource('WebSocket');
  return (callback) => resource.runInAsyncScope(callback);
}

const isNode = !process.versions.deno && !process.versions.bun;

/** Deno tells of a socket in no context at all. */
const keepsContext = !process.versions.deno;

/**
 * Opens a byte stream. What it reports comes in the async context of this call.
 *
 * @type {import('../route.js').Connect}
 */
export const connect = (target, events) => new Stream(target, keepsContext ? events : inContextOfNow(events));

function inContextOfNow(events) {
  const inContext = captureContext();
  const members = Object.entries(events).map(([name, tell]) => [name, (given) => inContext(() => tell(given))]);
  return Object.fromEntries(members);
}

/**
 * What comes is read into this by all sockets: it is looked at before the next one reads. Memory of its own for each chunk,
 * which is what a socket has by default, costs as much as the rest of reading. Other hosts than Node do not all know it.
 */
const memory = isNode ? Buffer.allocUnsafeSlow(262144) : undefined;

/**
 * How long an address may take when there is another one to try, in milliseconds. Node gives one up after 250 and is never back, though
 * a SYN that is lost costs a second: what has failed so is tried once more with patience. The deadline of the handshake bounds it all.
 */
const PATIENCE = 10_000;

/** Deno's TLS reads on when it is paused. */
const pausesTls = !process.versions.deno;

/** A byte stream, as ByteStream in ../route.js says. */
class Stream {
  /** The socket, or the TLS on it. */
  #socket;
  /** The socket under the TLS, where that is to be paused instead. */
  #carrier;
  /** The TLS under the TLS, if there is one: Bun's neither waits for it, nor ends it or lets it go. */
  #base;
  #events;
  /** Connects once more, if it has not yet. */
  #connectAgain;
  #keepsAlive = true;
  #paused = false;
  /** Keeps the process alive while nothing is read, which a socket does not do then. */
  #holder;
  /** Nothing more is to be reported. */
  #over = false;

  /**
   * @param {Parameters<import('../route.js').Connect>[0]} target
   * @param {import('../route.js').StreamEvents} events
   */
  constructor(target, events) {
    this.#events = events;
    this.#connectAgain = () => {
      this.#connectAgain = undefined;
      this.#open(target, { autoSelectFamilyAttemptTimeout: PATIENCE });
      if (this.#paused) this.#socket.pause();
    };
    this.#open(target, {});
  }

  /** @param {Parameters<import('../route.js').Connect>[0]} target */
  #open({ hostname, port, tls: options }, attempts) {
    // What the peer has sent may still be answered when it has ended its side: messages wait for their turn, and its Close frame is
    // behind them. Whoever is told of that end ends the stream.
    const way = { host: hostname.replace(/^\[|\]$/g, ''), port, allowHalfOpen: true, onread: this.#reading(), ...attempts };
    if (options && pausesTls) this.#listen(connectTls({ ...way, ...toNode(options) }), 'secureConnect');
    else this.#listen(net.connect(way), 'connect', options && (() => this.secure(options)));
    this.#socket.setNoDelay(true);
  }

  /** How the socket is to read, for those that can be told. */
  #reading() {
    if (!memory) return undefined;
    return {
      buffer: memory,
      callback: (length) => {
        if (!this.#over) this.#events.received(memory.subarray(0, length));
        return true;
      },
    };
  }

  #listen(socket, opening, opened = () => this.#events.opened()) {
    this.#socket = socket;
    const finish = (report) => {
      // It was one that was given up.
      if (socket !== this.#socket) return;
      if (!this.#over) report();
      this.#finish();
    };
    // It may have been another socket: that to the address which was tried first.
    socket.once('connect', () => {
      if (!this.#keepsAlive) this.#reader.unref();
    });
    socket.once(opening, () => {
      if (!this.#over) opened();
    });
    // Nothing comes here where the memory is read into. But TLS on another socket reads by itself.
    socket.on('data', (chunk) => {
      if (!this.#over) this.#events.received(chunk);
    });
    // What is written may still fail, or be what the peer waits for.
    socket.once('end', () => {
      if (!this.#over) this.#events.ended();
    });
    socket.on('error', (cause) => {
      if (this.#connectAgain && wasImpatient(cause)) this.#connectAgain();
      else finish(() => this.#events.lost(describe(cause)));
    });
    socket.once('close', () => finish(() => this.#events.lost('the connection was closed')));
  }

  secure(options) {
    for (const event of ['data', 'end', 'error', 'close']) this.#socket.removeAllListeners(event);
    if (!pausesTls) this.#carrier ??= this.#socket;
    if (this.#socket instanceof tls.TLSSocket) this.#base = this.#socket;
    const socket = pausesTls ? this.#socket : carriedBy(this.#socket);
    try {
      this.#listen(connectTls({ socket, ...toNode(options) }), 'secureConnect');
    } catch (error) {
      // The network calls here, and would catch nothing.
      this.destroy();
      this.#events.lost(String(error));
    }
  }

  /** The socket that reads from the network. */
  get #reader() {
    return this.#carrier ?? this.#socket;
  }

  write(bytes, done) {
    this.#socket.write(bytes, (error) => {
      if (error) return;
      if (this.#base?.writableNeedDrain) this.#base.once('drain', done);
      else done();
    });
  }

  pause() {
    this.#reader.pause();
    this.#paused = true;
    this.#hold();
  }

  resume() {
    this.#reader.resume();
    this.#paused = false;
    this.#hold();
  }

  ref() {
    this.#keepsAlive = true;
    this.#reader.ref();
    this.#base?.ref();
    this.#hold();
  }

  unref() {
    this.#keepsAlive = false;
    this.#reader.unref();
    this.#base?.unref();
    this.#hold();
  }

  #hold() {
    if (this.#over || !this.#paused || !this.#keepsAlive) this.#holder?.unref();
    else (this.#holder ??= setTimeout(() => {}, LONGEST_DELAY)).ref();
  }

  #finish() {
    this.#over = true;
    this.#connectAgain = undefined;
    clearTimeout(this.#holder);
  }

  end(lastBytes) {
    const socket = this.#socket;
    const unwritten = lastBytes.length + socket.writableLength + (this.#base?.writableLength ?? 0);
    if (socket.connecting || unwritten === 0) {
      this.destroy();
      return;
    }
    this.#finish();
    // Whoever closes a socket before having read all that came resets the connection, and the peer may lose the last
    // bytes. So read on for a while; but that is no reason to keep the process alive.
    const reader = this.#reader;
    const timer = setTimeout(() => this.destroy(), LINGER).unref();
    (this.#base ?? reader).once('close', () => clearTimeout(timer));
    socket.end(lastBytes, () => reader.unref());
    reader.resume();
  }

  destroy() {
    this.#finish();
    this.#socket.destroy();
    this.#base?.destroy();
    this.#carrier?.destroy();
  }
}

/** Whether an address was given up for the next one, and that has failed. */
const wasImpatient = ({ errors = [] }) => errors.some(({ code }) => code === 'ETIMEDOUT');

/** Throws for options that TLS refuses, such as the key of another certificate. */
function connectTls(options) {
  try {
    return tls.connect(options);
  } catch (error) {
    throw new Error(describe(error), { cause: error });
  }
}

/** A name is checked against the certificate; an address is no server name for TLS to send. */
function toNode({ hostname, ...options }) {
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, servername: net.isIP(host) ? '' : host, ALPNProtocols: ['http/1.1'], ...options };
}

/** What Node reads when it starts; the others have ways of their own. */
const TRUSTED_BESIDES = isNode ? ', and NODE_EXTRA_CA_CERTS names a file of others' : '';

/** What to do about errors that many meet. @type {[RegExp, string][]} */
const ADVICE = [
  [/SELF_SIGNED|UNABLE_TO_/, `the option 'ca' has the certificates that are trusted${TRUSTED_BESIDES}`],
  [/WRONG_VERSION/, 'it does not speak TLS on this port'],
  [/ALERT_CERTIFICATE_REQUIRED/, "the options 'cert' and 'key' have the program's own"],
  [/OSSL/, "see the options 'key', 'passphrase', 'cert' and 'ca'"],
];

/** An error in words, on one line: those of each address that was tried; and of TLS without what its library says of itself. */
function describe(error) {
  if (error.errors) return error.errors.map(describe).join('; ');
  const words = error.library ? `${error.code}: ${error.reason}` : String(error);
  const advice = ADVICE.find(([code]) => code.test(error.code));
  return advice ? `${words} (${advice[1]})` : words;
}
