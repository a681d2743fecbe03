import { callLook } from '../calls/line.js';
import { placeIn } from '../../state/timeline.js';
import { dayOf, dayWords } from '../drawing/time.js';

/** @import { Chat } from '../chat.js' */
/** @import { Item, Pending } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */
/** @import { Quotes } from './quotes.js' */

/** Messages of one person within this time are one group. */
const GROUP_MS = 5 * 60_000;
/** Messages on their way stand behind all items. */
const PENDING = 2 ** 52;

/**
 * One row of a conversation: an item, or a message on its way.
 * @typedef {object} Row
 * @property {string} key  stays the same from writing to the server's answer
 * @property {number} place
 * @property {Item | null} item
 * @property {Pending | null} pending
 * @property {boolean} isMine
 * @property {boolean} isFirst  of a group
 * @property {string} day  said above the first one of a day
 * @property {boolean} isUnreadHere  the line between read and unread is above
 * @property {boolean} isSeen  the other one of a direct conversation has read it
 * @property {boolean} isOpen  a long one that is shown whole
 * @property {string} look  changes when the row has to be drawn anew
 */

/** The rows of one room, in order: its loaded items, and the messages on their way behind them. */
export class Rows {
  /** Items above this seq were unread when the room was opened; the line stays while it is looked at. */
  unreadAfter = Infinity;
  /** Long messages that are shown whole. @type {Set<string>} */
  opened = new Set();
  /** @type {Pending[]} */
  #pending = [];

  /**
   * @param {Chat} chat
   * @param {Room} room
   * @param {Quotes} quotes
   */
  constructor(chat, room, quotes) {
    this.chat = chat;
    this.room = room;
    this.quotes = quotes;
    this.timeline = room.timeline;
    this.refresh();
  }

  /** What is shown of what is loaded: all that I did not delete for myself. @type {Item[]} */
  #items = [];

  /** Look again at what is loaded, and on its way. */
  refresh() {
    const me = this.chat.me.id;
    const { items } = this.timeline;
    const isWhole = !this.room.hidden.size && !this.room.cleared;
    this.#items = isWhole ? items : items.filter((item) => !this.room.isHidden(item));
    this.#pending = this.chat.outbox.of(this.room.id).filter((entry) => !this.timeline.has(me, entry.cid));
  }

  get atEnd() {
    return this.timeline.atEnd || !this.timeline.isLoaded;
  }

  get length() {
    return this.#items.length + (this.atEnd ? this.#pending.length : 0);
  }

  loadOlder() {
    if (this.timeline.hasOlder && this.chat.connection.isLive) this.timeline.loadOlder().catch(() => undefined);
  }

  loadNewer() {
    if (this.chat.connection.isLive) this.timeline.loadNewer().catch(() => undefined);
  }

  /**
   * The place of the row at `index`: a seq, or a higher number for what is on its way.
   * @param {number} index
   */
  at(index) {
    const items = this.#items;
    return items[index]?.seq ?? PENDING + (this.#pending[index - items.length]?.n ?? 0);
  }

  /**
   * The index of the first row at `place` or behind it.
   * @param {number} place
   */
  placeOf(place) {
    const items = this.#items;
    if (place < PENDING) return placeIn(items, place);
    const index = this.#pending.findIndex((entry) => PENDING + entry.n >= place);
    return items.length + (index < 0 ? this.#pending.length : index);
  }

  /**
   * @param {number} from
   * @param {number} to
   * @returns {Row[]}
   */
  between(from, to) {
    const rows = [];
    for (let index = from; index < Math.min(to, this.length); index++) rows.push(this.#row(index));
    return rows;
  }

  /** @param {number} index */
  #source(index) {
    const items = this.#items;
    return { item: items[index] ?? null, pending: this.#pending[index - items.length] ?? null };
  }

  /**
   * @param {number} index
   * @returns {Row}
   */
  #row(index) {
    const me = this.chat.me.id;
    const { item, pending } = this.#source(index);
    const before = index > 0 ? this.#source(index - 1) : { item: null, pending: null };
    const at = item?.created_at ?? pending?.created_at ?? '';
    const beforeAt = before.item?.created_at ?? before.pending?.created_at;
    const isNewDay = beforeAt === undefined || dayOf(at) !== dayOf(beforeAt);
    const isMine = !item || this.chat.isMe(item.author?.id);
    const isUnreadHere = item !== null && item.seq > this.unreadAfter && (before.item?.seq ?? 0) <= this.unreadAfter;
    const author = item ? item.author?.id : me;
    const beforeAuthor = before.item ? before.item.author?.id : before.pending && me;
    const isNear = beforeAt !== undefined && Date.parse(at) - Date.parse(beforeAt) < GROUP_MS;
    const cid = item ? item.cid : /** @type {Pending} */ (pending).cid;
    /** @type {Omit<Row, 'look'>} */
    const row = {
      key: isMine && (!item || item.kind === 'text') ? `c ${cid}` : /** @type {Item} */ (item).id,
      place: this.at(index),
      item,
      pending,
      isMine,
      isFirst: isNewDay || isUnreadHere || author !== beforeAuthor || !isNear,
      day: isNewDay ? dayWords(at) : '',
      isUnreadHere,
      isSeen: isMine && item !== null && this.#isSeen(item),
      isOpen: this.opened.has(cid),
    };
    return { ...row, look: this.#look(row) };
  }

  /** @param {Item} item */
  #isSeen({ seq }) {
    const { peer, reads, kind } = this.room;
    return kind === 'direct' && peer !== null && (reads.get(peer.id) ?? 0) >= seq;
  }

  /** @param {Omit<Row, 'look'>} row */
  #look({ item, pending, isFirst, day, isUnreadHere, isSeen, isOpen }) {
    const quoted = this.quotes.look(item?.reply_to ?? pending?.reply_to ?? null);
    const names =
      item?.kind === 'notice' ? this.chat.store.people.name(item.user) + this.chat.store.people.name(item.by) : '';
    const call = item ? callLook(this.chat, this.room, item) : '';
    return [item?.rev ?? pending?.state, isFirst, day, isUnreadHere, isSeen, isOpen, quoted, names, call].join('|');
  }
}
