import { keyed, once } from '../drawing/dom.js';

/** @import { Row, Rows } from './rows.js' */

/** Rows drawn at first, or as many of one line as fill the view; and in each step further. */
const FEW = 30;
const LINE_PX = 36;
const STEP = 20;
/** Rows that stay drawn at the end while others come in. */
const KEPT = 100;
/** Rows drawn at most: so many, and one for each of these pixels of height, which is less than a row has. */
const MOST = 100;
const ROW_PX = 20;
/** Nearer to an edge than this, more is drawn or loaded. */
const EDGE_PX = 800;
/** Nearer to the end than this, the view sticks to it. */
const STUCK_PX = 60;

/**
 * A window onto rows of any number: only those around the visible part are in the document, and what is seen stays
 * where it is while rows come and go above and below.
 */
export class ScrollWindow {
  /** Whether the view sticks to the newest row. */
  isStuck = true;
  #from = 0;
  #to = 0;
  /** The place of the first drawn row, by which it is found again when rows came in before it. */
  #first = 0;
  /** The place of the last drawn row that is not on its way: what comes in stands before those. */
  #last = 0;
  #size = FEW;
  /** The next frame looks whether there is more to draw. */
  #isGrowing = false;
  #observer;

  /**
   * @param {object} parts
   * @param {HTMLElement} parts.scroller
   * @param {HTMLElement} parts.list
   * @param {Rows} parts.rows
   * @param {(row: Row) => HTMLElement} parts.make
   * @param {() => void} parts.moved  what is visible has changed
   */
  constructor({ scroller, list, rows, make, moved }) {
    this.scroller = scroller;
    this.list = list;
    this.rows = rows;
    this.make = make;
    this.moved = moved;
    const scrolled = once(() => this.#scrolled());
    const scroll = () => {
      // At once: whatever draws before all else in this frame would take back to the end who has left it.
      if (this.#below >= STUCK_PX) this.isStuck = false;
      scrolled();
    };
    scroller.addEventListener('scroll', scroll, { passive: true });
    this.#observer = new ResizeObserver(() => this.#resized());
    this.#observer.observe(scroller);
    this.#observer.observe(list);
  }

  /** Whether the first of all rows is drawn. */
  get isAtStart() {
    return this.#from === 0;
  }

  /** Rows that fill the view, and are drawn in one go. */
  get #few() {
    return Math.max(FEW, Math.ceil(this.scroller.clientHeight / LINE_PX));
  }

  get #most() {
    return MOST + Math.ceil(this.scroller.clientHeight / ROW_PX);
  }

  /** Pixels from the visible part to the end of what is drawn. */
  get #below() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  /** So many rows came in behind what is drawn that nothing of it stays in sight; and nobody has the focus there. */
  get #isFlooded() {
    const came = this.rows.length - this.rows.placeOf(this.#last + 1);
    return came > this.#few && !this.list.contains(document.activeElement);
  }

  close() {
    this.#observer.disconnect();
  }

  /** Draw anew: rows came, went or changed. */
  draw() {
    const { length } = this.rows;
    if (this.isStuck && this.rows.atEnd) {
      this.#to = length;
      this.#from = Math.max(0, length - (this.#isFlooded ? this.#few : Math.min(this.#size, KEPT)));
    } else {
      this.isStuck = false;
      this.#from = Math.max(0, Math.min(this.rows.placeOf(this.#first), length - 1));
      this.#to = Math.min(length, this.#from + this.#size);
    }
    this.#render();
    if (this.isStuck) this.#size = this.#to - this.#from;
    this.#fillNext();
    this.moved();
  }

  /**
   * Show the row at `place` of the rows' order, as near to `align` as can be.
   * @param {number} place
   * @param {'center' | 'start'} align
   * @returns {HTMLElement | null}
   */
  show(place, align) {
    const index = this.rows.placeOf(place);
    this.isStuck = false;
    this.#from = Math.max(0, index - STEP);
    this.#to = Math.min(this.rows.length, index + this.#few);
    this.#keep();
    this.#render();
    const key = this.rows.between(index, index + 1)[0]?.key;
    const row = key === undefined ? null : this.row(key);
    row?.scrollIntoView({ block: align });
    this.#fillNext();
    this.moved();
    return row;
  }

