import { Signal } from '../signal.js';

/** @import { Item, Page, Request } from '../types.js' */

const PAGE = 100;
/** What a room that nobody looks at may hold, and what is left of more. */
const UNWATCHED_MOST = 400;
const UNWATCHED_KEPT = 200;

/**
 * The loaded part of a room's history: one stretch without holes, in order of `seq`.
 *
 * Events and pages may cross: while a page is under way, what the events say about items that are not here is kept
 * aside, and the higher `rev` wins when the page comes in.
 */
export class Timeline {
  /** @type {Item[]} */
  items = [];
  isLoaded = false;
  /** Whether there are older ones on the server. */
  hasOlder = true;
  /** Whether the stretch reaches the newest item, so that new ones are put behind it. */
  atEnd = false;
  /** Whether somebody looks at it. */
  #isWatched = false;
  /** @type {Signal} */
  changed = new Signal();

  #room;
  #request;
  /** @type {Map<string, Item>} */
  #byId = new Map();
  /** @type {Set<string>} */
  #cids = new Set();
  /** @type {Map<string, Item>} */
  #strays = new Map();
  #flights = 0;
  #era = 0;
  /** @type {Promise<void> | null} */
  #older = null;
  /** @type {Promise<void> | null} */
  #newer = null;

  /**
   * @param {string} room
   * @param {Request} request
   */
  constructor(room, request) {
    this.#room = room;
    this.#request = request;
  }

  /** @param {string} id */
  get(id) {
    return this.#byId.get(id);
  }

  /**
   * Whether the message `cid` of `author` is here.
   * @param {string} author
   * @param {string} cid
   */
  has(author, cid) {
    return this.#cids.has(`${author} ${cid}`);
  }

  /**
   * The place of the first item with at least this `seq`.
   * @param {number} seq
   */
  placeOf(seq) {
    return placeIn(this.items, seq);
  }

  /**
   * Take an item as an event or an answer gives it.
   * @param {Item} item
   */
  take(item) {
    if (this.#flights) {
      const stray = this.#strays.get(item.id);
      if (!stray || stray.rev < item.rev) this.#strays.set(item.id, item);
    }
    if (!this.#put(item)) return;
    if (!this.#isWatched && this.items.length > UNWATCHED_MOST) this.#trim();
    this.changed.fire();
  }

  /**
   * @param {Item} item
   * @returns {boolean} whether anything changed
   */
  #put(item) {
    const held = this.#byId.get(item.id);
    if (held) {
      if (item.rev <= held.rev) return false;
      this.items[this.placeOf(held.seq)] = item;
      this.#byId.set(item.id, item);
      return true;
    }
    const first = this.items[0];
    const last = this.items.at(-1);
    const isBehind = !last || item.seq > last.seq;
    if (!this.isLoaded || (isBehind && !this.atEnd) || (first && item.seq < first.seq)) return false;
    this.#index(item);
    if (isBehind) this.items.push(item);
    else this.items.splice(this.placeOf(item.seq), 0, item);
    return true;
  }

  /** @param {Item} item */
  #index(item) {
    this.#byId.set(item.id, item);
    if (item.author) this.#cids.add(`${item.author.id} ${item.cid}`);
  }

  /** Load the newest page, forgetting what is here. */
  loadNewest() {
    return this.#replace({}, (page) => {
      this.hasOlder = page.has_more;
      this.atEnd = true;
    });
  }

  /**
   * Load the messages around `seq`, forgetting what is here.
   * @param {number} seq
   */
  async loadAround(seq) {
    await this.#replace({ around: seq }, () => {
      this.hasOlder = true;
      this.atEnd = false;
    });
    // Which side has more the answer does not tell: ask on.
    if (!this.atEnd) await this.loadNewer();
  }

  loadOlder() {
    const first = this.items[0];
    if (!first || !this.hasOlder) return Promise.resolve();
    this.#older ??= this.#fly({ before: first.seq }, (page) => {
      this.hasOlder = page.has_more;
      const fresh = page.items.filter((item) => !this.#byId.has(item.id)).map((item) => this.#newest(item));
      for (const item of fresh) this.#index(item);
      this.items = fresh.concat(this.items);
    }).finally(() => {
      this.#older = null;
    });
    return this.#older;
  }

  loadNewer() {
    const last = this.items.at(-1);
    if (!this.isLoaded || this.atEnd) return Promise.resolve();
    this.#newer ??= this.#fly({ after: last?.seq ?? 0 }, (page) => {
      this.atEnd = true;
      for (const item of page.items) this.#put(this.#newest(item));
      this.atEnd = !page.has_more;
      if (this.atEnd) this.#appendStrays();
    }).finally(() => {
      this.#newer = null;
    });
    return this.#newer;
  }

  /** Forget everything, and the answers under way too. */
  reset() {
    this.#era++;
    this.#clear();
    this.isLoaded = false;
    this.#strays.clear();
    this.changed.fire();
  }

  /**
   * Somebody looks at it, or no longer does.
   * @param {boolean} isWatched
   */
  watch(isWatched) {
    this.#isWatched = isWatched;
    if (!isWatched) this.#trim();
  }

  /** A room that nobody looks at should not hold thousands. */
  #trim() {
    if (!this.atEnd || this.items.length <= UNWATCHED_KEPT) return;
    const kept = this.items.slice(-UNWATCHED_KEPT);
    this.#clear();
    this.items = kept;
    for (const item of kept) this.#index(item);
    this.atEnd = true;
  }

  #clear() {
    this.items = [];
    this.#byId.clear();
    this.#cids.clear();
    this.hasOlder = true;
    this.atEnd = false;
  }

  /**
   * @param {object} where
   * @param {(page: Page) => void} settle
   */
  #replace(where, settle) {
    this.#era++;
    return this.#fly(where, (page) => {
      this.#clear();
      this.isLoaded = true;
      this.items = page.items.map((item) => this.#newest(item));
      for (const item of this.items) this.#index(item);
      settle(page);
      if (this.atEnd) this.#appendStrays();
    });
  }

  /**
   * Fetch a page and merge it, unless the room was reset meanwhile.
   * @param {object} where
   * @param {(page: Page) => void} merge
   */
  async #fly(where, merge) {
    const era = this.#era;
    this.#flights++;
    try {
      const page = await this.#request('message.list', { room: this.#room, limit: PAGE, ...where });
      if (era !== this.#era) return;
      merge(page);
      this.changed.fire();
    } finally {
      if (--this.#flights === 0) this.#strays.clear();
    }
  }

  /** @param {Item} item */
  #newest(item) {
    const stray = this.#strays.get(item.id);
    return stray && stray.rev > item.rev ? stray : item;
  }

  /** What came as an event while the last page was under way goes behind it. */
  #appendStrays() {
    for (const item of [...this.#strays.values()].sort((a, b) => a.seq - b.seq)) this.#put(item);
  }
}

/**
 * The place of the first of some items, which are in order, with at least this `seq`.
 * @param {Item[]} items
 * @param {number} seq
 */
export function placeIn(items, seq) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (/** @type {Item} */ (items[middle]).seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
