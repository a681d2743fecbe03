import { inWords } from '../../../wire/refused.js';
import { h, hidden } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { visible } from '../../drawing/words.js';
import { toRoom } from '../../routes.js';
import { Paged } from '../people/list.js';
import { openNewInside } from './form.js';
import { roomTile } from '../../drawing/avatar.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Topic } from '../../../state/forum/types.js' */

/** The rooms of a topic: the open ones, and those that I am in. */
export class InsidePane {
  /**
   * @param {Chat} chat
   * @param {string} topic
   */
  constructor(chat, topic) {
    this.chat = chat;
    this.topic = topic;
    this.list = new Paged({
      label: 'Rooms in this topic',
      fetch: (cursor) => chat.forum.wire.rooms(topic, cursor),
      draw: (/** @type {Topic} */ room) => this.#row(room),
      none: 'There are no rooms in this topic yet.',
    });
    const make = () => openNewInside(chat, { id: topic, name: '', description: '', member_count: 0 });
    this.add = h('button', { type: 'button', class: 'plain', onclick: make }, icon('add'), 'New room');
    this.element = h('div', { class: 'posts' }, h('div', { class: 'bar' }, this.add), this.list.element);
  }

  load() {
    this.add.hidden = !this.chat.store.room(this.topic);
    return this.list.load();
  }

  close() {
    this.list.clear();
  }

  /** @param {Topic} room */
  #row(room) {
    const { chat } = this;
    const name = visible(room.name);
    const isMine = Boolean(room.role);
    const state = h('p', { class: 'problem', role: 'alert' });
    const open = async () => {
      try {
        if (!isMine) await chat.connection.request('room.join', { room: room.id });
        location.hash = toRoom(room.id);
      } catch (error) {
        state.textContent = inWords(error);
      }
    };
    const members = `${room.member_count} ${room.member_count === 1 ? 'member' : 'members'}`;
    return h(
      'li',
      { class: 'entry' },
      roomTile(room.id, room.open ? 'hash' : 'lock'),
      h(
        'div',
        { class: 'what' },
        h('h2', { dir: 'auto' }, name),
        h('p', { class: 'about', dir: 'auto' }, [members, room.description].filter(Boolean).join(' · ')),
        state,
      ),
      h('button', { type: 'button', class: 'plain', onclick: open }, isMine ? 'Open' : 'Join', hidden(` ${name}`)),
    );
  }
}
