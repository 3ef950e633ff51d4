// What is said to a proxy before it hands a connection through. Each conversation is a generator: it yields what to say
// and how to find the end of the answer, is given the answer, and throws when it is a refusal. No I/O is done here.

import { percentDecode } from './request.js';

/** The most bytes of an answer. */
const LONGEST_ANSWER = 16384;

const PORTS = { 'http:': 80, 'https:': 443, 'socks5:': 1080, 'socks5h:': 1080 };

export const portOfProxy = (proxy) => (proxy.port === '' ? PORTS[proxy.protocol] : Number(proxy.port));

/** Begins the conversation with a proxy that asks for a connection to `target`. */
export function conversationWith(proxy, target) {
  const conversation = proxy.protocol.startsWith('socks5') ? socks5(proxy, target) : connectMethod(proxy, target);
  return new Conversation(conversation);
}

/** A conversation that has begun. */
class Conversation {
  #steps;
  #step;
  #heard = new Uint8Array(0);

  constructor(steps) {
    this.#steps = steps;
    this.#step = steps.next().value;
  }

  /** What is to be said now; undefined once the connection is handed through. */
  get saying() {
    return this.#step?.say;
  }

  /** What came behind the last answer: it is the target's. */
  get rest() {
    return this.#heard;
  }

  /** Hears bytes; says whether the answer is complete, and throws if it is a refusal. */
  hear(chunk) {
    const bytes = new Uint8Array(this.#heard.length + chunk.length);
    bytes.set(this.#heard);
    bytes.set(chunk, this.#heard.length);
    this.#heard = bytes;
    const end = this.#step.endOf(bytes);
    if (end === undefined || end > bytes.length) {
      if (bytes.length > LONGEST_ANSWER) throw new Error('the proxy gave an endless answer');
      return false;
    }
    this.#heard = bytes.subarray(end);
    this.#step = this.#steps.next(bytes.subarray(0, end)).value;
    return true;
  }
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-connect */
function* connectMethod(proxy, { hostname, port }) {
  const lines = [`CONNECT ${hostname}:${port} HTTP/1.1`, `Host: ${hostname}:${port}`];
  const { user, password } = credentialsOf(proxy);
  const hasCredentials = user !== '' || password !== '';
  if (hasCredentials) lines.push(`Proxy-Authorization: Basic ${btoa(`${user}:${password}`)}`);
  const answer = yield { say: bytesOf([...lines, '', ''].join('\r\n')), endOf: endOfFinalHead };
  const status = statusOf(answer, startOfFinalHead(answer));
  if (status === undefined) throw new Error('the proxy did not answer in HTTP');
  // "A server MUST NOT send any Transfer-Encoding or Content-Length header fields in a 2xx (Successful) response to
  // CONNECT": so what comes behind it is the target's.
  if (status === '407' && !hasCredentials) {
    throw new Error("the proxy refused with the status 407: it wants a user name and a password, which the URL of the option 'proxy' can have");
  }
  if (status[0] !== '2') throw new Error(`the proxy refused with the status ${status}`);
}

/** The status of the answer that begins there. */
function statusOf(bytes, start) {
  return /^HTTP\/1\.[01] ([0-9]{3})(?: |\r\n)/.exec(String.fromCharCode(...bytes.subarray(start, start + 64)))?.[1];
}

const endOfFinalHead = (bytes) => endOfHead(bytes, startOfFinalHead(bytes));

/**
 * "A client MUST be able to parse one or more 1xx responses received prior to a final response":
 * https://www.rfc-editor.org/rfc/rfc9110#section-15.2
 */
function startOfFinalHead(bytes) {
  let start = 0;
  for (;;) {
    const end = endOfHead(bytes, start);
    if (end === undefined || statusOf(bytes, start)?.[0] !== '1') return start;
    start = end;
  }
}

function endOfHead(bytes, start) {
  for (let index = start + 3; index < bytes.length; index += 1) {
    const isEnd = bytes[index] === 10 && bytes[index - 1] === 13 && bytes[index - 2] === 10 && bytes[index - 3] === 13;
    if (isEnd) return index + 1;
  }
  return undefined;
}

/** What a SOCKS server answers instead of 0. https://www.rfc-editor.org/rfc/rfc1928#section-6 */
const REFUSALS = [
  'a general failure', 'its rules', 'an unreachable network', 'an unreachable host', 'a refused connection',
  'an expired time to live', 'a command it does not know', 'an address it does not know',
];

const NO_AUTHENTICATION = 0;
const BY_PASSWORD = 2;

/** https://www.rfc-editor.org/rfc/rfc1928 and https://www.rfc-editor.org/rfc/rfc1929 */
function* socks5(proxy, { hostname, port }) {
  const user = bytesOf(credentialsOf(proxy).user);
  const password = bytesOf(credentialsOf(proxy).password);
  const hasCredentials = user.length > 0 || password.length > 0;
  const methods = hasCredentials ? [NO_AUTHENTICATION, BY_PASSWORD] : [NO_AUTHENTICATION];
  const [version, method] = yield { say: Uint8Array.of(5, methods.length, ...methods), endOf: () => 2 };
  if (version !== 5) throw new Error('the proxy did not answer in SOCKS 5');
  if (!methods.includes(method)) throw new Error('the proxy wants another kind of authentication');
  if (method === BY_PASSWORD) {
    if (user.length > 255 || password.length > 255) throw new Error('the name or the password for the proxy is too long');
    const [, status] = yield { say: Uint8Array.of(1, user.length, ...user, password.length, ...password), endOf: () => 2 };
    if (status !== 0) throw new Error('the proxy refused the name and the password');
  }
  const [, reply] = yield { say: Uint8Array.of(5, 1, 0, ...addressOf(hostname), port >> 8, port & 0xff), endOf: endOfReply };
  if (reply !== 0) throw new Error(`the proxy refused because of ${REFUSALS[reply - 1] ?? `the reason ${reply}`}`);
}

function endOfReply(bytes) {
  if (bytes.length >= 2 && bytes[1] !== 0) return bytes.length;
  if (bytes.length < 5) return undefined;
  const lengths = { 1: 4, 3: 1 + bytes[4], 4: 16 };
  return 4 + (lengths[bytes[3]] ?? 0) + 2;
}

/** The kind of address and the address itself. A name is resolved by the proxy. */
function addressOf(hostname) {
  if (hostname.startsWith('[')) return [4, ...bytesOfIPv6(hostname.slice(1, -1))];
  if (/^[0-9]+(?:\.[0-9]+){3}$/.test(hostname)) return [1, ...hostname.split('.').map(Number)];
  if (hostname.length > 255) throw new Error('the name of the host is too long for the proxy');
  return [3, hostname.length, ...bytesOf(hostname)];
}

/** The address as a URL has it: eight groups, of which a run of zeros may be left out. */
function bytesOfIPv6(address) {
  const [front, back = []] = address.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const groups = [...front, ...new Array(8 - front.length - back.length).fill('0'), ...back];
  return groups.flatMap((group) => {
    const number = parseInt(group, 16);
    return [number >> 8, number & 0xff];
  });
}

function credentialsOf({ username, password }) {
  return { user: percentDecode(username), password: percentDecode(password) };
}

/** The bytes of a string with a character for each. */
function bytesOf(string) {
  return Uint8Array.from(string, (character) => character.charCodeAt(0));
}
