import { Signal } from '../../signal.js';

/** @import { Said, Value } from './types.js' */

/**
 * A vote of mine that the totals may not hold yet.
 * @typedef {object} Wish
 * @property {Value} value  what I want
 * @property {Value} kept  what the server has of me
 * @property {Value} counted  what of me is in the totals, as far as one can tell
 * @property {number} up  the totals when they were last seen
 * @property {number} down
 * @property {number} rev
 * @property {boolean} isSending
 */

const MOST_AT_ONCE = 40;
/** With more votes in memory all are asked for anew after the next loss of the connection. */
const MOST_KNOWN = 5000;

/**
 * My votes, and the totals as I am to see them.
 *
 * A vote shows at once. The server adds votes up a moment after it has kept them, so between the press and the new
 * totals the difference that I make is added here. A vote that is refused is taken back.
 */
export class Votes {
  /** The vote on this item, or its totals, changed. @type {Signal<string>} */
  changed = new Signal();

  /** @type {Map<string, Value>} */
  #mine = new Map();
  /** @type {Map<string, Wish>} */
  #wishes = new Map();
  /** What was told of since we are connected. @type {Set<string>} */
  #fresh = new Set();
  /** @type {Set<string>} */
  #wanted = new Set();
  #isPlanned = false;
  #send;
  #load;

  /**
   * @param {(item: Said, value: Value) => Promise<unknown>} send
   * @param {(items: string[]) => Promise<Record<string, Value>>} load  my votes on these items
   */
  constructor(send, load) {
    this.#send = send;
    this.#load = load;
  }

  /**
   * How I voted.
   * @param {string} item
   * @returns {Value}
   */
  mine(item) {
    return this.#wishes.get(item)?.value ?? this.#mine.get(item) ?? 0;
  }

  /**
   * The totals with my vote in them.
   * @param {Said} item
   */
  shown({ id, up, down }) {
    const wish = this.#wishes.get(id);
    if (!wish) return { up, down, score: up - down, mine: this.mine(id) };
    const step = difference(wish.counted, wish.value);
    const more = { up: Math.max(0, up + step.up), down: Math.max(0, down + step.down) };
    return { ...more, score: more.up - more.down, mine: wish.value };
  }

  /**
   * Vote; it shows before this returns.
   * @param {Said} item
   * @param {Value} value
   * @throws {import('../../wire/refused.js').Refused} where it was not taken: it is taken back here too
   */
  async vote(item, value) {
    const { id, up, down, rev } = item;
    const mine = this.mine(id);
    const wish = this.#wishes.get(id) ?? { value, kept: mine, counted: mine, up, down, rev, isSending: false };
    this.#wishes.set(id, wish);
    wish.value = value;
    this.changed.fire(id);
    // Whoever changes their mind while a vote is on its way has the last one sent after it.
    if (wish.isSending) return;
    wish.isSending = true;
    try {
      while (wish.kept !== wish.value) {
        const wanted = wish.value;
        await this.#send(item, wanted);
        wish.kept = wanted;
        this.#mine.set(id, wanted);
      }
    } catch (error) {
      wish.value = wish.kept;
      throw error;
    } finally {
      wish.isSending = false;
      this.#settle(id, wish);
      this.changed.fire(id);
    }
  }

  /**
   * An item came in, with the totals of now.
   * @param {Said} item
   */
  see({ id, up, down, rev }) {
    const wish = this.#wishes.get(id);
    if (!wish || rev <= wish.rev) return;
    const grown = { up: up - wish.up, down: down - wish.down };
    Object.assign(wish, { up, down, rev });
    if (!grown.up && !grown.down) return; // another change than of votes
    // On its way, it may be in these totals or not: it is where they moved as it moves them.
    if (!wish.isSending) wish.counted = wish.kept;
    else if (covers(grown, difference(wish.counted, wish.value))) wish.counted = wish.value;
    this.#settle(id, wish);
  }

  /**
   * @param {string} id
   * @param {Wish} wish
   */
  #settle(id, wish) {
    if (!wish.isSending && wish.counted === wish.value) this.#wishes.delete(id);
  }

  /**
   * Ask how I voted on these, where it is not known.
   * @param {string[]} items
   */
  want(items) {
    for (const item of items) if (!this.#fresh.has(item)) this.#wanted.add(item);
    if (this.#isPlanned || !this.#wanted.size) return;
    this.#isPlanned = true;
    setTimeout(() => this.#fetch(), 20);
  }

  /** What is known may have changed on another device: it is asked for anew where it is shown. */
  doubt() {
    this.#fresh.clear();
    if (this.#mine.size > MOST_KNOWN) this.#mine.clear();
  }

  /** @param {Record<string, Value>} votes */
  know(votes) {
    for (const [item, value] of Object.entries(votes)) {
      this.#fresh.add(item);
      if (this.#wishes.has(item) || this.#mine.get(item) === value) continue;
      this.#mine.set(item, value);
      this.changed.fire(item);
    }
  }

  async #fetch() {
    this.#isPlanned = false;
    const items = [...this.#wanted].slice(0, MOST_AT_ONCE);
    for (const item of items) this.#wanted.delete(item);
    try {
      const votes = await this.#load(items);
      this.know({ ...Object.fromEntries(items.map((item) => [item, /** @type {Value} */ (0)])), ...votes });
    } catch {
      // Away: asked when the list is next fetched.
    }
    if (this.#wanted.size) this.want([]);
  }
}

/**
 * What becomes of the totals when a vote changes.
 * @param {Value} from
 * @param {Value} to
 */
function difference(from, to) {
  return { up: Number(to === 1) - Number(from === 1), down: Number(to === -1) - Number(from === -1) };
}

/**
 * @param {{up: number, down: number}} grown
 * @param {{up: number, down: number}} step
 */
function covers(grown, step) {
  return Math.sign(step.up) * grown.up >= Math.abs(step.up) && Math.sign(step.down) * grown.down >= Math.abs(step.down);
}
