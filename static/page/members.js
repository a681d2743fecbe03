import { may } from '../state/room.js';
import { inWords } from '../wire/refused.js';
import { blockChoice } from './dialogs/block.js';
import { confirm } from './dialogs/confirm.js';
import { openPeople } from './dialogs/people.js';
import { portrait } from './drawing/avatar.js';
import { iconButton } from './drawing/button.js';
import { h, keyed, once } from './drawing/dom.js';
import { icon } from './drawing/icons.js';
import { menuButton } from './drawing/menu.js';
import { searchBox } from './drawing/searchbox.js';
import { presenceWords } from './drawing/words.js';
import { openBan, openModerator } from './forum/topics/moderators.js';
import { doorWords, openDoor } from './rooms/door.js';
import { toPerson } from './routes.js';

/** @import { Chat } from './chat.js' */
/** @import { Room } from '../state/room.js' */
/** @import { MemberData, Role } from '../types.js' */
/** @import { Choice } from './drawing/menu.js' */

const PAUSE_MS = 300;
/** In larger rooms the server counts who is there, and tells of nobody by name. */
const LARGE = 200;
const ORDER = { owner: 0, moderator: 1, member: 2 };
const BADGES = /** @type {const} */ ({ owner: 'Owner', moderator: 'Moderator' });

/** Who is in a room, and what I may do with them. */
export class Members {
  /** @type {MemberData[]} */
  #members = [];
  /** @type {string | null} */
  #next = null;
  /** How many are there, in a large room. @type {number | null} */
  #online = null;
  #turn = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {(() => void)[]} */
  #endings = [];

