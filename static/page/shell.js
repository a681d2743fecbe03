import { nameOf } from '../state/people.js';
import { Banner } from './banner.js';
import { Conversation } from './conversation/conversation.js';
import { h, once } from './drawing/dom.js';
import { icon } from './drawing/icons.js';
import { roomName } from './drawing/words.js';
import { noticeWords } from './forum/notices/words.js';
import { openView } from './forum/opening.js';
import { Members } from './members.js';
import { Rail } from './rail.js';
import { RoomList } from './rooms/list.js';
import { routeOf, toRoom } from './routes.js';

/** @import { Chat } from './chat.js' */
/** @import { Room } from '../state/room.js' */
/** @import { View } from './forum/view.js' */
/** @import { Route } from './routes.js' */

/** From this width on the members stand beside the conversation; below they cover it. */
const WIDE = matchMedia('(min-width: 70rem)');
/** Below this width there is one pane at a time. */
const NARROW = matchMedia('(max-width: 47.99rem)');

/** The frame around everything: which room or view is open, and which pane is seen on a small screen. */
export class Shell {
  /** @type {Conversation | null} */
  #conversation = null;
  /** What is seen in the place of a conversation, and at which address. @type {{view: View, at: string} | null} */
  #shown = null;
  /** A list from which a post was opened: it is as it was when one comes back. @type {{view: View, at: string} | null} */
  #parked = null;
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
    this.rail = new Rail(chat);
    this.main = h('main', { id: 'main', class: 'main', tabindex: '-1' });
    this.aside = h('aside', { class: 'aside', 'aria-label': 'Members', hidden: true });
    this.body = h(
      'div',
      { class: 'shell', 'data-pane': 'list' },
      this.rail.element,
      this.list.element,
      this.main,
      this.aside,
    );
    const skip = h(
      'a',
      { class: 'skip', href: '#main', onclick: (/** @type {Event} */ event) => this.#skip(event) },
      'Skip to the conversation',
    );
    root.replaceChildren(
      skip,
      new Banner(chat).element,
      chat.warnings.element,
      chat.callViews.bar.element,
      this.body,
      chat.toasts.element,
      chat.announcer.element,
      chat.callViews.element,
    );
    const draw = once(() => this.draw());
    chat.store.changed.listen(draw);
    chat.forum.notifications.changed.listen(draw);
    chat.forum.notifications.news.listen((item) => chat.announcer.say(noticeWords(item, chat.store.people)));
    chat.store.news.listen(({ room, item }) => this.#announce(room, item));
    WIDE.addEventListener('change', () => this.#resized(), { signal: chat.closing });
    addEventListener('hashchange', () => this.#moved(), { signal: chat.closing });
    document.addEventListener('keydown', (event) => this.#key(event), { signal: chat.closing });
    this.draw();
  }

  /** The id of the room that the address names. */
  get here() {
    const { where, id } = routeOf(location.hash);
    return where === 'room' ? id : null;
  }

  /** The room that is open. */
  get conversation() {
    return this.#conversation;
  }

  /** Put the focus where somebody writes, or on the list of rooms. */
  focus() {
    if (this.#conversation) this.#conversation.focus();
    else if (this.#shown) this.#shown.view.focus();
    else this.main.focus();
  }

  /** Whether going back stays on this page. */
  hasPast = false;

  #moved() {
    this.hasPast = true;
    this.draw();
  }

  /** @param {string} room */
  go(room) {
    location.hash = toRoom(room);
  }

  /** Back to the list of rooms. */
  back() {
    const from = this.here;
    history.pushState(null, '', location.pathname + location.search);
    this.draw();
    if (from) this.list.focus(from);
  }

  draw() {
    const route = routeOf(location.hash);
    const isChats = route.where === 'chats' || route.where === 'room';
    const room = isChats ? this.chat.store.room(this.here) : undefined;
    this.rail.draw(route.where);
    this.body.dataset.pane = room ? 'room' : isChats ? 'list' : 'view';
    if (!isChats) this.#show(route);
    else if (room) this.#open(room);
    else this.#close();
    this.entitle();
  }

  /** Call the window after what is open. */
  entitle() {
    const { store, me, forum, callViews } = this.chat;
    const unread = store.unread + forum.notifications.unread;
    const room = this.#conversation?.room;
    const title = room ? roomName(room, me.id) : (this.#shown?.view.title ?? '');
    const count = unread > 99 ? '99+' : unread;
    const ring = callViews.title;
    document.title = ring ? `${ring} – Parley` : `${unread ? `(${count}) ` : ''}${title && `${title} – `}Parley`;
  }

  /**
   * Show what an address leads to in the place of a conversation.
   * @param {Route} route
   */
  #show(route) {
    const at = location.hash;
    if (this.#shown?.at === at) return;
    this.#leaveRoom();
    this.#putAside(route.where === 'post');
    const parked = this.#parked;
    const isBack = parked?.at === at;
    if (isBack) this.#parked = null;
    else if (route.where !== 'post') this.#closeViews();
    const view = isBack ? parked.view : openView(this.chat, route);
    this.#shown = { view, at };
    this.main.replaceChildren(view.element);
    view.opened();
    this.chat.callViews.moved();
    view.focus();
  }

  /**
   * A list from which somebody goes to a post is kept; what was kept before it is over.
   * @param {boolean} isForPost
   */
  #putAside(isForPost) {
    const before = this.#shown;
    this.#shown = null;
    if (!before) return;
    if (isForPost && before.view.isList) {
      this.#parked?.view.close();
      before.view.leave();
      this.#parked = before;
    } else before.view.close();
  }

  #closeViews() {
    this.#shown?.view.close();
    this.#parked?.view.close();
    this.#shown = null;
    this.#parked = null;
  }

  #leaveRoom() {
    if (!this.#conversation) return;
    this.#conversation.close();
    this.#conversation = null;
    this.#drawMembers();
  }

  /** @param {Room} room */
  #open(room) {
    if (this.#conversation?.room === room) return;
    this.#closeViews();
    this.#conversation?.close();
    this.#conversation = new Conversation(this.chat, room);
    this.main.replaceChildren(this.#conversation.element);
    this.#drawMembers();
    this.#conversation.opened();
    this.chat.callViews.moved();
    this.list.draw();
  }

  #close() {
    if (!this.#conversation && !this.#shown && this.main.firstChild) return;
    this.#closeViews();
    this.#leaveRoom();
    this.main.replaceChildren(
      h(
        'div',
        { class: 'nothing' },
        icon('chat'),
        h('h1', {}, 'Welcome to Parley'),
        h('p', {}, 'Choose a conversation, or start a new one.'),
      ),
    );
    this.chat.callViews.moved();
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
    this.focus();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'k' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      if (NARROW.matches || this.body.dataset.pane === 'view') this.back();
      this.list.search();
    }
    if (event.key === 'Escape' && this.aside.contains(document.activeElement)) this.closeCover();
  }

  /**
   * @param {Room} room
   * @param {import('../types.js').Item} item
   */
  #announce(room, item) {
    if (item.kind !== 'text' || !item.author || this.chat.store.isQuiet(room.id)) return;
    const where = this.#conversation?.room === room ? '' : ` in ${roomName(room, this.chat.me.id)}`;
    this.chat.announcer.say(`${nameOf(item.author)}${where}: ${item.text ?? ''}`);
  }
}
