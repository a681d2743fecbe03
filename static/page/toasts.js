import { h } from './drawing/dom.js';
import { icon } from './drawing/icons.js';

const SHOWN_MS = 6000;
const MOST = 3;

/** Short words at the edge of the page that go away by themselves. */
export class Toasts {
  element = h('div', { class: 'toasts', role: 'status', 'aria-live': 'polite' });

  /**
   * @param {string} text
   * @param {'info' | 'error'} [kind]
   */
  show(text, kind = 'info') {
    const toast = h('div', { class: `toast ${kind}` }, h('p', {}, text));
    toast.append(
      h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss', onclick: () => toast.remove() }, icon('close')),
    );
    this.element.append(toast);
    while (this.element.children.length > MOST) this.element.firstElementChild?.remove();
    setTimeout(() => toast.remove(), SHOWN_MS);
  }
}
