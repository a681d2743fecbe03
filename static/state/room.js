import { Signal } from '../signal.js';
import { Timeline } from './timeline.js';

/** @import { Item, Person, Request, Role, RoomData } from '../types.js' */

export const UNREAD_MOST = 100;

/**
 * Whether I may do something in a room or a topic: its owner may all, a moderator what was allowed.
 * @param {{role?: string | null, permissions?: string[] | null}} place
 * @param {string} permission
 */
export function may({ role, permissions }, permission) {
  return role === 'owner' || (role === 'moderator' && (!permissions || permissions.includes(permission)));
}

/** A room of mine: what the server says of it, and what this page needs to show it. */
export class Room {
  /** Its name, its role, its unread count, its last message. @type {Signal} */
  changed = new Signal();
  /** Who writes. @type {Signal} */
  typingChanged = new Signal();
  /** Who is a member, or as what. @type {Signal} */
  membersChanged = new Signal();

  /** @type {'public' | 'private' | 'direct' | 'topic'} */
  kind = 'private';
  name = '';
  description = '';
  /** @type {string | null} */
  owner = null;
  memberCount = 0;
  /** Whether people may call here. */
  mayCall = true;
  /** Of a topic, or of a room in one: whether those who see what it is in may join. */
  isOpen = false;
  /** The topic that it is in. @type {string | null} */
  place = null;
  /** Whether people may speak under another name in it. */
  anonymous = false;
  /** What I may do as a moderator; null: all that moderators may. @type {string[] | null} */
  permissions = null;
  /** @type {Role | null} */
  role = null;
  /** @type {Person | null} */
  peer = null;
  read = 0;
  unread = 0;
  /** Later activity is higher. */
  activity = 0;
  /** The newest item of people. @type {Item | null} */
  last = null;
  /** How far others have read, by user. @type {Map<string, number>} */
  reads = new Map();
  /** @type {Map<string, {person: Person, timer: ReturnType<typeof setTimeout>}>} */
  typing = new Map();
  /** Messages that I deleted for myself alone. @type {Set<string>} */
  hidden = new Set();
  /** Up to which seq I deleted all for myself. */
  cleared = 0;
  /** Items up to this seq are in `unread` as the server counted it. */
  #counted = 0;

  /**
   * @param {RoomData} data
   * @param {Request} request
   */
  constructor(data, request) {
    this.id = data.id;
    this.timeline = new Timeline(data.id, request);
    this.describe(data);
    this.count(data);
  }

  get isModerated() {
    return this.role === 'owner' || this.role === 'moderator';
  }

  /**
   * Take what a frame or an answer says of the room. Frames hold nothing that depends on the viewer, so what is
   * left out stays.
   * @param {Partial<RoomData>} data
   */
  describe(data) {
    if (data.kind && data.kind !== 'self') this.kind = data.kind;
    if (data.name !== undefined) this.name = data.name ?? '';
    if (data.description !== undefined) this.description = data.description ?? '';
    if (data.owner !== undefined) this.owner = data.owner;
    if (data.member_count !== undefined) this.memberCount = data.member_count;
    if (data.voip_enabled !== undefined) this.mayCall = data.voip_enabled;
    // Of a whole room these are left out where they are nothing out of the ordinary.
    if (data.kind) {
      this.isOpen = data.open ?? false;
      this.place = data.place ?? null;
      this.anonymous = data.anonymous ?? false;
    }
    if (data.role) {
      this.role = data.role;
      this.permissions = data.permissions ?? null;
    }
    if (data.peer) this.peer = data.peer;
    this.changed.fire();
  }

  /**
   * Take the server's own count of what is unread.
   * @param {Partial<RoomData>} data  as hello has it
   */
  count({ read, unread, head }) {
    this.read = Math.max(this.read, read ?? 0);
    if (unread !== undefined) this.unread = unread;
    this.#counted = Math.max(this.#counted, head ?? 0);
    this.changed.fire();
  }

  /**
   * Take an item that an event brought.
   * @param {Item} item
   * @param {string} me
   * @returns {boolean} whether it is new to this page, and of somebody
   */
  take(item, me) {
    this.timeline.take(item);
    if (item.author) this.stopTyping(item.author.id);
    this.remember(item);
    if (item.kind === 'notice') this.membersChanged.fire();
    if (item.seq <= this.#counted) return false;
    this.#counted = item.seq;
    if (item.kind === 'text' && item.author?.id === me) {
      this.read = item.seq;
      this.unread = 0;
    } else if (item.kind === 'text' && !item.deleted && item.seq > this.read) {
      this.unread = Math.min(UNREAD_MOST, this.unread + 1);
    }
    this.changed.fire();
    return true;
  }

  /**
   * The last thing said is shown in the list of rooms.
   * @param {Item} item
   */
  remember(item) {
    if (item.kind === 'notice' && this.last) return;
    if (this.last && (item.seq < this.last.seq || (item.id === this.last.id && item.rev < this.last.rev))) return;
    this.last = item;
    this.changed.fire();
  }

  /**
   * Whether I deleted an item for myself.
   * @param {Item} item
   */
  isHidden({ id, seq }) {
    return seq <= this.cleared || this.hidden.has(id);
  }

  /**
   * I deleted a message for myself, or want to see it again; without one, all up to `seq`.
   * @param {string | null} message
   * @param {number} seq
   * @param {boolean} isHidden
   */
  hide(message, seq, isHidden) {
    if (message === null) this.cleared = isHidden ? Math.max(this.cleared, seq) : 0;
    else if (isHidden) this.hidden.add(message);
    else this.hidden.delete(message);
    this.#sift();
  }

  /**
   * What I deleted here for myself, as the server lists it.
   * @param {{items: {id: string}[], cleared: number}} hidden
   */
  hideAll({ items, cleared }) {
    if (!items.length && cleared <= this.cleared) return;
    this.cleared = Math.max(this.cleared, cleared);
    for (const { id } of items) this.hidden.add(id);
    this.#sift();
  }

  /** Other items are to be seen than before. */
  #sift() {
    this.timeline.changed.fire();
    this.changed.fire();
  }

  /** The newest item of people that I did not delete for myself. */
  get shownLast() {
    if (!this.last || !this.isHidden(this.last)) return this.last;
    return this.timeline.items.findLast((item) => !this.isHidden(item)) ?? null;
  }

  /** Forget what is loaded. */
  reset() {
    this.last = null;
    this.timeline.reset();
    this.changed.fire();
  }

  /** The seq of the newest item this page has heard of. */
  get newest() {
    return Math.max(this.#counted, this.timeline.items.at(-1)?.seq ?? 0);
  }

  /**
   * I have read up to `seq`, here or elsewhere.
   * @param {number} seq
   * @param {number} [unread]  as the server counts
   */
  markRead(seq, unread) {
    this.read = Math.max(this.read, seq);
    if (unread !== undefined) this.unread = unread;
    else if (seq >= (this.last?.seq ?? this.newest)) this.unread = 0;
    this.changed.fire();
  }

  /**
   * @param {Person} person
   * @param {number} ms
   */
  startTyping(person, ms) {
    clearTimeout(this.typing.get(person.id)?.timer);
    const timer = setTimeout(() => this.stopTyping(person.id), ms);
    this.typing.set(person.id, { person, timer });
    this.typingChanged.fire();
  }

  /** @param {string} user */
  stopTyping(user) {
    const typing = this.typing.get(user);
    if (!typing) return;
    clearTimeout(typing.timer);
    this.typing.delete(user);
    this.typingChanged.fire();
  }
}