  /**
   * @param {Chat} chat
   * @param {Room} room
   * @param {{isOnPage?: boolean}} [how]  whether it stands on a page of its own
   */
  constructor(chat, room, { isOnPage = false } = {}) {
    this.chat = chat;
    this.room = room;
    this.title = h('h2', { tabindex: '-1' });
    const { input, box } = searchBox('Search members');
    this.input = input;
    this.input.addEventListener('input', () => this.#later());
    this.list = h('ul', { class: 'members' });
    this.state = h('p', { class: 'empty', role: 'status' });
    this.more = h(
      'button',
      { type: 'button', class: 'plain', hidden: true, onclick: () => this.#load(this.#next) },
      'Show more',
    );
    this.add = iconButton('add', 'Add people', () => this.#add());
    this.door = iconButton('shield', '', () => openDoor(chat, room));
    const close = iconButton('close', 'Close members', () => chat.shell.toggleMembers());
    this.element = h(
      'div',
      { class: 'pane' },
      h('header', {}, this.title, this.add, this.door, !isOnPage && close),
      box,
      h('div', { class: 'scroll' }, this.list, this.state, this.more),
    );
    const draw = once(() => this.#draw());
    this.#endings = [
      room.changed.listen(draw),
      room.membersChanged.listen(() => this.#later()),
      chat.presences.changed.listen(draw),
      chat.connection.changed.listen((phase) => {
        if (phase === 'live') this.#load(null);
      }),
    ];
    this.#draw();
    this.#load(null);
  }

  close() {
    clearTimeout(this.#timer);
    for (const end of this.#endings) end();
  }

  focus() {
    this.title.focus();
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#load(null), PAUSE_MS);
  }

  /** @param {string | null} cursor */
  async #load(cursor) {
    const turn = ++this.#turn;
    const { chat, room } = this;
    const q = this.input.value.trim();
    try {
      const d = { room: room.id, limit: 100, ...(q && { q }), ...(cursor && { cursor }) };
      const page = await chat.connection.request('room.members', d);
      if (turn !== this.#turn) return;
      this.#members = cursor ? [...this.#members, ...page.items] : page.items;
      this.#next = page.next;
      for (const { user, read } of this.#members) {
        chat.store.people.meet(user);
        room.reads.set(user.id, Math.max(read ?? 0, room.reads.get(user.id) ?? 0));
      }
      this.state.textContent = this.#members.length ? '' : 'Nobody here has that name.';
      // Events of how many there are come later, and not each.
      if (!q && !this.#next) room.describe({ member_count: this.#members.length });
      if (room.memberCount <= LARGE) chat.presences.want(this.#members.map(({ user }) => user.id));
      else this.#count();
      this.#draw();
    } catch (error) {
      if (turn === this.#turn) this.state.textContent = this.#members.length ? '' : inWords(error);
    }
  }

  async #count() {
    try {
      this.#online = (await this.chat.connection.request('room.presence', { room: this.room.id })).online;
      this.#draw();
    } catch {
      // A number less: it is asked for again with the next page of members.
    }
  }

  #draw() {
    const { room, chat } = this;
    const online = this.#online === null ? '' : `, ${this.#online} online`;
    this.title.textContent = `Members · ${room.memberCount}${online}`;
    this.add.hidden = room.kind === 'direct' || !may(room, 'invite');
    const door = room.kind === 'direct' ? '' : doorWords(room);
    this.door.hidden = !door;
    this.door.title = door;
    this.door.setAttribute('aria-label', door);
    this.more.hidden = !this.#next;
    const sorted = [...this.#members].sort(
      (a, b) => ORDER[a.role] - ORDER[b.role] || a.user.username.localeCompare(b.user.username),
    );
    keyed(this.list, sorted, {
      key: ({ user }) => user.id,
      look: ({ user, role, permissions }) =>
        [user.username, role, permissions ?? '*', room.role, room.kind, presenceWords(chat.presences.of(user.id))].join(
          '\n',
        ),
      make: (member) => this.#row(member, member.user.id === chat.me.id),
    });
  }

  /**
   * @param {MemberData} member
   * @param {boolean} isMe
   */
  #row(member, isMe) {
    const { user, role } = member;
    const presence = this.chat.presences.of(user.id);
    const words = presenceWords(presence);
    return h(
      'li',
      {},
      portrait(user, presence),
      h(
        'span',
        { class: 'name' },
        user.username,
        isMe && h('small', {}, ' (you)'),
        words && h('small', { class: 'presence' }, words),
      ),
      role !== 'member' && this.room.kind !== 'direct' && h('span', { class: `role ${role}` }, BADGES[role]),
      !isMe &&
        menuButton({
          label: `Actions for ${user.username}`,
          focus: 'actions',
          face: icon('more'),
          choices: () => this.#choices(member),
        }),
    );
  }

  /**
   * @param {MemberData} member
   * @returns {Choice[]}
   */
  #choices({ user, role, permissions }) {
    const { chat, room } = this;
    /** @type {Choice[]} */
    const choices = [
      { label: 'Profile', icon: 'person', run: () => (location.hash = toPerson(user.id)) },
      { label: 'Message', icon: 'chat', run: () => this.#try(() => chat.talkTo(user)) },
    ];
    choices.push(blockChoice(chat, user));
    if (room.kind === 'direct') return choices;
    if (room.role === 'owner') {
      /** @type {Role} */
      const other = role === 'moderator' ? 'member' : 'moderator';
      choices.push({
        label: `Make ${other}`,
        icon: 'shield',
        run: () =>
          room.kind === 'topic' && other === 'moderator'
            ? openModerator(chat, room, user, { done: () => this.#later() })
            : this.#try(() => this.#setRole(user.id, other)),
      });
      if (role === 'moderator')
        choices.push({
          label: 'Permissions…',
          icon: 'settings',
          run: () => openModerator(chat, room, user, { permissions, done: () => this.#later() }),
        });
      choices.push({ label: 'Make owner…', icon: 'crown', run: () => this.#handOver(user) });
    }
    const isBelow = may(room, 'ban_users') && room.role !== null && ORDER[role] > ORDER[room.role];
    if (isBelow) {
      choices.push({ label: 'Remove from room…', icon: 'door', isDangerous: true, run: () => this.#remove(user) });
      choices.push({
        label: 'Ban from room…',
        icon: 'ban',
        isDangerous: true,
        run: () => openBan(chat, room.id, user),
      });
    }
    return choices;
  }

  /**
   * @param {string} user
   * @param {Role} role
   */
  async #setRole(user, role) {
    await this.chat.connection.request('room.role', { room: this.room.id, user, role });
    this.#later();
  }

  /** @param {import('../types.js').Person} user */
  #handOver(user) {
    confirm({
      title: `Make ${user.username} the owner?`,
      text: 'A room has one owner. You become a moderator, and only the new owner can give it back.',
      action: 'Hand over',
      run: () => this.#setRole(user.id, 'owner'),
    });
  }

  /** @param {import('../types.js').Person} user */
  #remove(user) {
    confirm({
      title: `Remove ${user.username}?`,
      text:
        this.room.kind === 'public'
          ? 'They may join again: the room is public.'
          : 'They can come back only when somebody adds them.',
      action: 'Remove',
      run: () => this.chat.connection.request('room.remove', { room: this.room.id, user: user.id }),
    });
  }

  #add() {
    const { chat, room } = this;
    openPeople(chat, {
      title: 'Add people',
      action: 'Add',
      run: async (person) => {
        await chat.connection.request('room.add', { room: room.id, user: person.id });
        chat.toasts.show(`${person.username} was added.`);
      },
    });
  }

  /** @param {() => Promise<unknown>} work */
  async #try(work) {
    try {
      await work();
    } catch (error) {
      this.chat.toasts.show(inWords(error), 'error');
    }
  }
}
