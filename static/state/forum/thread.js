import { Signal } from '../../signal.js';

/** @import { Comment, Order } from './types.js' */

/**
 * A comment as it stands in the thread.
 * @typedef {object} Row
 * @property {Comment} item
 * @property {number} below  how many there are below it, at any depth
 * @property {boolean} isFolded
 */

/**
 * Answers to a comment that are not loaded, in the place where they will stand.
 * @typedef {{more: Comment, count: number}} Gap
 */

/** The deepest that comments stand; those there are answered beside them. */
export const DEEPEST = 10;

/**
 * The comments of a post that are loaded, as a tree.
 *
 * Comments come as pages, answers and events, in any order; of two states of one the higher `rev` holds. What stands
 * in the tree keeps its place among its neighbours while totals change: nothing jumps away under somebody who reads.
 */
export class Thread {
  /** @type {Signal} */
  changed = new Signal();
  /** @type {Map<string, Comment>} */
  #byId = new Map();
  /** Who stands right below whom, as they came; below the post itself: ''. @type {Map<string, string[]>} */
  #below = new Map();
  /** @type {Set<string>} */
  #folded = new Set();
  /** How many there are below a comment, as the server counts. @type {Map<string, number>} */
  #counts = new Map();

  /** @param {Order} order  among neighbours */
  constructor(order) {
    this.order = order;
  }

  get size() {
    return this.#byId.size;
  }

  get ids() {
    return [...this.#byId.keys()];
  }

  /** @param {string} id */
  get(id) {
    return this.#byId.get(id);
  }

  /**
   * Take a page of comments.
   * @param {{comment: Comment, below: number}[]} views
   */
  page(views) {
    for (const { comment, below } of views) {
      this.#take(comment);
      this.#counts.set(comment.id, below);
    }
    this.changed.fire();
  }

  /**
   * Take a comment as an answer or an event has it.
   * @param {Comment} item
   */
  put(item) {
    const isNew = !this.#byId.has(item.id);
    if (!this.#take(item)) return;
    for (let at = isNew ? item.parent : null; at; at = this.#byId.get(at)?.parent ?? null)
      this.#counts.set(at, (this.#counts.get(at) ?? 0) + 1);
    this.changed.fire();
  }

  /**
   * @param {Comment} item
   * @returns {boolean} whether anything changed
   */
  #take(item) {
    const held = this.#byId.get(item.id);
    if (held && held.rev >= item.rev) return false;
    this.#byId.set(item.id, item);
    if (!held) this.#place(item);
    return true;
  }

  /**
   * All answers to a comment are loaded, whatever was counted.
   * @param {string} id
   */
  complete(id) {
    this.#counts.set(id, this.#walk(id, null));
    this.changed.fire();
  }

  /** @param {Comment} item */
  #place(item) {
    const parent = item.parent ?? '';
    const beside = this.#below.get(parent);
    if (!beside) this.#below.set(parent, [item.id]);
    else beside.splice(this.#placeAmong(beside, item.seq), 0, item.id);
  }

  /**
   * @param {string[]} beside
   * @param {number} seq
   */
  #placeAmong(beside, seq) {
    if (this.order === 'top' || this.order === 'hot') return beside.length;
    const isAfter = (/** @type {string} */ id) => {
      const other = /** @type {Comment} */ (this.#byId.get(id)).seq;
      return this.order === 'new' ? other < seq : other > seq;
    };
    const at = beside.findIndex(isAfter);
    return at < 0 ? beside.length : at;
  }

  /** Forget everything but what is folded. */
  clear() {
    this.#byId.clear();
    this.#below.clear();
    this.#counts.clear();
  }

  /** @param {string} id */
  isFolded(id) {
    return this.#folded.has(id);
  }

  /**
   * @param {string} id
   * @param {boolean} isFolded
   */
  fold(id, isFolded) {
    if (isFolded) this.#folded.add(id);
    else this.#folded.delete(id);
    this.changed.fire();
  }

  /** Show a comment: nothing above it is folded. @param {string} id */
  reveal(id) {
    let at = this.#byId.get(id);
    while (at?.parent) {
      this.#folded.delete(at.parent);
      at = this.#byId.get(at.parent);
    }
    this.changed.fire();
  }

  /**
   * Everything to show, from above to below. A comment whose parent is not loaded is not shown.
   * @returns {(Row | Gap)[]}
   */
  get rows() {
    /** @type {(Row | Gap)[]} */
    const rows = [];
    this.#walk('', rows);
    return rows;
  }

  /**
   * @param {string} parent
   * @param {(Row | Gap)[] | null} rows  null: count alone
   * @returns {number} how many there are, those that are not loaded included
   */
  #walk(parent, rows) {
    let count = 0;
    for (const id of this.#below.get(parent) ?? []) {
      const item = /** @type {Comment} */ (this.#byId.get(id));
      const isFolded = this.#folded.has(id);
      /** @type {Row} */
      const row = { item, below: 0, isFolded };
      rows?.push(row);
      const inside = isFolded ? null : rows;
      const known = this.#walk(id, inside);
      row.below = Math.max(known, this.#counts.get(id) ?? 0);
      if (row.below > known) inside?.push({ more: item, count: row.below - known });
      count += 1 + row.below;
    }
    return count;
  }
}
