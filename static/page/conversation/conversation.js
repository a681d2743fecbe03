import { may } from '../../state/room.js';
import { callButtons, callChoices, headLook } from '../calls/heading.js';
import { blockChoice } from '../dialogs/block.js';
import { confirm } from '../dialogs/confirm.js';
import { openDetails } from '../dialogs/details.js';
import { roomAvatar } from '../drawing/avatar.js';
import { iconButton } from '../drawing/button.js';
import { focusIn, giveFocus, h, once } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { menuButton } from '../drawing/menu.js';
import { presenceWords, roomName } from '../drawing/words.js';
import { stanceChoices } from '../forum/notices/stance.js';
import { doorWords, openDoor } from '../rooms/door.js';
import { toTopic } from '../routes.js';
import { Composer } from './composer.js';
import { Messages } from './messages.js';

/** @import { Chat } from '../chat.js' */
/** @import { Choice } from '../drawing/menu.js' */
/** @import { Room } from '../../state/room.js' */

/** A mouse or a trackpad: opening a room may put the cursor into the text at once, no keyboard slides in. */
const HAS_POINTER = matchMedia('(pointer: fine)');
const NAMED_TYPISTS = 2;

/** One open room: its head, its messages, who writes, and where to write. */
export class Conversation {
  /** @type {(() => void)[]} */
  #endings = [];

  /**
   * @param {Chat} chat
   * @param {Room} room
   */
  constructor(chat, room) {
    this.chat = chat;
    this.room = room;
    this.head = h('header', { class: 'head' });
    this.typing = h('p', { class: 'typing', 'aria-live': 'off' });
    this.composer = new Composer(chat, room, {
      lastOfMine: () => this.messages.lastOfMine,
      sent: () => this.messages.toNewest(),
      browse: () => this.messages.reach.focus(),
    });
    this.messages = new Messages(chat, room, {
      edit: (item) => this.composer.edit(item),
      reply: (item) => this.composer.reply(item),
      write: () => this.composer.focus(),
    });
    this.element = h(
      'section',
      { class: 'conversation', 'aria-label': 'Conversation' },
      this.head,
      this.messages.element,
      this.typing,
      this.composer.element,
    );
    const drawHeader = once(() => this.drawHeader());
    const drawTyping = once(() => this.#drawTyping());
    this.#endings = [
      room.changed.listen(drawHeader),
      room.typingChanged.listen(drawTyping),
      chat.presences.changed.listen(drawHeader),
      chat.calls.changed.listen(drawHeader),
      chat.blocks.changed.listen(drawHeader),
      chat.forum.back.listen(() => this.#loadBeside()),
    ];
    this.#drawTyping();
  }

  /** It is in the document now. */
  opened() {
    if (this.chat.connection.isLive) this.#loadBeside();
    this.messages.load();
    this.focus();
  }

  close() {
    for (const end of this.#endings) end();
    this.composer.close();
    this.messages.close();
  }

  /**
   * Show the call that goes on here, above the messages.
   * @param {HTMLElement} stage
   */
  host(stage) {
    this.head.after(stage);
  }

  focus() {
    if (HAS_POINTER.matches) this.composer.focus();
    else this.head.querySelector('h1')?.focus();
  }

  /** What is told beside the messages; after each loss of the connection again, as it may have changed meanwhile. */
  #loadBeside() {
    const { chat, room } = this;
    this.#loadHidden();
    if (room.kind === 'direct') this.#loadReads();
    chat.forum.loadStance(room.id);
  }

  /** What I deleted here for myself. */
  async #loadHidden() {
    const { chat, room } = this;
    try {
      let cursor;
      do {
        const asked = { room: room.id, limit: 500, cursor };
        const hidden = await chat.connection.request('message.hidden', asked);
        room.hideAll(hidden);
        cursor = hidden.next;
      } while (cursor);
    } catch {
      // It is asked again when we are back, or the room is next opened.
    }
  }

