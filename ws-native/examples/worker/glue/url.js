// https://url.spec.whatwg.org/#url-class

import { host } from './host.js';
import { defineProperty, slice } from './intrinsics.js';
import { createSearchParams, replaceQuery, URLSearchParams } from './url-search-params.js';
import { defineInterface, requireArguments, toUSVString } from './webidl.js';

export { URLSearchParams };

/** Where the host puts the parts of a URL. */
const HREF = 0;
const PROTOCOL = 1;
const USERNAME = 2;
const PASSWORD = 3;
const HOST = 4;
const HOSTNAME = 5;
const PORT = 6;
const PATHNAME = 7;
const SEARCH = 8;
const HASH = 9;
const ORIGIN = 10;

export class URL {
  /** As the host gave them last. */
  #parts;
  /** Made when it is asked for. */
  #searchParams = undefined;

  constructor(url, base = undefined) {
    requireArguments(arguments.length, 1, "Failed to construct 'URL'");
    const urlString = toUSVString(url);
    const baseString = base === undefined ? undefined : toUSVString(base);
    // 1. Let parsedURL be the result of running the API URL parser on url with base, if given.
    this.#parts = host.parseUrl(urlString, baseString);
    // 2. If parsedURL is failure, then throw a TypeError.
    if (this.#parts === undefined) throw new TypeError(`'${urlString}' is not a valid URL`);
  }

  static parse(url, base = undefined) {
    requireArguments(arguments.length, 1, "Failed to execute 'parse' on 'URL'");
    const urlString = toUSVString(url);
    const baseString = base === undefined ? undefined : toUSVString(base);
    // 2. If parsedURL is failure, then return null.
    if (host.parseUrl(urlString, baseString) === undefined) return null;
    return new URL(urlString, baseString);
  }

  static canParse(url, base = undefined) {
    requireArguments(arguments.length, 1, "Failed to execute 'canParse' on 'URL'");
    const urlString = toUSVString(url);
    return host.parseUrl(urlString, base === undefined ? undefined : toUSVString(base)) !== undefined;
  }

  get href() {
    return this.#parts[HREF];
  }

  set href(value) {
    this.#parts;
    const string = toUSVString(value);
    // 1. Let parsedURL be the result of running the basic URL parser on the given value.
    const parts = host.parseUrl(string, undefined);
    // 2. If parsedURL is failure, then throw a TypeError.
    if (parts === undefined) throw new TypeError(`'${string}' is not a valid URL`);
    // 3. Set this's URL to parsedURL.
    this.#parts = parts;
    this.#queryChanged();
  }

  get origin() {
    return this.#parts[ORIGIN];
  }

  get protocol() {
    return this.#parts[PROTOCOL];
  }

  set protocol(value) {
    this.#set('protocol', value);
  }

  get username() {
    return this.#parts[USERNAME];
  }

  set username(value) {
    this.#set('username', value);
  }

  get password() {
    return this.#parts[PASSWORD];
  }

  set password(value) {
    this.#set('password', value);
  }

  get host() {
    return this.#parts[HOST];
  }

  set host(value) {
    this.#set('host', value);
  }

  get hostname() {
    return this.#parts[HOSTNAME];
  }

  set hostname(value) {
    this.#set('hostname', value);
  }

  get port() {
    return this.#parts[PORT];
  }

  set port(value) {
    this.#set('port', value);
  }

  get pathname() {
    return this.#parts[PATHNAME];
  }

  set pathname(value) {
    this.#set('pathname', value);
  }

  get search() {
    return this.#parts[SEARCH];
  }

  set search(value) {
    this.#set('search', value);
    this.#queryChanged();
  }

  get searchParams() {
    const query = slice(this.#parts[SEARCH], 1);
    return (this.#searchParams ??= createSearchParams(query, (changed) => this.#set('search', changed)));
  }

  get hash() {
    return this.#parts[HASH];
  }

  set hash(value) {
    this.#set('hash', value);
  }

  toJSON() {
    return this.#parts[HREF];
  }

  toString() {
    return this.#parts[HREF];
  }

  /** Runs the setter of an attribute; what is not valid changes nothing. */
  #set(name, value) {
    const parts = this.#parts;
    this.#parts = host.setUrlPart(parts[HREF], name, toUSVString(value)) ?? parts;
  }

  #queryChanged() {
    if (this.#searchParams !== undefined) replaceQuery(this.#searchParams, slice(this.#parts[SEARCH], 1));
  }
}

defineInterface(URL, [
  'href', 'origin', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search',
  'searchParams', 'hash', 'toJSON', 'toString',
]);
for (const name of ['parse', 'canParse']) defineProperty(URL, name, { enumerable: true });
