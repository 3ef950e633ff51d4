// What pages write to the console, and what nobody caught in them.

import { EventEmitter, once } from 'node:events';

import LogInspector from 'selenium-webdriver/bidi/logInspector.js';

import { LIMIT } from './visitor.mjs';

const MARK = 'everything up to here';

export class Console {
  #heard = new EventEmitter();
  #complaints = [];

  /** Listens to all windows of a browser that was opened with `bidi`. */
  static async of(driver) {
    const listening = new Console();
    const inspector = await LogInspector(driver);
    await inspector.onLog(({ level, text, type }) => listening.#hear(level, text, type));
    return listening;
  }

  #hear(level, text, type) {
    if (text === MARK) this.#heard.emit(MARK);
    else if (level === 'error' || level === 'warn') this.#complaints.push(`${type} ${level}: ${text}`);
  }

  /** The errors and warnings since the last time, those of the driver's present window all included. */
  async complaints(driver) {
    const marked = once(this.#heard, MARK, { signal: AbortSignal.timeout(LIMIT) });
    await driver.executeScript('console.info(arguments[0])', MARK);
    await marked;
    return this.#complaints.splice(0);
  }
}
