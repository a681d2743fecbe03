import { Signal } from '../../signal.js';

/** @import { Topic } from './types.js' */
/** @import { Store } from '../store.js' */

const PAUSE_MS = 30;
/** Names of places that are kept; older ones are asked for again. */
const MOST = 500;

/** What the places of posts are called: topics that one has joined, and others, which are asked for. */
export class Places {
  /** @type {Signal} */
  changed = new Signal();
  /** @type {Map<string, string>} */
  #known = new Map();
  /** @type {Set<string>} */
  #asked = new Set();

  /**
   * @param {Store} store
   * @param {(room: string) => Promise<Topic>} load
   */
  constructor(store, load) {
    this.store = store;
    this.load = load;
  }

  /** @param {{id: string, name: string}} place */
  know({ id, name }) {
    if (this.#known.get(id) === name) return;
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(id, name);
    this.changed.fire();
  }

  /**
   * The name of a topic; empty while it is not known, and for people's own pages.
   * @param {string} id
   */
  name(id) {
    if (id.startsWith('p_')) return '';
    const name = this.store.room(id)?.name ?? this.#known.get(id);
    if (name === undefined) this.#want(id);
    return name ?? '';
  }

  /** @param {string} id */
  #want(id) {
    if (this.#asked.has(id)) return;
    this.#asked.add(id);
    setTimeout(async () => {
      try {
        this.know(await this.load(id));
      } catch {
        // It may not be seen, or we are away: asked again when it is next shown.
        setTimeout(() => this.#asked.delete(id), 10_000);
      }
    }, PAUSE_MS);
  }
}
