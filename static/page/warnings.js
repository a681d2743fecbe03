import { inWords } from '../wire/refused.js';
import { h } from './drawing/dom.js';
import { icon } from './drawing/icons.js';

/** @import { Chat } from './chat.js' */

/** @typedef {{id: string, text: string, created_at: string, dismissed_at?: string | null}} Warning */

/** What moderators have warned this person of: it stays until it was read. */
export class Warnings {
  element = h('div', { class: 'warnings', role: 'region', 'aria-label': 'Warnings', hidden: true });

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
  }

  /** Ask for them. Where that fails, the next time that we are connected asks again. */
  async load() {
    try {
      const { items } = await this.chat.account.call('GET', 'users/me/warnings');
      this.#draw(items.filter((/** @type {Warning} */ warning) => !warning.dismissed_at));
    } catch {
      // Nothing is shown that is not known.
    }
  }

  /** @param {Warning[]} warnings */
  #draw(warnings) {
    this.element.replaceChildren(...warnings.map((warning) => this.#row(warning)));
    this.element.hidden = !warnings.length;
  }

  /** @param {Warning} warning */
  #row({ id, text }) {
    const dismiss = async () => {
      try {
        await this.chat.account.call('POST', `users/me/warnings/${encodeURIComponent(id)}/dismissal`, {});
        line.remove();
        this.element.hidden = !this.element.children.length;
      } catch (error) {
        this.chat.toasts.show(inWords(error), 'error');
      }
    };
    const line = h(
      'div',
      { class: 'warning', role: 'alert' },
      icon('warning'),
      h('p', {}, h('strong', {}, 'A moderator warns you: '), h('span', { dir: 'auto' }, text)),
      h('button', { type: 'button', class: 'plain', onclick: dismiss }, 'I have read it'),
    );
    return line;
  }
}
