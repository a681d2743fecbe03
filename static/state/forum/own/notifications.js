import { Signal } from '../../../signal.js';

/** @import { Item } from '../../../types.js' */
/** @import { Notification } from '../types.js' */

/** What stands among them beside items of their own kind. */
const NOTICES = new Set(['missed_call', 'warned']);

/**
 * Whether an item of one's own stream is something that one is told of.
 * @param {{kind: string, type?: string}} item
 */
export function isNotification({ kind, type = '' }) {
  return kind === 'notification' || (kind === 'notice' && NOTICES.has(type));
}

/**
 * A notice of one's own stream in the shape of the others.
 * @param {any} item
 * @returns {Notification}
 */
function shaped(item) {
  if (item.kind === 'notification') return item;
  const by = item.by ? [{ id: item.by, username: '' }] : [];
  return { ...item, people: by, count: 1, place: item.target, post: null, item: null, text: '', seen: false };
}

/** What I am told of, the latest first, and how much of it is unread. */
export class Notifications {
  /** @type {Signal} */
  changed = new Signal();
  /** One came, or grew. @type {Signal<Notification>} */
  news = new Signal();
  /** @type {Notification[]} */
  items = [];
  /** @type {number | null} */
  next = null;
  unread = 0;
  isLoaded = false;

  /** Whether each of those that are known is unread. @type {Map<string, boolean>} */
  #unread = new Map();

  /** @param {Notification} item */
  isUnread({ id }) {
    return this.#unread.get(id) ?? false;
  }

  /**
   * A page of the list.
   * @param {{items: {unread: boolean, item: Item}[], next: number | null}} page
   * @param {boolean} isFirst
   */
  put({ items, next }, isFirst) {
    const known = new Map(this.items.map((item) => [item.id, item]));
    const fresh = items.map(({ unread, item }) => {
      const held = known.get(item.id);
      // What an event said while the page was under way holds.
      if (held && held.rev > item.rev) return held;
      this.#unread.set(item.id, unread);
      return shaped(item);
    });
    const ids = new Set(fresh.map(({ id }) => id));
    const newest = fresh[0]?.seq ?? 0;
    const kept = this.items.filter((item) => !ids.has(item.id) && (!isFirst || item.seq > newest));
    this.items = [...kept, ...fresh].sort((a, b) => b.seq - a.seq);
    this.next = next;
    this.isLoaded = true;
    this.changed.fire();
  }

  /**
   * The server's own count.
   * @param {number} unread
   */
  count(unread) {
    this.unread = unread;
    this.changed.fire();
  }

  /**
   * One came as an event.
   * @param {any} item
   */
  take(item) {
    const held = this.items.find(({ id }) => id === item.id);
    if (held && held.rev >= item.rev) return;
    const one = shaped(item);
    const isNew = !held && one.seq > (this.items[0]?.seq ?? 0);
    const was = !isNew && (this.#unread.get(one.id) ?? false);
    const is = !one.seen && !one.deleted && (isNew || was);
    this.#unread.set(one.id, is);
    this.unread = Math.max(0, this.unread + Number(is) - Number(was));
    const others = this.items.filter(({ id }) => id !== one.id);
    this.items = one.deleted ? others : [one, ...others].sort((a, b) => b.seq - a.seq);
    if (is && (isNew || (held && one.count > held.count))) this.news.fire(one);
    this.changed.fire();
  }

  /** Everything is read, here or elsewhere. */
  readAll() {
    for (const id of this.#unread.keys()) this.#unread.set(id, false);
    this.unread = 0;
    this.changed.fire();
  }

  /**
   * One is read, before the server says so.
   * @param {string} id
   */
  readOne(id) {
    if (!this.#unread.get(id)) return;
    this.#unread.set(id, false);
    this.unread = Math.max(0, this.unread - 1);
    this.changed.fire();
  }

  /**
   * One is put away.
   * @param {string} id
   */
  drop(id) {
    this.readOne(id);
    this.items = this.items.filter((item) => item.id !== id);
    this.changed.fire();
  }
}
