// The members of the constructors' dictionary beyond those of the standard. Their names are those of `ws` and of Node's
// TLS, where these have one; each is checked, and the host says which of those of the network it can obey.

import { percentDecode } from './request.js';
import { LONGEST_DELAY } from './timers.js';
import { membersOf, toByteString } from './webidl.js';

/** The most bytes, of a message or of what waits to be sent, for which the engine has room. */
const MOST_BYTES = 0x3fffffff;

/** The most that the engine can count to. */
const LARGEST_NUMBER = 0xffffffff;

/** How each member that concerns the network is checked. */
const NETWORK = {
  proxy: toProxy,
  ca: toCertificates,
  cert: toCertificate,
  key: toKey,
  passphrase: toText,
  servername: toText,
  rejectUnauthorized: toTruth,
};

/** What each member that concerns the protocol does to the engine's settings. */
const PROTOCOL = {
  handshakeTimeout: (settings, value, name) => settings.handshake_timeout(toDelay(value, name)),
  closeTimeout: (settings, value, name) => settings.close_timeout(toDelay(value, name)),
  idleTimeout: (settings, value, name) => settings.idle_timeout(toDelay(value, name)),
  maxPayload: (settings, value, name) => settings.max_payload(toInteger(value, name, 1, MOST_BYTES)),
  maxFragments: (settings, value, name) => settings.max_fragments(toInteger(value, name, 1, LARGEST_NUMBER)),
  maxHead: (settings, value, name) => settings.max_head(toInteger(value, name, 1, MOST_BYTES)),
  maxSendQueue: (settings, value, name) => settings.max_send_queue(toInteger(value, name, 1, MOST_BYTES)),
  heartbeat: setHeartbeat,
  perMessageDeflate: setCompression,
};

/** What the engine says in brackets of a bound that was exceeded: the option. */
const NAMES = {
  max_message: 'maxPayload',
  max_frame: 'maxPayload',
  max_fragments: 'maxFragments',
  max_head: 'maxHead',
  max_send_queue: 'maxSendQueue',
  handshake_timeout: 'handshakeTimeout',
  close_timeout: 'closeTimeout',
};

/** What the engine says of a failure, with the name that the option has here. */
export const inNamesOfOptions = (failure) => failure?.replace(/\((\w+)\)$/, (whole, name) => (NAMES[name] ? `(${NAMES[name]})` : whole));

/**
 * The options of the network that a dictionary has; those that are undefined are left out.
 *
 * @param {any} dictionary what the program gave; undefined if it gave none
 * @param {readonly string[]} obeyedOptions the names of those that the host can obey
 */
export function networkOptions(dictionary, obeyedOptions) {
  const options = {};
  for (const [name, convert] of Object.entries(NETWORK)) {
    const value = dictionary?.[name];
    if (value === undefined) continue;
    if (!obeyedOptions.includes(name)) refuseOptions({ [name]: value });
    options[name] = convert(value, name);
  }
  for (const [one, other] of [['cert', 'key'], ['key', 'cert']]) {
    if (options[one] && !options[other]) throw new TypeError(`the option '${one}' is of no use without '${other}'`);
  }
  return options;
}

/**
 * Throws for a proxy that is spoken to in TLS, where a host has no TLS to a server within that.
 *
 * @param {{ proxy?: URL }} options of the network
 */
export function refuseNestedTls({ proxy }) {
  if (proxy?.protocol === 'https:') throw new TypeError("this host cannot obey the option 'proxy' of https: for a server of wss:");
}

/** Throws for options beyond the subprotocols that have a value: what a host or a class does not know it cannot obey. */
export function refuseOptions(dictionary) {
  for (const name of Object.keys(membersOf(dictionary))) {
    if (name !== 'protocols') throw new TypeError(`this host cannot obey the option '${name}'`);
  }
}

/** Throws for the third argument of a ReconnectingWebSocket, if it has in it what each connection is to be given. */
export function refuseInThirdArgument(value) {
  const names = ['protocols', 'headers', 'origin', 'oneAtATime', ...Object.keys(NETWORK), ...Object.keys(PROTOCOL)];
  const given = Object.keys(membersOf(value));
  const name = names.find((name) => given.includes(name));
  if (name) throw new TypeError(`the option '${name}' belongs in the second argument`);
}

/** Gives the options of the protocol that a dictionary has to the engine's settings. */
export function applyProtocolOptions(dictionary, settings) {
  for (const [name, apply] of Object.entries(PROTOCOL)) {
    const value = dictionary?.[name];
    if (value !== undefined) apply(settings, value, name);
  }
}

