import { h, hidden, once } from './drawing/dom.js';
import { icon } from './drawing/icons.js';

/** @import { Chat } from './chat.js' */
/** @import { Icon } from './drawing/icons.js' */
/** @import { Where } from './routes.js' */

/** @type {{href: string, label: string, icon: Icon, holds: Where[]}[]} */
const PARTS = [
  { href: '#/', label: 'Chats', icon: 'chat', holds: ['chats', 'room'] },
  { href: '#/feed', label: 'Feed', icon: 'feed', holds: ['feed'] },
  { href: '#/topics', label: 'Topics', icon: 'topics', holds: ['topics', 'topic', 'post'] },
  { href: '#/people', label: 'People', icon: 'people', holds: ['people', 'person'] },
  { href: '#/notifications', label: 'Notifications', icon: 'bell', holds: ['notifications'] },
];

/** The parts of the page: at the side of a wide window, at the foot of a narrow one. */
export class Rail {
  /** @type {Map<string, {link: HTMLAnchorElement, badge: HTMLElement, words: HTMLElement}>} */
  #links = new Map();

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.element = h('nav', { class: 'rail', 'aria-label': 'Parts of the page' });
    for (const { href, label, icon: face } of PARTS) {
      const badge = h('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
      const words = hidden('');
      const link = h('a', { href, 'data-focus': href }, icon(face), h('span', { class: 'word' }, label), badge, words);
      this.#links.set(label, { link, badge, words });
      this.element.append(link);
    }
    const count = once(() => this.#count());
    chat.store.changed.listen(count);
    chat.forum.notifications.changed.listen(count);
    this.#count();
  }

  /** @param {Where} where */
  draw(where) {
    for (const { label, holds } of PARTS) {
      const link = this.#links.get(label)?.link;
      if (holds.includes(where)) link?.setAttribute('aria-current', 'page');
      else link?.removeAttribute('aria-current');
    }
  }

  #count() {
    this.#say('Chats', this.chat.store.unread);
    this.#say('Notifications', this.chat.forum.notifications.unread);
  }

  /**
   * @param {string} label
   * @param {number} unread
   */
  #say(label, unread) {
    const found = this.#links.get(label);
    if (!found) return;
    found.badge.hidden = !unread;
    const count = unread > 99 ? '99+' : String(unread);
    found.badge.textContent = count;
    found.words.textContent = unread ? ` ${count} unread` : '';
  }
}
