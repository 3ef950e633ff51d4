// The buttons of the log's rows, and the keys that lead to them. Tab stops in one row: there may be a thousand, and the arrow keys
// go from one to the next.

/** How much of a row has to be in view for Tab to lead there. */
const SEEN_PIXELS = 40;

export class Actions {
  #scroller;
  #list;
  /** The row in which Tab stops. */
  #current;

  /** `perform` is told the name of what is to be done, and the row. */
  constructor(scroller, list, perform) {
    this.#scroller = scroller;
    this.#list = list;
    list.addEventListener('click', ({ target }) => {
      const button = target.closest('button');
      if (button) perform(button.dataset.action, rowOf(button));
    });
    list.addEventListener('focusin', ({ target }) => this.#stopAt(rowOf(target)));
    list.addEventListener('keydown', (event) => this.#go(event));
    scroller.addEventListener('keydown', (event) => {
      const isEntering = event.key === 'Tab' && !event.shiftKey && event.target === scroller;
      if (isEntering) this.#stopAt(this.#lastInView());
    });
  }

  /** Rows have come or gone. Without a user in them, Tab stops in the newest. */
  update() {
    if (this.#current?.contains(document.activeElement)) return;
    this.#stopAt(nearest(this.#list.lastElementChild, 'previousElementSibling'));
  }

  /** What is removed with the focus in it leaves that to the log. */
  leave(row) {
    if (row.contains(document.activeElement)) this.#scroller.focus({ preventScroll: true });
  }

  #stopAt(row) {
    if (row === this.#current) return;
    for (const button of buttonsOf(this.#current)) button.tabIndex = -1;
    for (const button of buttonsOf(row)) button.tabIndex = 0;
    this.#current = row;
  }

  #go(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const row = rowOf(event.target);
    const next = {
      ArrowUp: () => nearest(row.previousElementSibling, 'previousElementSibling'),
      ArrowDown: () => nearest(row.nextElementSibling, 'nextElementSibling'),
      Home: () => nearest(this.#list.firstElementChild, 'nextElementSibling'),
      End: () => nearest(this.#list.lastElementChild, 'previousElementSibling'),
    }[event.key];
    if (!next) return;
    event.preventDefault();
    const found = next();
    if (!found) return;
    const buttons = buttonsOf(found);
    const alike = buttons.find(({ dataset }) => dataset.action === event.target.dataset.action);
    found.scrollIntoView({ block: 'nearest' });
    (alike ?? buttons[0]).focus({ preventScroll: true });
  }

  #lastInView() {
    const end = this.#scroller.scrollTop + this.#scroller.clientHeight - SEEN_PIXELS;
    let row = this.#list.lastElementChild;
    while (row && (row.offsetTop > end || buttonsOf(row).length === 0)) row = row.previousElementSibling;
    return row ?? this.#current;
  }
}

function rowOf(element) {
  return element.closest('li');
}

function buttonsOf(row) {
  return row ? Array.from(row.querySelectorAll('button')) : [];
}

/** The row, or else the nearest in that direction, that has buttons. */
function nearest(row, direction) {
  while (row && buttonsOf(row).length === 0) row = row[direction];
  return row;
}
