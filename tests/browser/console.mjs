// What is written to the console of pages, and what nobody caught in them.

import { EventEmitter, once } from 'node:events';

import { logging } from 'selenium-webdriver';
import LogInspector from 'selenium-webdriver/bidi/logInspector.js';

const MARK = 'everything up to here';
const LIMIT_MILLISECONDS = 10_000;

/** What a browser that was opened with `listening` writes itself is there, too: that a connection was not made, say. */
export async function wholeConsole(driver) {
  const capabilities = await driver.getCapabilities();
  return capabilities.getBrowserName() === 'firefox' ? Console.of(driver) : new Log(driver);
}

/** The consoles of all windows of a browser that was opened with `bidi`. Firefox tells by it what it writes itself, too. */
export class Console {
  #driver;
  #heard = new EventEmitter();
  #complaints = [];

  static async of(driver) {
    const listening = new Console();
    listening.#driver = driver;
    const inspector = await LogInspector(driver);
    await inspector.onLog(({ level, text }) => listening.#hear(level, text));
    return listening;
  }

  #hear(level, text) {
    if (text === MARK) this.#heard.emit(MARK);
    else if (level === 'error' || level === 'warn') this.#complaints.push(text);
  }

  /** The errors and warnings since the last time, those of the driver's present window all included. */
  async complaints() {
    const marked = once(this.#heard, MARK, { signal: AbortSignal.timeout(LIMIT_MILLISECONDS) });
    await mark(this.#driver);
    await marked;
    return this.#complaints.splice(0);
  }
}

/** Chromium keeps a log of all that is written, and gives what was added to it. */
class Log {
  #driver;

  constructor(driver) {
    this.#driver = driver;
  }

  /** As that of `Console`. */
  async complaints() {
    const complaints = [];
    await mark(this.#driver);
    const end = Date.now() + LIMIT_MILLISECONDS;
    while (Date.now() < end) {
      const entries = await this.#driver.manage().logs().get(logging.Type.BROWSER);
      const written = entries.filter(({ level }) => level.value >= logging.Level.WARNING.value);
      complaints.push(...written.map(({ message }) => message));
      if (entries.some(({ message }) => message.endsWith(`"${MARK}"`))) return complaints;
    }
    throw new Error('the browser does not keep a log');
  }
}

function mark(driver) {
  return driver.executeScript('console.info(arguments[0])', MARK);
}
