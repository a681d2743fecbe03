import { inWords, Refused } from '../../wire/refused.js';
import { confirm } from '../dialogs/confirm.js';
import { h, once } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { Actions } from './actions.js';
import { Quotes } from './quotes.js';
import { Reach } from './reach.js';
import { drawRow } from './row.js';
import { Rows } from './rows.js';
import { ScrollWindow } from './scroll.js';

/** @import { Chat } from '../chat.js' */
/** @import { Item, Person } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */
/** @import { Row } from './rows.js' */

/** The messages of one room: loading, scrolling, reading, and what is done to a message. */
export class Messages {
  /** Where to look first once something is loaded. */
  #isPlaced = false;
  #isLoading = false;
  #isClosed = false;
  /** @type {(() => void)[]} */
  #endings = [];

  /**
   * @param {Chat} chat
   * @param {Room} room
   * @param {{edit: (item: Item) => void, reply: (item: Item) => void, write: () => void}} composer
   */
  constructor(chat, room, composer) {
    this.chat = chat;
    this.room = room;
    this.composer = composer;
    this.quotes = new Quotes(room, (op, d) => chat.connection.request(op, d));
    this.rows = new Rows(chat, room, this.quotes);
    if (room.unread) this.rows.unreadAfter = room.read;
    this.list = h('ol', { class: 'messages', 'aria-label': 'Messages' });
    this.state = h('p', { class: 'empty' });
    this.scroller = h('div', { class: 'scroller' }, this.state, this.list);
    this.newest = h(
      'button',
      { type: 'button', class: 'newest', hidden: true, onclick: () => this.toNewest() },
      icon('arrowDown'),
      h('span', {}),
    );
    this.element = h('div', { class: 'history' }, this.scroller, this.newest);
    this.actions = new Actions(this);
    this.reach = new Reach(this);
    this.window = new ScrollWindow({
      scroller: this.scroller,
      list: this.list,
      rows: this.rows,
      make: (row) => this.#make(row),
      moved: once(() => this.#moved()),
    });
    room.timeline.watch(true);
    this.#listen();
  }

  #listen() {
    const { chat, room } = this;
    const draw = once(() => this.#draw());
    // At once: what is no longer on its way must not be drawn twice, whoever draws next.
    const refresh = () => {
      this.rows.refresh();
      draw();
    };
    this.#endings = [
      room.timeline.changed.listen(refresh),
      room.changed.listen(draw),
      chat.outbox.changed.listen(refresh),
      chat.forum.aliases.changed.listen(refresh),
      chat.store.people.changed.listen(draw),
      chat.calls.changed.listen(draw),
      this.quotes.changed.listen(draw),
      chat.connection.changed.listen(() => this.load()),
    ];
    const look = () => this.#moved();
    addEventListener('focus', look, { signal: chat.closing });
    document.addEventListener('visibilitychange', look, { signal: chat.closing });
    this.#endings.push(
      () => removeEventListener('focus', look),
      () => document.removeEventListener('visibilitychange', look),
    );
  }

  close() {
    for (const end of this.#endings) end();
    this.window.close();
    this.#isClosed = true;
    this.room.timeline.watch(false);
  }

  /** Load the room where that was not done, or had to be forgotten. */
  async load() {
    const { timeline, unread, read } = this.room;
    if (timeline.isLoaded || !this.chat.connection.isLive) return this.#draw();
    if (this.#isLoading) return;
    this.#isLoading = true;
    try {
      // Far behind, reading goes on where it ended.
      if (unread > 80 && !this.#isPlaced) await timeline.loadAround(read + 1);
      else await timeline.loadNewest();
    } catch (error) {
      this.state.textContent = inWords(error);
      const { isPassing = false, retryAfter = 2 } = error instanceof Refused ? error : {};
      if (isPassing) setTimeout(() => this.#isClosed || this.load(), retryAfter * 1000);
    } finally {
      this.#isLoading = false;
    }
  }

  #draw() {
    const { timeline } = this.room;
    if (!timeline.isLoaded && this.chat.connection.isLive && this.#isPlaced) {
      // It was forgotten under our feet: fetch it anew, from the end.
      this.#isPlaced = false;
      this.window.isStuck = true;
      this.load();
    }
    this.#say();
    if (timeline.isLoaded && !this.#isPlaced) this.#place();
    else this.window.draw();
    this.reach.settle();
  }

  /** Look at the first unread message, or at the newest. */
  #place() {
    this.#isPlaced = true;
    const { unreadAfter } = this.rows;
    if (Number.isFinite(unreadAfter)) this.window.show(unreadAfter + 1, 'start');
    else this.window.showEnd();
  }

  #say() {
    const { timeline } = this.room;
    const isStart = timeline.isLoaded && !timeline.hasOlder && this.window.isAtStart;
    this.state.classList.toggle('start', isStart);
    let words = '';
    if (!timeline.isLoaded) words = 'Loading messages…';
    else if (!this.rows.length) words = 'Nothing was said here yet. Say hello!';
    else if (isStart) words = 'This is where the conversation begins.';
    else words = 'Loading earlier messages…';
    if (this.state.textContent !== words) this.state.textContent = words;
  }

  /** @param {Row} row */
  #make(row) {
    const element = drawRow(this, row);
    element.dataset.key = row.key;
    this.actions.follow(element, row.item);
    this.reach.follow(element);
    return element;
  }

  /** What is visible has changed: it may have been read. */
  #moved() {
    const { room, rows, window: view, chat } = this;
    this.#say();
    const below = view.isStuck ? 0 : room.unread;
    this.newest.hidden = view.isStuck || !room.timeline.isLoaded;
    const words = below ? `${below > 99 ? '99+' : below} new` : 'Newest';
    if (this.newest.lastElementChild) this.newest.lastElementChild.textContent = words;
    if (document.hidden || !document.hasFocus() || !room.timeline.isLoaded) return;
    const last = view.isStuck ? room.timeline.items.at(-1)?.seq : Number(view.lastVisible()?.dataset.seq ?? 0);
    if (last && rows.length) chat.reader.seen(room, last);
  }

  /** Go to the newest message. */
  async toNewest() {
    if (!this.room.timeline.atEnd) {
      try {
        await this.room.timeline.loadNewest();
      } catch (error) {
        this.chat.toasts.show(inWords(error), 'error');
        return;
      }
    }
    this.rows.unreadAfter = Infinity;
    this.window.showEnd();
    this.composer.write();
  }

  /**
   * Go to the message at `seq`, loading it where it is not here.
   * @param {number} seq
   */
  async jump(seq) {
    const { timeline } = this.room;
    const first = timeline.items[0];
    const last = timeline.items.at(-1);
    const isHere = first && last && seq >= first.seq && seq <= last.seq;
    try {
      if (!isHere) await timeline.loadAround(seq);
    } catch (error) {
      return this.chat.toasts.show(inWords(error), 'error');
    }
    const row = this.window.show(seq, 'center');
    row?.classList.add('shown');
    row?.focus({ preventScroll: true });
  }

  /** The newest message of mine that can be edited. */
  get lastOfMine() {
    const { chat, room } = this;
    return room.timeline.items.findLast(
      (item) => item.kind === 'text' && chat.isMe(item.author?.id) && !item.deleted && !room.isHidden(item),
    );
  }

  /**
   * Open a long message, or fold it.
   * @param {string} cid
   */
  fold(cid) {
    const { opened } = this.rows;
    if (!opened.delete(cid)) opened.add(cid);
    this.window.draw();
  }

  /**
   * @param {Item} item
   * @param {string} emoji
   * @param {boolean} on
   */
  react(item, emoji, on) {
    this.#change('message.react', { room: item.room, message: item.id, emoji, on });
  }

  /** @param {Item} item */
  remove(item) {
    confirm({
      title: 'Delete this message?',
      text: 'Its place stays, its words go: for everybody, for good.',
      action: 'Delete',
      run: async () =>
        this.room.timeline.take(
          await this.chat.connection.request('message.delete', { room: item.room, message: item.id }),
        ),
    });
  }

  /**
   * Delete a message for me alone.
   * @param {Item} item
   */
  async hide(item) {
    try {
      await this.chat.connection.request('message.hide', { room: item.room, message: item.id });
      this.room.hide(item.id, item.seq, true);
      this.composer.write();
    } catch (error) {
      this.chat.toasts.show(inWords(error), 'error');
    }
  }

  /** @param {Person} person */
  talkTo(person) {
    this.chat.talkTo(person).catch((error) => this.chat.toasts.show(inWords(error), 'error'));
  }

  /**
   * @param {string} op
   * @param {object} d
   */
  async #change(op, d) {
    try {
      this.room.timeline.take(await this.chat.connection.request(op, d));
    } catch (error) {
      this.chat.toasts.show(inWords(error), 'error');
    }
  }
}
