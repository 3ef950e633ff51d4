import type { Listened } from "./events.js";
import type { BinaryType, CloseEvent, EngineOptions, WebSocket, WebSocketData, WebSocketInit } from "./index.js";

/** What `new WebSocket()` takes, or a function that gives that, or a promise of it, for each connection anew. */
export type Provider<T> = T | (() => T | PromiseLike<T>);

/**
 * The names are those of reconnecting-websocket, where that has one. All times are milliseconds, by the timers that there are when
 * they begin: a test may put its own in place, and wind them forward. Before a connection or a peer is given up for its time limit,
 * the event loop has one more turn, by the host's own timers.
 */
export interface ReconnectingOptions {
  /** The class that connections are made with: this module's, unless it is given. */
  WebSocket?: (new (url: any, protocols?: any) => ReconnectingConnection) | undefined;
  /** The shortest delay before a retry: 1000. The first one is up to five times that. */
  minReconnectionDelay?: number | undefined;
  /** The longest: 30,000, or the shortest, if that is longer. */
  maxReconnectionDelay?: number | undefined;
  /** By how much the bound of the delays, which are random below it, grows with each retry: 2. */
  reconnectionDelayGrowFactor?: number | undefined;
  /** How long a connection has to last for the delays, and the count of retries, to begin anew: 5000. */
  minUptime?: number | undefined;
  /** How long connecting may take, with asking for the URL and with waiting for its turn (see `oneAtATime`): 10,000. */
  connectionTimeout?: number | undefined;
  /** How many retries there are in a row: without end, unless it is set. After the last one `reconnect()` begins anew. */
  maxRetries?: number | undefined;
  /** How many messages may wait for a connection: 65,536. */
  maxEnqueuedMessages?: number | undefined;
  /** How many bytes those may have: 16 MiB. */
  maxEnqueuedBytes?: number | undefined;
  /** Whether the first connection is made by `reconnect()` and not by the constructor. */
  startClosed?: boolean | undefined;
  /**
   * Whether to connect again after a connection has ended in this way, said at once and not by a promise: unless it is given,
   * after all codes but 1000, 1002, 1003 and 1007 to 1010, after which the same would come again.
   */
  shouldReconnect?: ((event: CloseEvent) => boolean) | undefined;
  /**
   * A message for a peer from which nothing has come for the interval (30,000), and how long a message of the peer's may take then
   * (10,000), not counting what was sent before and is still going out. A connection that is dead is found out in that way: a
   * browser does not tell, and can send no pings. Parts of messages are not seen, either: where one may take longer than both
   * times, they have to be longer.
   */
  keepAlive?: { message: WebSocketData | (() => WebSocketData); interval?: number | undefined; timeout?: number | undefined } | undefined;
}

/** What is used of a connection. */
export interface ReconnectingConnection {
  readonly url: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  readonly extensions: string;
  readonly protocol: string;
  binaryType: any;
  send(data: any): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: any, listener: any): void;
}

/** The connection is lost, or could not be made, and will be made again. */
export interface ReconnectingEvent extends Event {
  /** Which retry it will be, from 1. */
  readonly attempt: number;
  /** The milliseconds until then. */
  readonly delay: number;
}

/** What failed, where that is known: a function of the program, a constructor or a time limit, or what the connection's class tells. */
export interface ReconnectingErrorEvent extends Event {
  readonly error?: unknown;
}

export interface ReconnectingEventMap {
  open: Event;
  message: MessageEvent;
  error: ReconnectingErrorEvent;
  close: CloseEvent;
  reconnecting: ReconnectingEvent;
}

/**
 * A WebSocket that connects again: the interface of {@link WebSocket} over one connection after the other.
 *
 * `open` is fired for each connection, and `close` for each that has ended or could not be made, unless `reconnect()` has given it
 * up before: `readyState` is CONNECTING then, if there will be another one, and CLOSED after the last. When the network comes back, or the page is shown again, it does
 * not wait for its timer.
 *
 * A message that was sent when a connection was lost may have arrived, or not: a program that has to know asks its peer.
 */
export declare class ReconnectingWebSocket extends Listened<ReconnectingEventMap> {
  /**
   * Starts to connect.
   *
   * @throws {DOMException} as the constructor of {@link WebSocket}, and a TypeError for one of {@link EngineOptions} of another type,
   * if neither the URL nor the subprotocols are a function. If one is, that is a failed attempt, after which it tries again: see
   * `maxRetries`.
   * @throws {TypeError} for an option of its own that is of another type, and for one of {@link EngineOptions} where connections are
   * of the host's own class. Where a function gives it, that is a failed attempt.
   */
  constructor(
    url: Provider<string | URL>,
    protocols?: Provider<string | Iterable<string> | WebSocketInit | null | undefined>,
    options?: ReconnectingOptions,
  );

  static readonly CONNECTING: 0;
  static readonly OPEN: 1;
  static readonly CLOSING: 2;
  static readonly CLOSED: 3;
  readonly CONNECTING: 0;
  readonly OPEN: 1;
  readonly CLOSING: 2;
  readonly CLOSED: 3;

  /** That of the connection, or of the last one; empty before the first. So are `extensions` and `protocol`. */
  readonly url: string;
  /** CONNECTING also while it waits for the next retry, and in a handler of `error`, unless it closes. */
  readonly readyState: 0 | 1 | 2 | 3;
  /** The bytes that wait, for a connection or for the network, and after the end those that have waited in vain. */
  readonly bufferedAmount: number;
  readonly extensions: string;
  readonly protocol: string;
  /** That of all connections. */
  binaryType: BinaryType;
  /**
   * Which retry is under way or waited for, since a connection has lasted; 0 if none was needed. What is tried at once for a sign
   * of the browser's does not count.
   */
  readonly retryCount: number;

  onopen: ((event: Event) => any) | null;
  onmessage: ((event: MessageEvent) => any) | null;
  onerror: ((event: ReconnectingErrorEvent) => any) | null;
  onclose: ((event: CloseEvent) => any) | null;
  onreconnecting: ((event: ReconnectingEvent) => any) | null;

  /**
   * Sends a message, or keeps it for the next connection. What a handler of `open` sends at once, such as a token, goes before all
   * that waited. What is sent while that goes out waits behind it. After the end it is thrown away, with what waited then, and counted in `bufferedAmount` until `reconnect()`.
   *
   * @throws {DOMException} "QuotaExceededError" when as much waits as may.
   */
  send(data: WebSocketData): void;

  /**
   * Ends it: the connection, if there is one, and all attempts. What waits goes out first if there is a connection that is open, unless
   * the peer takes nothing for ten seconds; else it is thrown away.
   *
   * @throws {DOMException} as that of {@link WebSocket}.
   */
  close(code?: number, reason?: string): void;

  /**
   * Connects anew at once: drops the connection, if there is one, does not wait for the timer, and begins again after the end.
   *
   * @param code for the connection that is dropped: 1000, unless it is given
   * @throws {DOMException} as `close()`.
   */
  reconnect(code?: number, reason?: string): void;
}
