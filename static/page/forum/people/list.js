import { inWords } from '../../../wire/refused.js';
import { h } from '../../drawing/dom.js';

/** @import { Listed } from '../../../state/forum/types.js' */

/**
 * A list that is fetched page by page.
 * @template T
 */
export class Paged {
  /** @type {string | null} */
  #next = null;
  #turn = 0;
  #pages = 0;
  /** What is under way or waits, one after another. @type {Promise<void>} */
  #last = Promise.resolve();
  /** @type {Promise<void> | null} */
  #more = null;
  /** One that has not begun. @type {Promise<void> | null} */
  #refresh = null;

  /**
   * @param {object} how
   * @param {string} how.label
   * @param {(cursor: string | null) => Promise<Listed<T>>} how.fetch
   * @param {(item: T) => HTMLElement} how.draw
   * @param {string} how.none  what is said where there is nothing; empty: it is not seen then
   * @param {(draw: () => void) => void} [how.redraw]  draws what was fetched anew, and keeps what that would take away
   */
  constructor({ label, fetch, draw, none, redraw = (drawAll) => drawAll() }) {
    this.fetch = fetch;
    this.drawOne = draw;
    this.redraw = redraw;
    this.none = none;
    this.rows = h('ul', { class: 'entries', 'aria-label': label });
    this.state = h('p', { class: 'empty', role: 'status' }, 'Loading…');
    this.more = h(
      'button',
      { type: 'button', class: 'plain', hidden: true, onclick: () => this.#loadMore() },
      'Show more',
    );
    this.element = h('div', { class: 'paged' }, this.rows, this.state, this.more);
  }

  /** Fetch it from the beginning, whatever is under way. */
  load() {
    const turn = ++this.#turn;
    this.#more = this.#refresh = null;
    if (!this.rows.children.length) this.state.textContent = 'Loading…';
    this.#last = this.#add(turn, null);
    return this.#last;
  }

  /** Fetch as much as is shown anew, and show it at once when all of it is there. */
  refresh() {
    // Of several that wait one will do; one that has begun may have missed what is new.
    this.#refresh ??= this.#after(async (turn) => {
      this.#refresh = null;
      await this.#renew(turn);
    });
    return this.#refresh;
  }

  #loadMore() {
    this.#more ??= this.#after(async (turn) => {
      // What is next is known only now.
      if (this.#next) await this.#add(turn, this.#next);
      if (turn === this.#turn) this.#more = null;
    });
  }

  /**
   * Do `work` after what is under way: a page would be put to a list that is not there any more. It is dropped where
   * all is fetched from the beginning meanwhile.
   * @param {(turn: number) => Promise<void>} work
   */
  #after(work) {
    const turn = this.#turn;
    this.#last = this.#last.then(() => (turn === this.#turn ? work(turn) : undefined));
    return this.#last;
  }

  /**
   * @param {number} turn
   * @param {string | null} cursor
   */
  async #add(turn, cursor) {
    try {
      const page = await this.fetch(cursor);
      if (turn !== this.#turn) return;
      this.#pages = cursor ? this.#pages + 1 : 1;
      if (!cursor) this.rows.replaceChildren();
      this.#take(page);
    } catch (error) {
      if (turn === this.#turn) this.state.textContent = inWords(error);
    }
  }

  /** @param {number} turn */
  async #renew(turn) {
    try {
      let page = await this.fetch(null);
      const { items } = page;
      let pages = 1;
      for (; pages < this.#pages && page.next; pages++) {
        page = await this.fetch(page.next);
        items.push(...page.items);
      }
      if (turn !== this.#turn) return;
      this.#pages = pages;
      const { next } = page;
      this.redraw(() => {
        this.rows.replaceChildren();
        this.#take({ items, next });
      });
    } catch (error) {
      // What is shown stays.
      if (turn === this.#turn && !this.rows.children.length) this.state.textContent = inWords(error);
    }
  }

  /** @param {Listed<T>} page */
  #take({ items, next }) {
    this.rows.append(...items.map((item) => this.drawOne(item)));
    this.#next = next;
    this.more.hidden = !next;
    // A page may have nothing of its own, and more behind it.
    const isSomething = this.rows.children.length > 0 || next;
    this.state.textContent = isSomething ? '' : this.none;
    // What is nothing to speak of is not seen, with its heading.
    const part = this.element.closest('section');
    if (!this.none && part) part.hidden = !isSomething;
  }

  clear() {
    this.#turn++;
    this.#more = this.#refresh = null;
    this.rows.replaceChildren();
    this.more.hidden = true;
    this.state.textContent = '';
  }
}
