// The Fetch side of connecting: what is asked of which host, and whether it may be asked at all.
// https://fetch.spec.whatwg.org/#websocket-protocol

import { TOKEN } from './webidl.js';

/** https://fetch.spec.whatwg.org/#port-blocking */
const BAD_PORTS = new Set([
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
  111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
  540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
  6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]);

/** The port to connect to: a URL does not show its scheme's default port. */
export function portOf(url) {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'wss:' ? 443 : 80;
}

export function isBadPort(port) {
  return BAD_PORTS.has(port);
}

/** The handshake's request line and Host header. A URL has brackets around an IPv6 address and no default port. */
export function requestTargetOf(url) {
  return { authority: url.host, resource: url.pathname + url.search };
}

/** What is in no header's value: RFC 9110, section 5.5. */
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/;

/** Those the opening handshake is made of. */
const HANDSHAKE_HEADER = /^(?:host|upgrade|connection|content-length|transfer-encoding|sec-websocket-.*)$/i;

/**
 * The headers to send besides those of the opening handshake: `given` by the program, then Origin and Authorization
 * where they follow from the surroundings and the program has not given its own. The option for Origin goes before the header.
 *
 * @returns a flat list: name, value, name, value
 */
export function headersFor(url, given, givenOrigin = undefined) {
  const headers = [];
  const names = new Set();
  const isOrigin = ([name]) => name.toLowerCase() === 'origin';
  const all = givenOrigin === undefined ? given : [...given.filter((header) => !isOrigin(header)), ['Origin', givenOrigin]];
  for (const [name, value] of all) {
    const trimmed = value.replace(/^[\t\r\n ]+|[\t\r\n ]+$/g, '');
    if (!TOKEN.test(name)) throw new TypeError(`'${name}' is not a header's name`);
    if (CONTROL.test(trimmed)) throw new TypeError(`the value of the header '${name}' has a control character`);
    if (HANDSHAKE_HEADER.test(name)) throw new TypeError(`the header '${name}' is not the program's to set`);
    names.add(name.toLowerCase());
    headers.push(name, trimmed);
  }
  const origin = globalThis.location?.origin;
  if (origin && origin !== 'null' && !names.has('origin')) headers.push('Origin', origin);
  const authorization = authorizationOf(url);
  if (authorization && !names.has('authorization')) headers.push('Authorization', authorization);
  return headers;
}

/** RFC 7617, section 2: user-id and password, joined by a colon, in Base64. */
function authorizationOf({ username, password }) {
  if (username === '' && password === '') return undefined;
  return `Basic ${btoa(`${percentDecode(username)}:${percentDecode(password)}`)}`;
}

/** The bytes a part of a URL stands for, as a string with a character for each. */
export function percentDecode(part) {
  return part.replace(/%([0-9A-F]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
}
