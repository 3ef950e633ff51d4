// The chats' server, with the built pages.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

import { LIMIT } from './visitor.mjs';

const root = path.resolve(import.meta.dirname, '..', '..', '..');
const chat = path.join(root, 'examples', 'chat');
const target = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target');
const program = path.join(target, 'debug', 'chat-server');
const pages = path.join(chat, 'dist');

export class ChatServer {
  /** What the server has said and nobody has waited for yet. */
  #lines = [];

  /** Starts one on a free port and waits until it listens. */
  static async start() {
    for (const built of [program, path.join(pages, 'yew'), path.join(pages, 'leptos')]) {
      if (!existsSync(built)) throw new Error(`${built} is missing: run this by \`make test-front\``);
    }
    const server = new ChatServer();
    try {
      const [, address] = await server.says(/^listening on (http:\/\/.*)$/);
      server.address = address;
      return server;
    } catch (error) {
      await server.end('SIGKILL');
      throw error;
    }
  }

  constructor() {
    const stdio = ['ignore', 'pipe', 'inherit'];
    this.child = spawn(program, ['--addr', '127.0.0.1:0', '--dir', pages], { stdio });
    this.ended = once(this.child, 'close');
    this.output = readline.createInterface({ input: this.child.stdout });
    this.output.on('line', (line) => this.#lines.push(line));
  }

  /** Waits until the server says something of this form, takes it away, and gives the match. */
  async says(form) {
    const signal = AbortSignal.timeout(LIMIT);
    for (;;) {
      const index = this.#lines.findIndex((line) => form.test(line));
      if (index >= 0) return form.exec(this.#lines.splice(index, 1)[0]);
      try {
        await once(this.output, 'line', { signal });
      } catch (cause) {
        throw new Error(`the server did not say ${form} but: ${this.#lines.join(', ')}`, { cause });
      }
    }
  }

  /** Ends it: in order by SIGINT, at once by SIGKILL. */
  async end(signal) {
    this.child.kill(signal);
    await this.ended;
  }
}
