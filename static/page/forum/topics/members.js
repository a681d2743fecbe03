import { h } from '../../drawing/dom.js';
import { Members } from '../../members.js';

/** @import { Chat } from '../../chat.js' */

/** Who is in a topic, and what one may do about them: for those who are in it themselves, as in any room. */
export class TopicMembers {
  /** @type {Members | null} */
  #members = null;

  /**
   * @param {Chat} chat
   * @param {string} topic
   */
  constructor(chat, topic) {
    this.chat = chat;
    this.topic = topic;
    this.element = h('div', { class: 'topic-members' });
  }

  load() {
    const room = this.chat.store.room(this.topic);
    if (!room) {
      const words = 'Who is in a topic is seen by those who are in it themselves.';
      this.element.replaceChildren(h('p', { class: 'empty', role: 'status' }, words));
      return;
    }
    this.#members ??= new Members(this.chat, room, { isOnPage: true });
    this.element.replaceChildren(this.#members.element);
  }

  close() {
    this.#members?.close();
  }
}
