// The list of events: bounded, written once a frame, and scrolled along unless the user reads further up.

import { Entry } from './entry.js';
import { formatCount } from './format.js';

const MOST_ROWS = 1000;
/** After a frame with more new rows than this the next one waits, so that a flood leaves the page time for its user. */
const MANY_ROWS = 200;
const PAUSE_MILLISECONDS = 250;

export class Log {
  #scroller;
  #list;
  #empty;
  #latest;
  #dropped;
  /** Entries that have no row yet, the newest of them. @type {Entry[]} */
  #pending = [];
  #awaitsFrame = false;
  /** Whether the last frame had many new rows. */
  #isFlooded = false;
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
      this.#write();
      scroller.focus();
    });
  }

  /** From now on, times count from now. */
  restartClock() {
    this.#origin = performance.now();
  }

  /**
   * Adds an event.
   *
   * @param {import('./entry.js').Event} event
   */
  add(event) {
    const entry = new Entry(event, performance.now() - this.#origin, () => this.#awaitFrame());
    this.#pending.push(entry);
    // A page in the background gets no frames, and must not grow for that.
    if (this.#pending.length > MOST_ROWS) {
      this.#pending.shift();
      this.#droppedRows += 1;
    }
    this.#awaitFrame();
    return entry;
  }

  clear() {
    this.#pending = [];
    this.#droppedRows = 0;
    this.#list.replaceChildren();
    this.#follow();
    this.#showNotes();
  }

  /** Shows in the next frame what has changed: the list is laid out once for all of it. */
  #awaitFrame() {
    if (this.#awaitsFrame) return;
    this.#awaitsFrame = true;
    const askForFrame = () => requestAnimationFrame(() => {
      this.#awaitsFrame = false;
      this.#write();
    });
    if (this.#isFlooded) setTimeout(askForFrame, PAUSE_MILLISECONDS);
    else askForFrame();
  }

  #write() {
    // Nothing is taken away from who reads further up: what there is no room for has to wait.
    const room = this.#follows ? MOST_ROWS : MOST_ROWS - this.#list.childElementCount;
    const entries = this.#pending.splice(0, room);
    this.#isFlooded = entries.length > MANY_ROWS;
    const surplus = this.#list.childElementCount + entries.length - MOST_ROWS;
    for (let count = 0; count < surplus; count += 1) this.#list.firstElementChild.remove();
    this.#droppedRows += Math.max(0, surplus);
    this.#list.append(...entries.map((entry) => entry.toRow()));
    this.#showNotes();
    this.#keepUp();
  }

  #showNotes() {
    this.#empty.hidden = this.#list.childElementCount > 0;
    this.#dropped.hidden = this.#droppedRows === 0;
    const older = formatCount(this.#droppedRows);
    this.#dropped.textContent = `The last ${formatCount(MOST_ROWS)} events are kept; ${older} older ones are gone.`;
    const waiting = this.#pending.length;
    this.#latest.textContent = waiting === 0 ? 'Go to the latest' : `Go to the latest (${formatCount(waiting)} more)`;
  }

  #scrolled() {
    const { scrollTop, clientHeight, scrollHeight } = this.#scroller;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < 8;
    if (isAtEnd) this.#end = scrollTop;
    // Rows that have grown since the last frame move the end away; it is the user who scrolls up.
    this.#follows = isAtEnd || (this.#follows && scrollTop >= this.#end);
    this.#latest.hidden = this.#follows;
    if (this.#follows && this.#pending.length > 0) this.#awaitFrame();
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
