import { Signal } from '../../signal.js';

/** @import { Listed, Order, Post } from './types.js' */

/**
 * A list of posts, page by page, kept as they are now.
 *
 * What is shown stays where it is: posts that are new since then wait (`waiting`) until somebody wants to see them,
 * and totals change in place.
 */
export class PostList {
  /** @type {Signal} */
  changed = new Signal();
  /** @type {Post[]} */
  posts = [];
  /** New ones that are not shown yet, the latest first. @type {Post[]} */
  waiting = [];
  /** @type {string | null} */
  next = null;
  isLoaded = false;
  /** Why the last page did not come. @type {unknown} */
  error = null;

  #turn = 0;
  #isFlying = false;
  /** What events said while a page was under way. @type {Map<string, Post>} */
  #strays = new Map();

  /**
   * @param {object} how
   * @param {Order} how.order
   * @param {(cursor: string | null) => Promise<Listed<Post>>} how.fetch
   * @param {(post: Post) => boolean} how.takes  whether a new post belongs here
   */
  constructor({ order, fetch, takes }) {
    this.order = order;
    this.fetch = fetch;
    this.takes = takes;
  }

  /** Fetch the first page, anew. */
  load() {
    return this.#page(null);
  }

  /** Fetch what follows. */
  async more() {
    if (this.next && !this.#isFlying) await this.#page(this.next);
  }

  /** @param {string | null} cursor */
  async #page(cursor) {
    const turn = ++this.#turn;
    this.#isFlying = true;
    this.error = null;
    try {
      const { items, next } = await this.fetch(cursor);
      if (turn !== this.#turn) return;
      const known = new Set(cursor ? this.posts.map(({ id }) => id) : []);
      const fresh = items.map((post) => this.#newest(post)).filter((post) => !known.has(post.id) && !post.deleted);
      this.posts = cursor ? [...this.posts, ...fresh] : fresh;
      this.next = next;
      this.isLoaded = true;
      if (!cursor) this.waiting = [];
      for (const post of this.#strays.values()) this.take(post);
    } catch (error) {
      if (turn === this.#turn) this.error = error;
    }
    if (turn !== this.#turn) return;
    this.#isFlying = false;
    this.#strays.clear();
    this.changed.fire();
  }

  /** @param {Post} post */
  #newest(post) {
    const stray = this.#strays.get(post.id);
    return stray && stray.rev > post.rev ? stray : post;
  }

  /**
   * Take a post as an event or an answer has it.
   * @param {Post} post
   */
  take(post) {
    if (this.#isFlying) {
      const stray = this.#strays.get(post.id);
      if (!stray || stray.rev < post.rev) this.#strays.set(post.id, post);
    }
    if (this.#update(this.posts, post) || this.#update(this.waiting, post)) this.changed.fire();
    else if (this.isLoaded && this.#isNew(post)) {
      this.waiting.unshift(post);
      this.changed.fire();
    }
  }

  /**
   * @param {Post[]} list
   * @param {Post} post
   * @returns {boolean} whether it stood there
   */
  #update(list, post) {
    const at = list.findIndex(({ id }) => id === post.id);
    const held = list[at];
    if (!held) return false;
    if (held.rev >= post.rev) return true;
    if (post.deleted) list.splice(at, 1);
    else list[at] = post;
    return true;
  }

  /** @param {Post} post */
  #isNew(post) {
    if (post.deleted || !this.takes(post)) return false;
    // An older one that lies beyond the pages loaded is no news. Ids rise with time.
    return this.posts.every(({ id }) => id < post.id) || (!this.next && !this.posts.some(({ id }) => id === post.id));
  }

  /** Look whether there are new ones, which wait then. */
  async look() {
    if (!this.isLoaded || this.#isFlying) return;
    const turn = this.#turn;
    try {
      const { items } = await this.fetch(null);
      if (turn !== this.#turn) return;
      const known = new Set([...this.posts, ...this.waiting].map(({ id }) => id));
      this.waiting = [...items.filter(({ id, deleted }) => !known.has(id) && !deleted), ...this.waiting];
      for (const post of items) this.take(post);
      this.changed.fire();
    } catch {
      // What is new comes with the next look.
    }
  }

  /** Show those that wait, above the others (below them, where the oldest come first). */
  reveal() {
    if (this.order === 'old') this.posts = [...this.posts, ...this.waiting.reverse()];
    else this.posts = [...this.waiting, ...this.posts];
    this.waiting = [];
    this.changed.fire();
  }

  /** Whether new ones may be shown as they come, where somebody looks at the top. */
  get isByTime() {
    return this.order !== 'top';
  }
}