/** The value of the header Origin, as an option of its own. */
export function originOption(dictionary) {
  const origin = dictionary?.origin;
  return origin === undefined ? undefined : toByteString(toText(origin, 'origin'), 'origin');
}

/** Whether to wait while other sockets connect to the same host. */
export function turnOption(dictionary) {
  const waits = dictionary?.oneAtATime;
  return waits === undefined || toTruth(waits, 'oneAtATime');
}

function setHeartbeat(settings, value, name) {
  if (value === false) return;
  const { interval, timeout } = value === true ? {} : toMembers(value, name);
  settings.heartbeat(
    ifGiven(interval, `${name}.interval`, toDelay),
    ifGiven(timeout, `${name}.timeout`, toDelay),
  );
}

function setCompression(settings, value, name) {
  if (value === false) {
    settings.no_compression();
    return;
  }
  const members = value === true ? {} : toMembers(value, name);
  const member = (key, convert, ...range) => ifGiven(members[key], `${name}.${key}`, convert, ...range);
  settings.compression(
    member('level', toInteger, 1, 9),
    member('threshold', toInteger, 0, LARGEST_NUMBER),
    member('clientNoContextTakeover', toTruth) ?? false,
    member('serverNoContextTakeover', toTruth) ?? false,
    member('clientMaxWindowBits', toInteger, 9, 15),
    member('serverMaxWindowBits', toInteger, 8, 15),
  );
}

function ifGiven(value, name, convert, ...range) {
  return value === undefined ? undefined : convert(value, name, ...range);
}

function toMembers(value, name) {
  if (typeof value !== 'object' || value === null) throw new TypeError(`${name} is neither a boolean nor an object`);
  return value;
}

export function toDelay(value, name) {
  return toInteger(value, name, 1, LONGEST_DELAY);
}

export function toInteger(value, name, least, most) {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new TypeError(`${name} is not a whole number from ${least} to ${most}`);
  }
  return value;
}

export function toTruth(value, name) {
  if (typeof value !== 'boolean') throw new TypeError(`${name} is not a boolean`);
  return value;
}

function toText(value, name) {
  if (typeof value !== 'string') throw new TypeError(`${name} is not a string`);
  return value;
}

/**
 * What is in PEM, as text, without a byte order mark. TLS of Node would pass over what is not, such as DER, and trust nobody; and
 * Bun's takes no DataView.
 */
function toPem(value, name, label, begin) {
  if (typeof value !== 'string' && !ArrayBuffer.isView(value)) throw new TypeError(`${name} is neither a string nor bytes`);
  const text = typeof value === 'string' ? value.replace(/^\uFEFF/, '') : new TextDecoder().decode(value);
  if (!begin.test(text)) throw new TypeError(`${name} has no line in it that is '-----BEGIN ${label}-----': it is to be in PEM`);
  return text;
}

function toCertificate(value, name) {
  return toPem(value, name, 'CERTIFICATE', /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----\s*$/m);
}

function toKey(value, name) {
  return toPem(value, name, 'PRIVATE KEY', /^-----BEGIN (?:\w+ )*PRIVATE KEY-----\s*$/m);
}

function toCertificates(value, name) {
  if (!Array.isArray(value)) return [toCertificate(value, name)];
  if (value.length === 0) throw new TypeError(`${name} is an empty list, which would trust nobody`);
  return value.map((item) => toCertificate(item, name));
}

const PROXY_PROTOCOLS = ['http:', 'https:', 'socks5:', 'socks5h:'];

/** The URL of a proxy; null stands for none. */
function toProxy(value, name) {
  if (value === null) return undefined;
  if (typeof value !== 'string' && !(value instanceof URL)) throw new TypeError(`${name} is neither a URL nor null`);
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!PROXY_PROTOCOLS.includes(url?.protocol) || url.hostname === '') {
    throw new TypeError(`${name} is not a URL of one of the schemes http, https, socks5 and socks5h`);
  }
  if (url.protocol.startsWith('socks5') && !fitsSocks(url)) {
    throw new TypeError(`${name} is a SOCKS proxy, which takes a user name and a password of 1 to 255 bytes each, or neither`);
  }
  return url;
}

/** https://www.rfc-editor.org/rfc/rfc1929#section-2 */
function fitsSocks({ username, password }) {
  const lengths = [username, password].map((part) => percentDecode(part).length);
  return lengths.every((length) => length === 0) || lengths.every((length) => length >= 1 && length <= 255);
}
