import { Signal } from '../../../signal.js';

/** @typedef {{id: string, name: string}} Alias */

/** My other names, by topic: what was said under one of them is mine. */
export class Aliases {
  /** @type {Signal} */
  changed = new Signal();
  /** @type {Map<string, Alias>} */
  #byTopic = new Map();
  /** @type {Set<string>} */
  #ids = new Set();

  /**
   * My other name in a topic.
   * @param {string} topic
   */
  in(topic) {
    return this.#byTopic.get(topic);
  }

  /** @param {string} id */
  has(id) {
    return this.#ids.has(id);
  }

  /**
   * What I said came back under another name: it is mine, whether I chose it or it was made.
   * @param {{author: {id: string, anonymous?: boolean} | null}} item
   */
  learn({ author }) {
    if (!author?.anonymous || this.#ids.has(author.id)) return;
    this.#ids.add(author.id);
    this.changed.fire();
  }

  /**
   * @param {string} topic
   * @param {Alias | null} alias  null: it was given up
   */
  take(topic, alias) {
    if (alias) this.#byTopic.set(topic, alias);
    else this.#byTopic.delete(topic);
    // One that was given up still says what of the past is mine.
    if (alias) this.#ids.add(alias.id);
    this.changed.fire();
  }
}
