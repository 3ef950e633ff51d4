// A program that a run starts, and ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import readline from 'node:readline';

export class Program {
  #command;
  #child;
  #ended;
  #lines;

  constructor(command, parameters, environment = {}) {
    this.#command = command;
    const env = { ...process.env, ...environment };
    this.#child = spawn(command, parameters, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close');
    this.#ended.catch(() => {});
    this.#lines = readline.createInterface({ input: this.#child.stdout });
  }

  /** The next line of output that is wanted; the others are passed on. */
  async line(isWanted, limit = 30_000) {
    let timer;
    let listener;
    const late = new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${this.#command} was silent for ${limit} ms`)), limit);
    });
    const found = new Promise((resolve) => {
      listener = (text) => {
        if (isWanted(text)) resolve(text);
        else console.error(text);
      };
      this.#lines.on('line', listener);
    });
    const gone = this.#ended.then(([status, signal]) => {
      throw new Error(`${this.#command} ended with ${signal ?? status}`);
    });
    try {
      return await Promise.race([found, gone, late]);
    } finally {
      clearTimeout(timer);
      this.#lines.off('line', listener);
    }
  }

  async stop() {
    this.#child.kill();
    await this.#ended.catch(() => {});
  }
}
