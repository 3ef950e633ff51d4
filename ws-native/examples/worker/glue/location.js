// Where the script came from: https://html.spec.whatwg.org/multipage/workers.html#worker-locations

import { host } from './host.js';
import { defineInterface } from './webidl.js';

class WorkerLocation {
  #parts;

  constructor(parts) {
    this.#parts = parts;
  }

  get href() {
    return this.#parts[0];
  }

  get protocol() {
    return this.#parts[1];
  }

  get host() {
    return this.#parts[4];
  }

  get hostname() {
    return this.#parts[5];
  }

  get port() {
    return this.#parts[6];
  }

  get pathname() {
    return this.#parts[7];
  }

  get search() {
    return this.#parts[8];
  }

  get hash() {
    return this.#parts[9];
  }

  get origin() {
    return this.#parts[10];
  }

  toString() {
    return this.#parts[0];
  }
}

defineInterface(WorkerLocation, [
  'href', 'protocol', 'host', 'hostname', 'port', 'pathname', 'search', 'hash', 'origin', 'toString',
]);

const baseURL = host.baseURL();
const parts = baseURL === undefined ? undefined : host.parseUrl(baseURL);

/** Nothing, where the script has no base URL. */
export const location = parts && new WorkerLocation(parts);
