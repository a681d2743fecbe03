import { Banner } from './banner.js';
import { Conversation } from './conversation/conversation.js';
import { h, once } from './drawing/dom.js';
import { icon } from './drawing/icons.js';
import { roomName } from './drawing/words.js';
import { Members } from './members.js';
import { RoomList } from './rooms/list.js';

/** @import { Chat } from './chat.js' */
/** @import { Room } from '../state/room.js' */

/** From this width on the members stand beside the conversation; below they cover it. */
const WIDE = matchMedia('(min-width: 70rem)');
/** Below this width there is one pane at a time. */
const NARROW = matchMedia('(max-width: 47.99rem)');

/** The frame around everything: which room is open, and which pane is seen on a small screen. */
export class Shell {
  /** @type {Conversation | null} */
  #conversation = null;
  /** @type {Members | null} */
  #members = null;
  #wantsMembers = WIDE.matches;

  /**
   * @param {Chat} chat
   * @param {HTMLElement} root
   */
  constructor(chat, root) {
    this.chat = chat;
    this.list = new RoomList(chat);
    this.main = h('main', { id: 'main', class: 'main', tabindex: '-1' });
    this.aside = h('aside', { class: 'aside', 'aria-label': 'Members', hidden: true });
    this.body = h('div', { class: 'shell', 'data-pane': 'list' }, this.list.element, this.main, this.aside);
    const skip = h(
      'a',
      { class: 'skip', href: '#main', onclick: (/** @type {Event} */ event) => this.#skip(event) },
      'Skip to the conversation',
    );
    root.replaceChildren(skip, new Banner(chat).element, this.body, chat.toasts.element, chat.announcer.element);
    const draw = once(() => this.draw());
    chat.store.changed.listen(draw);
    chat.store.news.listen(({ room, item }) => this.#announce(room, item));
    WIDE.addEventListener('change', () => this.#resized(), { signal: chat.closing });
    addEventListener('hashchange', () => this.draw(), { signal: chat.closing });
    document.addEventListener('keydown', (event) => this.#key(event), { signal: chat.closing });
    this.draw();
  }

  /** The id of the room that the address names. */
  get here() {
    return /^#\/r\/([\w.~-]+)$/.exec(location.hash)?.[1] ?? null;
  }

  /** @param {string} room */
  go(room) {
    location.hash = `#/r/${room}`;
  }

  /** Back to the list of rooms. */
  back() {
    const from = this.here;
    history.pushState(null, '', location.pathname + location.search);
    this.draw();
    if (from) this.list.focus(from);
  }

  draw() {
    const { store, me } = this.chat;
    const room = store.room(this.here);
    const count = store.unread > 99 ? '99+' : store.unread;
    const where = room ? `${roomName(room, me.id)} – ` : '';
    document.title = `${store.unread ? `(${count}) ` : ''}${where}Parley`;
    this.body.dataset.pane = room ? 'room' : 'list';
    if (room) this.#open(room);
    else this.#close();
  }

  /** @param {Room} room */
  #open(room) {
    if (this.#conversation?.room === room) return;
    this.#conversation?.close();
    this.#conversation = new Conversation(this.chat, room);
    this.main.replaceChildren(this.#conversation.element);
    this.#drawMembers();
    this.#conversation.opened();
    this.list.draw();
  }

  #close() {
    if (!this.#conversation && this.main.firstChild) return;
    this.#conversation?.close();
    this.#conversation = null;
    this.#drawMembers();
    this.main.replaceChildren(
      h(
        'div',
        { class: 'nothing' },
        icon('chat'),
        h('h1', {}, 'Welcome to Parley'),
        h('p', {}, 'Choose a conversation, or start a new one.'),
      ),
    );
    this.list.draw();
  }

  toggleMembers() {
    this.#wantsMembers = this.aside.hidden;
    this.#drawMembers();
    if (this.#wantsMembers) this.#members?.focus();
    else this.#conversation?.focus();
  }

  get hasMembers() {
    return !this.aside.hidden;
  }

  #drawMembers() {
    const room = this.#conversation?.room;
    this.#members?.close();
    this.#members = null;
    this.aside.hidden = !room || !this.#wantsMembers;
    this.body.classList.toggle('with-members', !this.aside.hidden);
    this.main.inert = !this.aside.hidden && NARROW.matches;
    if (room && !this.aside.hidden) {
      this.#members = new Members(this.chat, room);
      this.aside.replaceChildren(this.#members.element);
    }
    this.#conversation?.drawHeader();
  }

  /** The window became wide, or narrow: beside the conversation members are welcome, over it nobody asked for them. */
  #resized() {
    this.#wantsMembers = WIDE.matches;
    this.#drawMembers();
  }

  /** The members covered the conversation on a small screen: they go when somebody leaves them. */
  closeCover() {
    if (!WIDE.matches && this.hasMembers) this.toggleMembers();
  }

  /** @param {Event} event */
  #skip(event) {
    event.preventDefault();
    if (this.#conversation) this.#conversation.focus();
    else this.main.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (NARROW.matches) this.back();
      this.list.search();
    }
    if (event.key === 'Escape' && this.aside.contains(document.activeElement)) this.closeCover();
  }

  /**
   * @param {Room} room
   * @param {import('../types.js').Item} item
   */
  #announce(room, item) {
    if (item.kind !== 'text' || !item.author) return;
    const where = this.#conversation?.room === room ? '' : ` in ${roomName(room, this.chat.me.id)}`;
    this.chat.announcer.say(`${item.author.username}${where}: ${item.text ?? ''}`);
  }
}