  /** Show the newest row, and stick to it. */
  showEnd() {
    this.isStuck = true;
    this.#size = this.#few;
    this.draw();
  }

  /** @param {string} key */
  row(key) {
    return /** @type {HTMLElement | null} */ (this.list.querySelector(`:scope > [data-key="${CSS.escape(key)}"]`));
  }

  /** The last row whose end is visible. @returns {HTMLElement | null} */
  lastVisible() {
    const bottom = this.scroller.getBoundingClientRect().bottom + 8;
    const rows = /** @type {HTMLElement[]} */ ([...this.list.children]);
    return rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom) ?? null;
  }

  #render() {
    const anchor = this.isStuck ? null : this.#anchor();
    const rows = this.rows.between(this.#from, this.#to);
    keyed(this.list, rows, {
      key: (row) => row.key,
      look: (row) => row.look,
      make: this.make,
    });
    if (this.isStuck) this.scroller.scrollTop = this.scroller.scrollHeight;
    else if (anchor) this.#restore(anchor);
    this.#first = this.rows.at(this.#from);
    this.#last = rows.findLast(({ item }) => item)?.place ?? 0;
  }

  /** The first visible row, and where it is. */
  #anchor() {
    const top = this.scroller.getBoundingClientRect().top;
    for (const row of /** @type {Iterable<HTMLElement>} */ (this.list.children)) {
      const box = row.getBoundingClientRect();
      if (box.bottom > top) return { key: row.dataset.key ?? '', top: box.top };
    }
    return null;
  }

  /** @param {{key: string, top: number}} anchor */
  #restore({ key, top }) {
    const row = this.row(key);
    if (!row) return;
    const moved = row.getBoundingClientRect().top - top;
    if (moved) this.scroller.scrollTop += moved;
  }

  /** What is drawn now is what to draw next time. */
  #keep() {
    this.#first = this.rows.at(this.#from);
    this.#size = this.#to - this.#from;
  }

  #scrolled() {
    this.isStuck = this.rows.atEnd && this.#to === this.rows.length && this.#below < STUCK_PX;
    if (!this.isStuck) this.#keep();
    this.#fill();
    this.moved();
  }

  /** Draw or load more where the view is near an edge of what is drawn. */
  #fill() {
    if (this.#isGrowing || !this.scroller.clientHeight) return; // its frame comes, or nothing is shown
    if (this.scroller.scrollTop < EDGE_PX) this.#up();
    else if (this.#below < EDGE_PX) this.#down();
  }

  #up() {
    if (this.#from === 0) {
      this.rows.loadOlder();
      // Short of an edge above, there may be one below too.
      if (this.#below < EDGE_PX) this.#down();
      return;
    }
    this.#from = Math.max(0, this.#from - STEP);
    if (!this.isStuck) this.#to = Math.min(this.#to, this.#from + this.#most);
    this.#grown();
  }

  #down() {
    if (this.#to >= this.rows.length) {
      if (!this.rows.atEnd) this.rows.loadNewer();
      return;
    }
    this.#to = Math.min(this.rows.length, this.#to + STEP);
    this.#from = Math.max(this.#from, this.#to - this.#most);
    this.#grown();
  }

  #grown() {
    this.#keep();
    this.#render();
    this.#fillNext();
  }

  /** Go on in the next frame: one step in each, whoever asks for more, or a long jump becomes a long task. */
  #fillNext() {
    if (this.#isGrowing) return;
    this.#isGrowing = true;
    requestAnimationFrame(() => {
      this.#isGrowing = false;
      this.#fill();
    });
  }

  #resized() {
    if (this.isStuck) this.scroller.scrollTop = this.scroller.scrollHeight;
    else this.#fill();
  }
}
