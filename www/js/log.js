// The list of events: bounded, written once a frame unless it is paused, and scrolled along unless the user reads further up.

import { Actions } from './actions.js';
import { Entry } from './entry.js';
import { formatCount } from './format.js';
import { Kept } from './kept.js';
import { save } from './save.js';

const MOST_ROWS = 1000;
/** After a frame with more new rows than this the next one waits, so that a flood leaves the page time for its user. */
const MANY_ROWS = 200;
const PAUSE_MILLISECONDS = 250;
/** How long it is said what was done. */
const SAID_MILLISECONDS = 6000;

export class Log {
  #scroller;
  #list;
  #empty;
  #latest;
  #dropped;
  #pause;
  #waiting;
  #said;
  #actions;
  /** Entries that have no row yet, the newest of them. @type {Entry[]} */
  #pending = [];
  /** The entries of the rows. @type {WeakMap<HTMLElement, Entry>} */
  #entries = new WeakMap();
  #kept = new Kept((entry) => this.#letGo(entry));
  /** Whether the user wants no more rows for now. */
  #isPaused = false;
  #awaitsFrame = false;
  /** Whether the last frame had many new rows. */
  #isFlooded = false;
  #droppedRows = 0;
  #follows = true;
  /** Where the end was last scrolled to. */
  #end = 0;
  /** When the connection was begun. */
  #origin = performance.now();
  #saidTimer;

  constructor({ scroller, list, empty, latest, dropped, pause, waiting, said }) {
    this.#scroller = scroller;
    this.#list = list;
    this.#empty = empty;
    this.#latest = latest;
    this.#dropped = dropped;
    this.#pause = pause;
    this.#waiting = waiting;
    this.#said = said;
    this.#actions = new Actions(scroller, list, (name, row) => this.#perform(name, this.#entries.get(row)));
    pause.addEventListener('click', () => this.#pauseOrResume());
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
    this.#kept.keep(entry);
    // A page in the background gets no frames, and must not grow for that.
    if (this.#pending.length > MOST_ROWS) {
      this.#kept.release(this.#pending.shift());
      this.#droppedRows += 1;
    }
    this.#awaitFrame();
    return entry;
  }

  clear() {
    this.#pending = [];
    this.#kept.clear();
    this.#droppedRows = 0;
    this.#list.replaceChildren();
    this.#actions.update();
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
    const entries = this.#pending.splice(0, this.#room());
    this.#isFlooded = entries.length > MANY_ROWS;
    const surplus = this.#list.childElementCount + entries.length - MOST_ROWS;
    for (let count = 0; count < surplus; count += 1) this.#drop(this.#list.firstElementChild);
    this.#droppedRows += Math.max(0, surplus);
    this.#list.append(...entries.map((entry) => this.#toRow(entry)));
    this.#actions.update();
    this.#showNotes();
    this.#keepUp();
  }

  /** How many rows may be added. Nothing is taken away from who reads further up: what there is no room for has to wait. */
  #room() {
    if (this.#isPaused) return 0;
    return this.#follows ? MOST_ROWS : MOST_ROWS - this.#list.childElementCount;
  }

  #toRow(entry) {
    const row = entry.toRow();
    this.#entries.set(row, entry);
    return row;
  }

  #drop(row) {
    this.#kept.release(this.#entries.get(row));
    this.#actions.leave(row);
    row.remove();
  }

  #letGo(entry) {
    if (entry.row) this.#actions.leave(entry.row);
    entry.letGo();
  }

  #pauseOrResume() {
    this.#isPaused = !this.#isPaused;
    this.#pause.setAttribute('aria-pressed', String(this.#isPaused));
    this.#awaitFrame();
  }

  /** Does what a button of a row is for. */
  async #perform(name, entry) {
    if (name === 'show') await this.#showMoreOrLess(entry);
    else if (name === 'copy') await this.#copy(entry);
    else this.#say(`Saved as ${save(entry.toFile())}.`);
  }

  async #showMoreOrLess(entry) {
    if (entry.isWhole) {
      await entry.showHead();
      // By now it may be open again, or gone.
      if (!entry.isWhole && entry.row.isConnected) {
        this.#kept.keep(entry);
        entry.row.scrollIntoView({ block: 'nearest' });
      }
    } else {
      // What the user has opened is not let go, until it is closed again.
      this.#kept.release(entry);
      await entry.showWhole();
      // It is read from its beginning, and the end may be further down now.
      this.#follows = false;
    }
    this.#scrolled();
  }

  async #copy(entry) {
    let text;
    try {
      text = await entry.read();
    } catch {
      this.#say('It cannot be read.');
      return;
    }
    try {
      await navigator.clipboard.writeText(text);
      this.#say('Copied.');
    } catch {
      // Browsers have no clipboard for pages of insecure origins, and may refuse others.
      await this.#select(entry);
    }
  }

  async #select(entry) {
    if (entry.isLetGo) {
      this.#say('This page may not copy, and the message was let go.');
      return;
    }
    if (!entry.isShown) await this.#showMoreOrLess(entry);
    entry.select();
    this.#say('This page may not copy. What is shown is selected: copy it with Ctrl+C or ⌘C.');
  }

  #say(text) {
    this.#said.textContent = text;
    clearTimeout(this.#saidTimer);
    this.#saidTimer = setTimeout(() => (this.#said.textContent = ''), SAID_MILLISECONDS);
  }

  #showNotes() {
    const waiting = this.#pending.length;
    this.#empty.hidden = this.#list.childElementCount + waiting > 0;
    this.#dropped.hidden = this.#droppedRows === 0;
    const older = formatCount(this.#droppedRows);
    this.#dropped.textContent = `The last ${formatCount(MOST_ROWS)} events are kept; ${older} older ones are gone.`;
    this.#waiting.textContent = this.#isPaused ? `${formatCount(waiting)} waiting` : '';
    const isMore = waiting > 0 && !this.#isPaused;
    this.#latest.textContent = isMore ? `Go to the latest (${formatCount(waiting)} more)` : 'Go to the latest';
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
