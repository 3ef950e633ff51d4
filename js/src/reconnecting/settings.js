// The third argument of the constructor. The names are those of reconnecting-websocket, where that has one.

import { toDelay, toInteger, toTruth } from '../options.js';
import { toDictionary } from '../webidl.js';

/**
 * @typedef {object} Settings
 * @property {any} WebSocket
 * @property {number} minReconnectionDelay
 * @property {number} maxReconnectionDelay
 * @property {number} reconnectionDelayGrowFactor
 * @property {number} minUptime
 * @property {number} connectionTimeout
 * @property {number} maxRetries
 * @property {number} maxEnqueuedMessages
 * @property {number} maxEnqueuedBytes
 * @property {boolean} startClosed
 * @property {(event: CloseEvent) => unknown} shouldReconnect
 * @property {{ message: any, interval: number, timeout: number } | undefined} keepAlive
 */

/**
 * What there is if nothing is set, and how it is checked.
 *
 * @type {Record<string, [any, (value: any, name: string) => any]>}
 */
const OPTIONS = {
  minReconnectionDelay: [1000, toDelay],
  maxReconnectionDelay: [30_000, toDelay],
  reconnectionDelayGrowFactor: [2, toFactor],
  minUptime: [5000, toDelay],
  connectionTimeout: [10_000, toDelay],
  maxRetries: [Infinity, toCount],
  maxEnqueuedMessages: [65_536, toCount],
  maxEnqueuedBytes: [16 << 20, toCount],
  startClosed: [false, toTruth],
  shouldReconnect: [isWorthIt, toFunction],
  keepAlive: [undefined, toKeepAlive],
};

/** Codes after which the same would happen again: the peer is done, or it is no use to talk to it like this. */
const FINAL_CODES = [1000, 1002, 1003, 1007, 1008, 1009, 1010];

/** @returns {Settings} */
export function toSettings(value, WebSocket) {
  const dictionary = toDictionary(value, 'options');
  const settings = { WebSocket: toFunction(dictionary.WebSocket ?? WebSocket, 'WebSocket') };
  for (const [name, [standard, check]] of Object.entries(OPTIONS)) {
    const given = dictionary[name];
    settings[name] = given === undefined ? standard : check(given, name);
  }
  return /** @type {any} */ (settings);
}

/** Throws for a dictionary of the second argument that has in it what belongs here. */
export function refuseInSecondArgument(dictionary) {
  const name = ['WebSocket', ...Object.keys(OPTIONS)].find((name) => dictionary[name] !== undefined);
  if (name) throw new TypeError(`the option '${name}' belongs in the third argument`);
}

function isWorthIt({ code }) {
  return !FINAL_CODES.includes(code);
}

function toKeepAlive(value, name) {
  const { message, interval = 30_000, timeout = 10_000 } = toDictionary(value, name);
  if (message === undefined) throw new TypeError(`${name}.message is not given`);
  return { message, interval: toDelay(interval, `${name}.interval`), timeout: toDelay(timeout, `${name}.timeout`) };
}

function toCount(value, name) {
  return value === Infinity ? value : toInteger(value, name, 0, Number.MAX_SAFE_INTEGER);
}

function toFactor(value, name) {
  if (!(typeof value === 'number' && value >= 1)) throw new TypeError(`${name} is not a number from 1`);
  return value;
}

function toFunction(value, name) {
  if (typeof value !== 'function') throw new TypeError(`${name} is not a function`);
  return value;
}
