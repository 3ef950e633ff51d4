// https://w3c.github.io/hr-time/#sec-performance

import { EventTarget } from './event-target.js';
import { host } from './host.js';
import { defineInterface } from './webidl.js';

const CREATE = Symbol('create');

export class Performance extends EventTarget {
  /** What only an object of this class has. */
  #timeOrigin = host.timeOrigin();

  constructor(...parameters) {
    if (parameters[0] !== CREATE) throw new TypeError('Illegal constructor');
    super();
  }

  now() {
    this.#timeOrigin;
    return host.now();
  }

  get timeOrigin() {
    return this.#timeOrigin;
  }

  toJSON() {
    return { timeOrigin: this.#timeOrigin };
  }
}

defineInterface(Performance, ['now', 'timeOrigin', 'toJSON']);

export const performance = new Performance(CREATE);