  /** How far the other one has read. */
  async #loadReads() {
    try {
      const { items } = await this.chat.connection.request('room.members', { room: this.room.id });
      for (const { user, read } of items)
        this.room.reads.set(user.id, Math.max(read, this.room.reads.get(user.id) ?? 0));
      this.room.changed.fire();
    } catch {
      // The events of reading will tell, and it is asked again when we are back.
    }
  }

  #look = '';

  drawHeader() {
    const { room, chat } = this;
    const name = roomName(room, chat.me.id);
    const members = `${room.memberCount} ${room.memberCount === 1 ? 'member' : 'members'}`;
    const presence = chat.presences.of(room.peer?.id);
    const about =
      room.kind === 'direct'
        ? presenceWords(presence) || 'Direct conversation'
        : [members, room.description].filter(Boolean).join(' · ');
    const hasMembers = chat.shell?.hasMembers ?? false;
    const look = [name, about, hasMembers, room.role, room.kind, presence?.status, headLook(chat, room)].join('\n');
    if (look === this.#look) return;
    this.#look = look;
    const focus = focusIn(this.head);
    const back = iconButton('back', 'Back to all rooms', () => chat.shell.back(), {
      class: 'quiet back',
      'data-focus': 'back',
    });
    const people = iconButton('people', 'Members', () => chat.shell.toggleMembers(), {
      'aria-pressed': String(hasMembers),
      'data-focus': 'people',
    });
    const more = menuButton({
      label: 'Room actions',
      focus: 'more',
      face: icon('more'),
      choices: () => this.#choices(),
    });
    const topic = room.kind === 'topic' ? room.id : room.place;
    this.head.replaceChildren(
      back,
      roomAvatar(room, chat.me.id, presence),
      h('div', { class: 'title' }, h('h1', { tabindex: '-1', dir: 'auto' }, name), h('p', { dir: 'auto' }, about)),
      ...callButtons(chat, room),
      ...(topic ? [topicLink(topic, room.kind === 'topic')] : []),
      people,
      more,
    );
    if (focus) giveFocus(this.head, focus);
  }

  /** @returns {Choice[]} */
  #choices() {
    const { chat, room } = this;
    const calls = callChoices(chat, room);
    /** @type {Choice[]} */
    const own = [
      ...stanceChoices(chat, room.id, ['mute']),
      { label: 'Clear for me…', icon: 'eye', run: () => this.#clear() },
    ];
    if (room.kind === 'direct') {
      const isOther = room.peer && room.peer.id !== chat.me.id;
      return [...calls, ...own, ...(isOther && room.peer ? [blockChoice(chat, room.peer)] : [])];
    }
    /** @type {Choice[]} */
    const choices = [];
    if (may(room, 'edit_topic') && room.kind !== 'topic')
      choices.push({ label: 'Room details…', icon: 'settings', run: () => openDetails(chat, room) });
    const door = doorWords(room);
    if (door) choices.push({ label: `${door}…`, icon: 'shield', run: () => openDoor(chat, room) });
    choices.push(...calls, ...own);
    // A topic is left where all of it is seen.
    if (room.kind === 'topic') return choices;
    choices.push({ label: 'Leave room…', icon: 'door', isDangerous: true, run: () => this.#leave() });
    if (room.role === 'owner')
      choices.push({ label: 'Delete room…', icon: 'trash', isDangerous: true, run: () => this.#delete() });
    return choices;
  }

  #leave() {
    const { chat, room } = this;
    const name = roomName(room, chat.me.id);
    if (room.role === 'owner' && room.memberCount > 1) {
      chat.toasts.show('You own this room: make somebody else the owner first, in the list of members.');
      return;
    }
    confirm({
      title: `Leave ${name}?`,
      text:
        room.kind === 'public' ? 'You can join again at any time.' : 'You can come back only when somebody adds you.',
      action: 'Leave',
      run: async () => {
        await chat.connection.request('room.leave', { room: room.id });
        chat.shell.back();
      },
    });
  }

  #clear() {
    const { chat, room } = this;
    confirm({
      title: 'Clear this conversation for you?',
      text: 'You see no more what was said up to now. Others are not told, and see it as before.',
      action: 'Clear',
      run: async () => {
        const { cleared } = await chat.connection.request('message.clear', { room: room.id });
        room.hide(null, cleared, true);
      },
    });
  }

  #delete() {
    const { chat, room } = this;
    confirm({
      title: `Delete ${roomName(room, chat.me.id)}?`,
      text: 'The room and all its messages are gone for everybody, for good.',
      action: 'Delete room',
      run: () => chat.account.call('DELETE', `rooms/${room.id}`),
    });
  }

  #drawTyping() {
    const names = [...this.room.typing.values()].map(({ person }) => person.username);
    let words = '';
    if (names.length === 1) words = `${names[0]} is typing…`;
    else if (names.length > 1 && names.length <= NAMED_TYPISTS) words = `${names.join(' and ')} are typing…`;
    else if (names.length) words = 'Several people are typing…';
    this.typing.textContent = words;
    this.typing.classList.toggle('active', words !== '');
  }
}

/**
 * The way from a topic's chat, or from a room in it, to its posts.
 * @param {string} topic
 * @param {boolean} isChat
 */
function topicLink(topic, isChat) {
  const words = isChat ? 'Posts of this topic' : 'The topic of this room';
  return h(
    'a',
    { class: 'quiet', href: toTopic(topic), 'aria-label': words, title: words, 'data-focus': 'topic' },
    icon('feed'),
  );
}
