import { may } from '../../state/room.js';
import { openEmojis } from '../dialogs/emojis.js';
import { h } from '../drawing/dom.js';
import { QUICK } from '../drawing/emoji.js';
import { icon } from '../drawing/icons.js';
import { menuButton } from '../drawing/menu.js';
import { openReport } from '../forum/posts/report.js';
import { rowOf } from './reach.js';

/** @import { Choice } from '../drawing/menu.js' */
/** @import { Icon } from '../drawing/icons.js' */
/** @import { Item } from '../../types.js' */
/** @import { Messages } from './messages.js' */

/** The tools of the message that is pointed at, or has the focus: one set for all, moved to where it is wanted. */
export class Actions {
  /** @type {Item | null} */
  #item = null;
  /** @type {HTMLElement | null} */
  #row = null;

  /** @param {Messages} list */
  constructor(list) {
    this.messages = list;
    this.element = h('div', { class: 'tools', role: 'toolbar', 'aria-label': 'Message actions' });
    list.list.addEventListener('pointerover', (event) => {
      if (event.pointerType === 'mouse') this.#at(event, false);
    });
    list.list.addEventListener('focusin', (event) => this.#at(event, true));
    list.list.addEventListener('pointerleave', () => {
      if (!this.#row?.contains(document.activeElement)) this.#detach();
    });
  }

  /** Go into the tools of the row that has the focus. */
  focus() {
    if (this.element.isConnected) /** @type {HTMLElement | null} */ (this.element.querySelector('button'))?.focus();
  }

  /**
   * @param {Event} event
   * @param {boolean} isFocus
   */
  #at(event, isFocus) {
    const row = rowOf(event);
    if (!row || (row === this.#row && this.element.parentElement)) return;
    // Where the keyboard is in the tools, a mouse that happens to lie there does not take them away.
    if (!isFocus && this.element.querySelector(':focus-visible')) return;
    const { timeline } = this.messages.room;
    const item = timeline.items[timeline.placeOf(Number(row.dataset.seq ?? NaN))];
    this.#detach();
    if (!item || item.kind !== 'text' || item.deleted || !row.dataset.seq) return;
    this.#item = item;
    this.#row = row;
    this.#draw(item);
    row.querySelector('.bubble')?.after(this.element);
  }

  /**
   * A row is drawn anew: where the tools were in it, they go along.
   * @param {HTMLElement} row
   * @param {Item | null} item
   */
  follow(row, item) {
    if (!this.#row || this.#row.dataset.key !== row.dataset.key) return;
    this.#row = row;
    if (item && !item.deleted) row.querySelector('.bubble')?.after(this.element);
    else this.#detach();
  }

  #detach() {
    this.#row = null;
    this.element.remove();
  }

  /** @param {Item} item */
  #draw(item) {
    const { messages } = this;
    const isMine = messages.chat.isMe(item.author?.id);
    const tools = [
      ...QUICK.map(([emoji, name]) =>
        h(
          'button',
          {
            type: 'button',
            class: 'quick',
            'data-focus': `tool ${name}`,
            'aria-label': `React with ${name}`,
            title: name,
            onclick: () => this.#react(emoji),
          },
          emoji,
        ),
      ),
      this.#tool('smile', 'React…', () => openEmojis('React', (emoji) => this.#react(emoji))),
      this.#tool('reply', 'Reply', () => messages.composer.reply(this.#now())),
    ];
    if (isMine) tools.push(this.#tool('edit', 'Edit', () => messages.composer.edit(this.#now())));
    if (isMine || may(messages.room, 'delete_messages'))
      tools.push(this.#tool('trash', 'Delete…', () => messages.remove(this.#now())));
    /** @type {Choice[]} */
    const more = [{ label: 'Delete for me', icon: 'eye', run: () => messages.hide(this.#now()) }];
    const { id, room } = item;
    if (!isMine)
      more.push({ label: 'Report…', icon: 'flag', run: () => openReport(messages.chat, 'message', id, { room }) });
    tools.push(
      menuButton({ label: 'More…', className: '', focus: 'tool More…', face: icon('more'), choices: () => more }),
    );
    this.element.replaceChildren(...tools);
  }

  /**
   * @param {Icon} face
   * @param {string} label
   * @param {() => void} run
   */
  #tool(face, label, run) {
    return h(
      'button',
      { type: 'button', 'data-focus': `tool ${label}`, 'aria-label': label, title: label, onclick: run },
      icon(face),
    );
  }

  /** The item as it is by now. */
  #now() {
    const item = /** @type {Item} */ (this.#item);
    return this.messages.room.timeline.get(item.id) ?? item;
  }

  /** @param {string} emoji */
  #react(emoji) {
    const item = this.#now();
    const mine = item.reactions?.find((reaction) => reaction.emoji === emoji)?.users.includes(this.messages.chat.me.id);
    this.messages.react(item, emoji, !mine);
  }
}
