// An event of the log: what is known of it at once, and its row, which is made only when it is to be shown.

import { formatBytes, formatClock, formatElapsed } from './format.js';

const ARROWS = { sent: '↑', received: '↓', state: '•' };
/** What the arrows say, for those who do not see them. */
const WORDS = { sent: 'sent ', received: 'received ', state: '' };
/** A browser lays out so many characters in the blink of an eye. */
const MOST_SHOWN = 1024 * 1024;

/**
 * @typedef {object} Event
 * @property {string} kind
 * @property {'sent' | 'received' | 'state'} [direction]
 * @property {string} title
 * @property {import('./message.js').Message} [message]
 * @property {string} [preview] what there is to say of it, instead of how the message begins
 */

export class Entry {
  #event;
  #elapsed;
  #date = new Date();
  #changed;
  /** The row, once there is one, and what of it changes. */
  #row;
  #preview;
  #actions;
  /** What it has in common with what was sent, if that is known. */
  #hash;
  #isWhole = false;
  #isLetGo = false;

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

  /** Whether its message has more to it than is kept with the row. */
  get hasMore() {
    return this.#event.message?.hasMore ?? false;
  }

  /** The bytes of its message. */
  get size() {
    return this.#event.message.size;
  }

  /** Whether all of the message is shown. */
  get isWhole() {
    return this.#isWhole;
  }

  /** Whether the row shows all that is to be had of the message. */
  get isShown() {
    return this.#isWhole || !(this.hasMore || this.#event.preview !== undefined);
  }

  /** Whether no more of the message is kept than how it begins. */
  get isLetGo() {
    return this.#isLetGo;
  }

  /** Its row, once there is one. */
  get row() {
    return this.#row;
  }

  /** It came back as it was sent: this is its SHA-256. */
  equal(hash) {
    this.#hash = hash;
    if (!this.#row) return;
    this.#showEqual();
    this.#changed();
  }

  /** Keeps no more of the message than how it begins. */
  letGo() {
    this.#event.message.letGo();
    this.#isLetGo = true;
    if (this.#row) this.#showLetGo();
  }

  toRow() {
    const { kind, direction = 'state', title, message } = this.#event;
    const row = element('li', { className: `entry ${direction}` });
    row.dataset.kind = kind;
    const time = element('time', { className: 'time', textContent: formatElapsed(this.#elapsed) });
    time.append(element('small', { textContent: formatClock(this.#date) }));
    const what = element('span', { className: 'what' });
    const arrow = element('span', { className: 'arrow', textContent: ARROWS[direction] });
    arrow.setAttribute('aria-hidden', 'true');
    what.append(arrow, element('span', { className: 'hidden', textContent: WORDS[direction] }), title);
    row.append(time, what);
    this.#row = row;
    if (message) {
      row.dataset.size = message.size;
      this.#actions = this.#toActions();
      row.append(element('span', { className: 'size', textContent: formatBytes(message.size) }), this.#actions);
    }
    this.#preview = element('span', { className: 'preview' });
    row.append(this.#preview);
    if (this.#isLetGo) this.#showLetGo();
    if (this.#hash) this.#showEqual();
    this.showHead();
    return row;
  }

  #toActions() {
    const { direction, title, message, preview } = this.#event;
    const actions = element('span', { className: 'actions' });
    actions.setAttribute('role', 'group');
    actions.setAttribute('aria-label', `${WORDS[direction]}${title}, ${formatBytes(message.size)}`);
    const offer = (action, textContent) => {
      const button = element('button', { type: 'button', textContent, tabIndex: -1 });
      button.dataset.action = action;
      actions.append(button);
    };
    if (message.hasMore || preview !== undefined) offer('show', 'Show all');
    offer('copy', 'Copy');
    if (message.hasMore || !message.isText) offer('save', 'Save');
    return actions;
  }

  /** Shows how the message begins: at once, but for a binary one that was shown whole. */
  async showHead() {
    this.#isWhole = false;
    this.#labelShow('Show all');
    const head = this.#event.preview ?? this.#event.message?.head() ?? '';
    if (typeof head === 'string') this.#preview.textContent = head;
    else await this.#find(head.then((text) => [text]), false);
  }

  /** Shows all of the message, or as much as a page can show. */
  async showWhole() {
    this.#isWhole = true;
    this.#labelShow('Show less');
    const parts = this.#event.message.read(MOST_SHOWN).then(({ text, rest }) => {
      return rest === '' ? [text] : [text, element('span', { className: 'rest', textContent: `… ${rest}: save it to read them.` })];
    });
    await this.#find(parts, true);
  }

  /** Shows what is found out, unless something else is to be shown by then. */
  async #find(finding, isWhole) {
    let parts;
    try {
      parts = await finding;
    } catch {
      // A file that has changed on the disk.
      parts = ['It cannot be read.'];
    }
    if (this.#isWhole !== isWhole) return;
    this.#preview.replaceChildren(...parts);
    this.#changed();
  }

  /** All of the message, as it would be shown. */
  async read() {
    return (await this.#event.message.read()).text;
  }

  /** Selects what is shown of the message. */
  select() {
    getSelection().selectAllChildren(this.#preview);
  }

  /** The message as a file. */
  toFile() {
    const { direction, message } = this.#event;
    return message.toFile(`${direction}-${formatClock(this.#date).replaceAll(/[:.]/g, '-')}`);
  }

  #labelShow(textContent) {
    const button = this.#actions?.querySelector('[data-action="show"]');
    if (button) button.textContent = textContent;
  }

  #showLetGo() {
    this.#actions.replaceChildren('The rest was let go.');
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
