import { h } from './drawing/dom.js';

const CALM_MS = 1000;
const LONGEST = 200;

/** Tells screen readers what happens, politely: a burst becomes a number. */
export class Announcer {
  /** @type {string[]} */
  #waiting = [];
  #isCalming = false;

  /** @param {{many?: string, name?: string}} [how]  `many`: what a burst is a number of */
  constructor({ many = 'new messages', name = 'announcer' } = {}) {
    this.many = many;
    this.element = h('div', { class: 'visually-hidden', 'aria-live': 'polite', role: 'status', 'data-testid': name });
  }

  /** @param {string} text */
  say(text) {
    this.#waiting.push(text.slice(0, LONGEST));
    if (!this.#isCalming) this.#speak();
  }

  #speak() {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#isCalming = waiting.length > 0;
    if (!waiting.length) return;
    const text = waiting.length > 2 ? `${waiting.length} ${this.many}` : waiting.join('. ');
    this.element.replaceChildren(h('p', {}, text));
    setTimeout(() => this.#speak(), CALM_MS);
  }
}
