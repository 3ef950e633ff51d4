// An event of the log: what is known of it at once, and its row, which is made only when it is to be shown.

import { formatBytes, formatClock, formatElapsed } from './format.js';

const ARROWS = { sent: '↑', received: '↓', state: '•' };
/** What the arrows say, for those who do not see them. */
const WORDS = { sent: 'sent ', received: 'received ', state: '' };

/**
 * @typedef {object} Event
 * @property {string} kind
 * @property {'sent' | 'received' | 'state'} [direction]
 * @property {string} title
 * @property {number} [size]
 * @property {string | (() => Promise<string>)} [preview] how it begins, or what finds that out
 */

export class Entry {
  #event;
  #elapsed;
  #date = new Date();
  #changed;
  /** The row, once there is one. */
  #row;
  /** What it has in common with what was sent, if that is known. */
  #hash;

  /**
   * @param {Event} event
   * @param {number} elapsed milliseconds since the connection was begun
   * @param {() => void} changed is called when the row is no longer what it was
   */
  constructor(event, elapsed, changed) {
    this.#event = event;
    this.#elapsed = elapsed;
    this.#changed = changed;
  }

  /** It came back as it was sent: this is its SHA-256. */
  equal(hash) {
    this.#hash = hash;
    if (!this.#row) return;
    this.#showEqual();
    this.#changed();
  }

  toRow() {
    const { kind, direction = 'state', title, size, preview = '' } = this.#event;
    const row = element('li', { className: `entry ${direction}` });
    row.dataset.kind = kind;
    if (size !== undefined) row.dataset.size = size;
    const time = element('time', { className: 'time', textContent: formatElapsed(this.#elapsed) });
    time.append(element('small', { textContent: formatClock(this.#date) }));
    const what = element('span', { className: 'what' });
    const arrow = element('span', { className: 'arrow', textContent: ARROWS[direction] });
    arrow.setAttribute('aria-hidden', 'true');
    what.append(arrow, element('span', { className: 'hidden', textContent: WORDS[direction] }), title);
    const bytes = element('span', { className: 'size', textContent: size === undefined ? '' : formatBytes(size) });
    const previewCell = element('span', { className: 'preview' });
    row.append(time, what, bytes, previewCell);
    this.#row = row;
    if (this.#hash) this.#showEqual();
    if (typeof preview === 'string') previewCell.textContent = preview;
    else this.#find(preview, previewCell);
    return row;
  }

  async #find(preview, cell) {
    try {
      cell.textContent = await preview();
    } catch {
      cell.textContent = 'It cannot be read.';
    }
    this.#changed();
  }

  #showEqual() {
    this.#row.dataset.equal = 'true';
    const textContent = `✓ equal to what was sent, SHA-256 ${this.#hash.slice(0, 16)}…`;
    this.#row.append(element('span', { className: 'equal', textContent, title: this.#hash }));
  }
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
