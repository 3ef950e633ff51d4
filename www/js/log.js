// The list of events: bounded, written once a frame, and scrolled along unless the user reads further up.

import { formatBytes, formatClock, formatCount, formatElapsed } from './format.js';

const MOST_ROWS = 1000;
const ARROWS = { sent: '↑', received: '↓', state: '•' };
/** What the arrows say, for those who do not see them. */
const WORDS = { sent: 'sent ', received: 'received ', state: '' };

export class Log {
  #scroller;
  #list;
  #empty;
  #latest;
  #dropped;
  /** Rows that wait for the next frame. */
  #pending = [];
  #awaitsFrame = false;
  #droppedRows = 0;
  #follows = true;
  /** Where the end was last scrolled to. */
  #end = 0;
  /** When the connection was begun. */
  #origin = performance.now();

  constructor({ scroller, list, empty, latest, dropped }) {
    this.#scroller = scroller;
    this.#list = list;
    this.#empty = empty;
    this.#latest = latest;
    this.#dropped = dropped;
    scroller.addEventListener('scroll', () => this.#scrolled());
    latest.addEventListener('click', () => {
      this.#follow();
      scroller.focus();
    });
  }

  /** From now on, times count from now. */
  restartClock() {
    this.#origin = performance.now();
  }

  /**
   * Adds a row.
   *
   * @param {{kind: string, direction?: 'sent' | 'received' | 'state', title: string, size?: number, preview?: string}}
   *   event
   * @returns what puts in a preview, and a note that it came back as it was sent, once they are known
   */
  add({ kind, direction = 'state', title, size, preview = '' }) {
    const elapsed = performance.now() - this.#origin;
    const row = element('li', { className: `entry ${direction}` });
    row.dataset.kind = kind;
    if (size !== undefined) row.dataset.size = size;
    const previewCell = element('span', { className: 'preview', textContent: preview });
    const time = element('time', { className: 'time', textContent: formatElapsed(elapsed) });
    time.append(element('small', { textContent: formatClock(new Date()) }));
    const what = element('span', { className: 'what' });
    const arrow = element('span', { className: 'arrow', textContent: ARROWS[direction] });
    arrow.setAttribute('aria-hidden', 'true');
    what.append(arrow, element('span', { className: 'hidden', textContent: WORDS[direction] }), title);
    const bytes = element('span', { className: 'size', textContent: size === undefined ? '' : formatBytes(size) });
    row.append(time, what, bytes, previewCell);
    this.#enqueue(row);
    return {
      preview: (text) => {
        previewCell.textContent = text;
        this.#awaitFrame();
      },
      equal: (hash) => {
        row.dataset.equal = 'true';
        const textContent = `✓ equal to what was sent, SHA-256 ${hash.slice(0, 16)}…`;
        row.append(element('span', { className: 'equal', textContent, title: hash }));
        this.#awaitFrame();
      },
    };
  }

  clear() {
    this.#pending = [];
    this.#droppedRows = 0;
    this.#list.replaceChildren();
    this.#follow();
    this.#showNotes();
  }

  #enqueue(row) {
    this.#awaitFrame();
    this.#pending.push(row);
    // A page in the background gets no frames, and must not grow for that.
    if (this.#pending.length > MOST_ROWS) {
      this.#pending.shift();
      this.#droppedRows += 1;
    }
  }

  /** Shows in the next frame what has changed: the list is laid out once for all of it. */
  #awaitFrame() {
    if (this.#awaitsFrame) return;
    this.#awaitsFrame = true;
    requestAnimationFrame(() => this.#write());
  }

  #write() {
    this.#awaitsFrame = false;
    this.#list.append(...this.#pending);
    this.#pending = [];
    const surplus = this.#list.childElementCount - MOST_ROWS;
    for (let count = 0; count < surplus; count += 1) this.#list.firstElementChild.remove();
    this.#droppedRows += Math.max(0, surplus);
    this.#showNotes();
    this.#keepUp();
  }

  #showNotes() {
    this.#empty.hidden = this.#list.childElementCount > 0;
    this.#dropped.hidden = this.#droppedRows === 0;
    const older = formatCount(this.#droppedRows);
    this.#dropped.textContent = `The last ${formatCount(MOST_ROWS)} events are kept; ${older} older ones are gone.`;
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 8;
    if (isAtEnd) this.#end = scrollTop;
    // Rows that have grown since the last frame move the end away; it is the user who scrolls up.
    this.#follows = isAtEnd || (this.#follows && scrollTop >= this.#end);
    this.#latest.hidden = this.#follows;
  }

  #keepUp() {
    if (!this.#follows) return;
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#end = this.#scroller.scrollTop;
  }

  #follow() {
    this.#follows = true;
    this.#latest.hidden = true;
    this.#keepUp();
  }
}

function element(name, properties) {
  return Object.assign(document.createElement(name), properties);
}
