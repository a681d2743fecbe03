import { inWords } from '../../wire/refused.js';
import { openAccount } from '../account/dialog.js';
import { confirm } from '../dialogs/confirm.js';
import { openDiscover } from '../dialogs/discover.js';
import { openNewRoom } from '../dialogs/newroom.js';
import { openPeople } from '../dialogs/people.js';
import { portrait, roomAvatar } from '../drawing/avatar.js';
import { h, hidden, keyed, once } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { menuButton } from '../drawing/menu.js';
import { searchBox } from '../drawing/searchbox.js';
import { shortTime } from '../drawing/time.js';
import { presenceWords, previewWords, roomName } from '../drawing/words.js';
import { openModeration } from '../moderation/dialog.js';
import { Previews } from './previews.js';
import { Reminder } from './reminder.js';

/** @import { Chat } from '../chat.js' */
/** @import { Room } from '../../state/room.js' */

/** The list of my rooms, the latest activity first. */
export class RoomList {
  #isLeaving = false;

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.previews = new Previews(chat);
    const { input, box } = searchBox('Filter rooms');
    this.filter = input;
    this.filter.addEventListener('input', () => this.draw());
    this.filter.addEventListener('keydown', (event) => this.#filterKey(event));
    this.rows = h('ul', { class: 'rooms' });
    this.rows.addEventListener('keydown', (event) => this.#key(event));
    this.state = h('p', { class: 'empty', role: 'status' });
    this.me = h('span');
    this.leaving = h('p', { class: 'empty', role: 'status' });
    this.element = h(
      'nav',
      { class: 'side', 'aria-label': 'Rooms' },
      this.#header(),
      this.leaving,
      new Reminder(chat).element,
      box,
      h('div', { class: 'scroll' }, this.rows, this.state),
    );
    const draw = once(() => this.draw());
    chat.store.changed.listen(draw);
    chat.store.people.changed.listen(draw);
    chat.presences.changed.listen(draw);
    chat.forum.stances.changed.listen(draw);
    chat.presences.changed.listen(once(() => this.#drawMe()));
    chat.account.changed.listen(once(() => this.#drawMe()));
    this.draw();
  }

  #header() {
    const { chat } = this;
    const add = menuButton({ label: 'Start something new', face: icon('add'), choices: () => this.#newChoices() });
    const own = menuButton({
      label: `Account of ${chat.me.username}`,
      className: 'me',
      face: this.me,
      speaks: true,
      choices: () => this.#ownChoices(),
    });
    this.#drawMe();
    chat.presences.want([chat.me.id]);
    return h('header', {}, own, add);
  }

  /** How others see me: all my devices together. */
  #drawMe() {
    const { me, presences } = this.chat;
    const status = presenceWords(presences.of(me.id));
    this.me.replaceChildren(
      portrait(me, presences.of(me.id)),
      hidden('Account of '),
      h('strong', {}, me.username),
      hidden(status && `, ${status}`),
    );
  }

  #ownChoices() {
    const { presences } = this.chat;
    /** @type {import('../drawing/menu.js').Choice[]} */
    const choices = [
      { label: 'Show me as online', icon: 'person', run: () => presences.say('online') },
      { label: 'Show me as away', icon: 'clock', run: () => presences.say('away') },
      { label: 'Show me as busy', icon: 'ban', run: () => presences.say('busy') },
      { label: 'Your account', icon: 'settings', run: () => openAccount(this.chat) },
    ];
    const { role } = this.chat.me;
    if (role === 'moderator' || role === 'admin')
      choices.push({ label: 'Moderation', icon: 'shield', run: () => openModeration(this.chat) });
    if (!this.#isLeaving) choices.push({ label: 'Log out', icon: 'door', run: () => this.#logout() });
    return choices;
  }

  #newChoices() {
    const { chat } = this;
    /** @type {import('../drawing/menu.js').Choice[]} */
    const choices = [
      { label: 'New room', icon: 'chat', run: () => openNewRoom(chat) },
      {
        label: 'Message somebody',
        icon: 'person',
        run: () =>
          openPeople(chat, { title: 'Message somebody', action: 'Message', run: (person) => chat.talkTo(person) }),
      },
      { label: 'Discover rooms', icon: 'compass', run: () => openDiscover(chat) },
    ];
    return choices;
  }

  #logout() {
    const { account, outbox } = this.chat;
    const leave = async () => {
      // A server that is slow to answer is waited for.
      this.#isLeaving = true;
      this.leaving.textContent = 'Logging out…';
      try {
        await outbox.clear();
        await account.logout();
      } finally {
        this.#isLeaving = false;
        this.leaving.textContent = '';
      }
    };
    if (!outbox.size) {
      leave().catch((error) => this.chat.toasts.show(inWords(error), 'error'));
      return;
    }
    confirm({
      title: 'Log out?',
      text: `${outbox.size === 1 ? 'A message is' : `${outbox.size} messages are`} not sent yet and would be lost.`,
      action: 'Log out',
      run: leave,
    });
  }

  /** Put the focus on the filter. */
  search() {
    this.filter.focus();
    this.filter.select();
  }

  /**
   * Put the focus on a room, after it was left.
   * @param {string} room
   */
  focus(room) {
    /** @type {HTMLElement | null} */ (this.rows.querySelector(`[data-focus="${CSS.escape(room)}"]`))?.focus();
  }

  draw() {
    const { store } = this.chat;
    const words = this.filter.value.trim().toLowerCase();
    const rooms = store.rooms.filter((room) => roomName(room, store.me.id).toLowerCase().includes(words));
    this.previews.want(rooms);
    this.chat.presences.want(rooms.flatMap((room) => room.peer?.id ?? []));
    const here = this.chat.shell?.here;
    keyed(this.rows, rooms, {
      key: (room) => room.id,
      look: (room) => this.#look(room, here === room.id),
      make: (room) => this.#row(room, here === room.id),
    });
    if (!store.isReady) this.state.textContent = 'Loading your rooms…';
    else if (rooms.length) this.state.textContent = '';
    else
      this.state.textContent = words
        ? 'No room has that name.'
        : 'You are in no room yet. Make one with +, or discover those that exist.';
  }

  /**
   * @param {Room} room
   * @param {boolean} isHere
   */
  #look(room, isHere) {
    const { people, me } = this.chat.store;
    const { shownLast: last } = room;
    const words = last ? `${previewWords(last, people, me.id, room)} ${shortTime(last.created_at)}` : '';
    const presence = this.chat.presences.of(room.peer?.id)?.status;
    const missed = this.chat.callViews.missed.has(room);
    const isQuiet = this.chat.store.isQuiet(room.id);
    return [roomName(room, me.id), room.kind, room.unread, isHere, words, presence, missed, isQuiet].join('\n');
  }

  /**
   * @param {Room} room
   * @param {boolean} isHere
   */
  #row(room, isHere) {
    const { people, me } = this.chat.store;
    const { shownLast: last, unread } = room;
    const isQuiet = this.chat.store.isQuiet(room.id);
    const words = last ? previewWords(last, people, me.id, room) : room.description;
    const presence = this.chat.presences.of(room.peer?.id);
    const missed = this.chat.callViews.missed.has(room);
    return h(
      'li',
      {},
      h(
        'a',
        {
          href: `#/r/${room.id}`,
          class: ['room', (missed || (unread && !isQuiet)) && 'unread', isQuiet && 'muted'].filter(Boolean).join(' '),
          'aria-current': isHere && 'page',
          'data-focus': room.id,
        },
        roomAvatar(room, me.id, presence),
        h('span', { class: 'name', dir: 'auto' }, roomName(room, me.id)),
        presence && presence.status !== 'offline' && hidden(`, ${presenceWords(presence)}, `),
        last && h('time', { datetime: last.created_at }, shortTime(last.created_at)),
        h('span', { class: 'preview', dir: 'auto' }, words),
        isQuiet && h('span', { class: 'quiet-mark' }, icon('bellOff'), hidden(' muted')),
        missed && h('span', { class: 'missed-mark' }, icon('phoneMissed'), hidden(' missed call')),
        unread > 0 &&
          h(
            'span',
            { class: 'badge' },
            unread > 99 ? '99+' : unread,
            hidden(unread === 1 ? ' unread message' : ' unread messages'),
          ),
      ),
    );
  }

  /** @param {KeyboardEvent} event */
  #filterKey(event) {
    if (event.key === 'ArrowDown') this.#move(event, 0);
    if (event.key === 'Escape' && this.filter.value) {
      this.filter.value = '';
      this.draw();
    }
    if (event.key === 'Enter') this.rows.querySelector('a')?.click();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const links = [...this.rows.querySelectorAll('a')];
    const at = links.indexOf(/** @type {HTMLAnchorElement} */ (document.activeElement));
    /** @type {Record<string, number>} */
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: links.length - 1 };
    const to = moves[event.key];
    if (to !== undefined) this.#move(event, to);
  }

  /**
   * @param {KeyboardEvent} event
   * @param {number} to
   */
  #move(event, to) {
    event.preventDefault();
    if (to < 0) this.filter.focus();
    else this.rows.querySelectorAll('a')[to]?.focus();
  }
}
