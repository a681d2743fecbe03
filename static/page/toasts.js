import { iconButton } from './drawing/button.js';
import { h } from './drawing/dom.js';

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
    toast.append(iconButton('close', 'Dismiss', () => toast.remove()));
    this.element.append(toast);
    while (this.element.children.length > MOST) this.element.firstElementChild?.remove();
    setTimeout(() => toast.remove(), SHOWN_MS);
  }
}
