import { nameOf } from '../../state/people.js';
import { inWords } from '../../wire/refused.js';
import { blockChoice } from '../dialogs/block.js';
import { openEmojis } from '../dialogs/emojis.js';
import { iconButton } from '../drawing/button.js';
import { h } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';

/** @import { Chat } from '../chat.js' */
/** @import { Item } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */

const MOST_CHARACTERS = 4000;
/** From here on the number of characters left is shown. */
const NEAR = 3800;
const TYPING_EVERY_MS = 3000;

/** Where messages are written, answered and edited. */
export class Composer {
  /** @type {Item | null} */
  #replyTo = null;
  /** @type {Item | null} */
  #editing = null;
  #typedAt = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isBusy = false;
  #stop;

  /**
   * @param {Chat} chat
   * @param {Room} room
   * @param {{lastOfMine: () => Item | undefined, sent: () => void, browse: () => void}} list
   */
  constructor(chat, room, list) {
    this.chat = chat;
    this.room = room;
    this.list = list;
    this.input = h('textarea', {
      rows: '1',
      dir: 'auto',
      'aria-label': 'Message',
      placeholder: 'Write a message',
      'data-testid': 'composer',
      enterkeyhint: 'send',
    });
    this.about = h('div', { class: 'about', hidden: true });
    this.left = h('span', { class: 'left', role: 'status' });
    this.problem = h('p', { class: 'problem', role: 'alert' });
    const emoji = iconButton('smile', 'Insert an emoji', () => this.#emoji());
    this.send = h('button', { type: 'submit', class: 'send', 'aria-label': 'Send', title: 'Send' }, icon('send'));
    this.mask = iconButton('mask', 'Under another name', () => this.#switchName(), {
      'aria-pressed': String(chat.me.preferences?.anonymous ?? false),
    });
    this.box = h('div', { class: 'box' }, emoji, this.mask, this.input, this.left, this.send);
    this.blocked = h('p', { class: 'blocked', role: 'status', hidden: true });
    this.element = h('form', { class: 'composer' }, this.about, this.problem, this.blocked, this.box);
    const stops = [
      chat.blocks.changed.listen(() => this.#drawBlock()),
      chat.store.changed.listen(() => this.#drawMask()),
    ];
    this.#stop = () => stops.forEach((stop) => stop());
    this.#drawBlock();
    this.#drawMask();
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.input.addEventListener('input', () => this.#typed());
    this.input.addEventListener('keydown', (event) => this.#key(event));
    this.#fill(this.chat.drafts.get(room.id) ?? '');
  }

  close() {
    this.#stop();
    clearTimeout(this.#timer);
    if (!this.#editing && this.input.value) this.chat.drafts.set(this.room.id, this.input.value);
    else if (!this.#editing) this.chat.drafts.delete(this.room.id);
  }

  focus() {
    this.input.focus();
  }

  /** Another name is there where the topic permits it. */
  #drawMask() {
    this.mask.hidden = !this.chat.mayHide(this.room);
  }

  #switchName() {
    this.mask.setAttribute('aria-pressed', String(!this.isHiding));
    this.focus();
  }

  /** Whether I speak under another name here. */
  get isHiding() {
    return !this.mask.hidden && this.mask.getAttribute('aria-pressed') === 'true';
  }

  /** Whom one has blocked one does not write to either: the server would take nothing. */
  #drawBlock() {
    const { peer } = this.room;
    const isBlocked = this.room.kind === 'direct' && this.chat.blocks.has(peer?.id);
    this.box.hidden = isBlocked;
    this.blocked.hidden = !isBlocked;
    if (!isBlocked || !peer) return;
    const unblock = blockChoice(this.chat, peer).run;
    this.blocked.replaceChildren(
      `You have blocked ${peer.username}. `,
      h('button', { type: 'button', class: 'link', onclick: unblock }, 'Unblock'),
    );
  }

  /** @param {Item} item */
  edit(item) {
    if (!this.#editing && this.input.value) this.chat.drafts.set(this.room.id, this.input.value);
    this.#replyTo = null;
    this.#editing = item;
    this.#fill(item.text ?? '');
    this.#about('Editing your message', '');
    this.focus();
  }

  /** @param {Item} item */
  reply(item) {
    if (this.#editing) this.#cancel();
    this.#replyTo = item;
    this.#about(`Replying to ${item.author ? nameOf(item.author) : 'somebody'}`, (item.text ?? '').slice(0, 160));
    this.focus();
  }

  /**
   * @param {string} title
   * @param {string} words
   */
  #about(title, words) {
    const cancel = iconButton('close', 'Cancel', () => this.#cancel());
    this.about.replaceChildren(
      icon(this.#editing ? 'edit' : 'reply'),
      h('div', {}, h('strong', {}, title), h('span', { dir: 'auto' }, words)),
      cancel,
    );
    this.about.hidden = false;
    this.send.setAttribute('aria-label', this.#editing ? 'Save' : 'Send');
    this.send.replaceChildren(icon(this.#editing ? 'check' : 'send'));
  }

  #cancel() {
    const wasEditing = this.#editing !== null;
    this.#editing = null;
    this.#replyTo = null;
    this.about.hidden = true;
    this.problem.textContent = '';
    this.send.setAttribute('aria-label', 'Send');
    this.send.replaceChildren(icon('send'));
    if (wasEditing) this.#fill(this.chat.drafts.get(this.room.id) ?? '');
    this.focus();
  }

  /** @param {string} text */
  #fill(text) {
    this.input.value = text;
    this.#count();
  }

  #count() {
    // Grown by style where the browser can (field-sizing), by hand elsewhere.
    if (!CSS.supports('field-sizing', 'content')) {
      this.input.style.height = 'auto';
      this.input.style.height = `${this.input.scrollHeight}px`;
    }
    const length = this.input.value.length > NEAR ? [...this.input.value].length : 0;
    this.left.textContent = length > NEAR ? String(MOST_CHARACTERS - length) : '';
    this.left.classList.toggle('over', length > MOST_CHARACTERS);
    this.send.disabled = length > MOST_CHARACTERS || !this.input.value.trim();
  }

  #typed() {
    this.#count();
    this.problem.textContent = '';
    const wait = this.#typedAt + TYPING_EVERY_MS - Date.now();
    if (!this.input.value || this.#editing || this.#timer) return;
    this.#timer = setTimeout(() => this.#tell(), Math.max(0, wait));
  }

  /** Tell the others that I write, if I still do. The server passes on one such word in three seconds. */
  #tell() {
    this.#timer = undefined;
    if (!this.input.value || this.#editing) return;
    this.#typedAt = Date.now();
    const d = { room: this.room.id, ...(this.isHiding && { anonymous: true }) };
    this.chat.connection.request('room.typing', d).catch(() => undefined);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === 'ArrowUp' && !this.input.value && !this.#editing) {
      const item = this.list.lastOfMine();
      if (!item) return;
      event.preventDefault();
      this.edit(item);
    } else if (event.key === 'Escape' && !this.about.hidden) {
      event.stopPropagation();
      this.#cancel();
    } else if (event.key === 'PageUp' && !this.input.value) {
      event.preventDefault();
      this.list.browse();
    }
  }

  #emoji() {
    openEmojis('Insert an emoji', (emoji) => {
      this.focus();
      const { selectionStart: from, selectionEnd: to } = this.input;
      this.input.setRangeText(emoji, from, to, 'end');
      this.#typed();
    });
  }

  async #submit() {
    const text = this.input.value;
    if (!text.trim() || [...text].length > MOST_CHARACTERS || this.#isBusy) return;
    if (!this.#editing) return this.#put(text);
    this.#isBusy = true;
    try {
      await this.#save(this.#editing, text);
    } catch (error) {
      this.problem.textContent = inWords(error);
    } finally {
      this.#isBusy = false;
    }
  }

  /** @param {string} text */
  async #put(text) {
    const reply_to = this.#replyTo?.id ?? null;
    this.chat.drafts.delete(this.room.id);
    this.#fill('');
    if (this.#replyTo) this.#cancel();
    try {
      await this.chat.outbox.add({ room: this.room.id, text, reply_to, anonymous: this.isHiding });
      this.list.sent();
    } catch {
      this.#fill(this.input.value ? `${text}\n${this.input.value}` : text);
      this.problem.textContent = 'This browser could not keep the message. Is its storage full?';
    }
  }

  /**
   * @param {Item} item
   * @param {string} text
   */
  async #save(item, text) {
    if (text !== item.text) {
      this.room.timeline.take(
        await this.chat.connection.request('message.edit', { room: item.room, message: item.id, text }),
      );
    }
    this.#cancel();
  }
}
