import { Signal } from '../signal.js';

/** @import { Person } from '../types.js' */

/** @typedef {(method: string, path: string, body?: object) => Promise<any>} Call */

/** Whom I have blocked: they cannot reach me, and I cannot write to them. */
export class Blocks {
  /** @type {Signal} */
  changed = new Signal();
  /** @type {Set<string>} */
  #ids = new Set();
  #call;

  /** @param {Call} call */
  constructor(call) {
    this.#call = call;
  }

  /** @param {string | undefined} user */
  has(user) {
    return user !== undefined && this.#ids.has(user);
  }

  /**
   * Everybody I have blocked.
   * @returns {Promise<Person[]>}
   */
  async load() {
    /** @type {Person[]} */
    const people = [];
    /** @type {string | null} */
    let cursor = null;
    do {
      const query = cursor ? `?cursor=${encodeURIComponent(cursor)}` : '';
      const page = await this.#call('GET', `users/me/blocks${query}`);
      for (const item of page.items) people.push(item.user ?? item);
      cursor = page.next ?? null;
    } while (cursor);
    this.#ids = new Set(people.map(({ id }) => id));
    this.changed.fire();
    return people;
  }

  /**
   * @param {Person} person
   * @param {boolean} isBlocked
   */
  async set({ id }, isBlocked) {
    await this.#call(isBlocked ? 'PUT' : 'DELETE', `users/me/blocks/${encodeURIComponent(id)}`);
    if (isBlocked) this.#ids.add(id);
    else this.#ids.delete(id);
    this.changed.fire();
  }
}
