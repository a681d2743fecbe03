/** @import { Messages } from './messages.js' */

/** Keys among the messages: Tab reaches one of them and what is inside it, arrows go from one to the next. */
export class Reach {
  /** The key of the row that Tab reaches. */
  #active = '';

  /** @param {Messages} messages */
  constructor(messages) {
    this.messages = messages;
    this.list = messages.list;
    this.list.addEventListener('keydown', (event) => this.#key(event));
    this.list.addEventListener('focusin', (event) => {
      const row = rowOf(event);
      if (row) this.#activate(row);
    });
  }

  /** Put the focus on the messages. */
  focus() {
    this.#stop?.focus();
  }

  /** While nobody is among the messages, Tab leads to the newest one. */
  settle() {
    const last = /** @type {HTMLElement | null} */ (this.list.lastElementChild);
    if (last && (!this.#stop || !this.list.contains(document.activeElement))) this.#activate(last);
  }

  /**
   * A row was drawn anew: it is reached as it was before.
   * @param {HTMLElement} row
   */
  follow(row) {
    if (row.dataset.key === this.#active) this.#activate(row);
  }

  /** @returns {HTMLElement | null} */
  get #stop() {
    return this.list.querySelector(':scope > [tabindex="0"]');
  }

  /** @param {HTMLElement} row */
  #activate(row) {
    if (row.dataset.key === this.#active && row.tabIndex === 0) return;
    const old = this.#stop;
    if (old) setTabs(old, '-1');
    this.#active = row.dataset.key ?? '';
    setTabs(row, '0');
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = rowOf(event);
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const isOnRow = event.target === row;
    if (event.key === 'Escape') {
      event.preventDefault();
      if (isOnRow) this.messages.composer.write();
      else row.focus();
    } else if (isOnRow && event.key === 'Enter') {
      // Or the same press would go on to the button that has the focus then.
      event.preventDefault();
      this.messages.actions.focus();
    } else if (isOnRow) {
      this.#move(event, row);
    }
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement} row
   */
  #move(event, row) {
    /** @type {Record<string, Element | null>} */
    const ways = {
      ArrowUp: row.previousElementSibling,
      ArrowDown: row.nextElementSibling,
      Home: this.list.firstElementChild,
      End: this.list.lastElementChild,
    };
    const to = ways[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to instanceof HTMLElement) {
      to.focus({ preventScroll: true });
      to.scrollIntoView({ block: 'nearest' });
    } else if (event.key === 'ArrowDown') {
      this.messages.composer.write();
    }
  }
}

/**
 * @param {Event} event
 * @returns {HTMLElement | null}
 */
export function rowOf(event) {
  return /** @type {Element} */ (event.target).closest('ol.messages > li');
}

/**
 * @param {HTMLElement} row
 * @param {'0' | '-1'} tabindex
 */
function setTabs(row, tabindex) {
  row.setAttribute('tabindex', tabindex);
  for (const inner of row.querySelectorAll('a, button')) inner.setAttribute('tabindex', tabindex);
}
