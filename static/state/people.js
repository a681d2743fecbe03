import { Signal } from '../signal.js';

/** @import { Person, Request } from '../types.js' */

const MOST_AT_ONCE = 100;

/** What the server calls those whose account is deleted; nobody can choose it. */
const GONE = '~deleted';

/**
 * What somebody is called.
 * @param {{username: string}} person
 */
export function nameOf({ username }) {
  return username === GONE ? 'Deleted account' : username;
}

/** The people this page has met: names for the ids that notices and reactions have. */
export class People {
  /** A name became known. @type {Signal} */
  changed = new Signal();

  /** @type {Map<string, Person>} */
  #known = new Map();
  /** @type {Set<string>} */
  #asked = new Set();
  /** @type {Set<string>} */
  #wanted = new Set();
  #isPlanned = false;
  #request;

  /** @param {Request} request */
  constructor(request) {
    this.#request = request;
  }

  /** Everybody met, by name. */
  get all() {
    return [...this.#known.values()].sort((a, b) => a.username.localeCompare(b.username));
  }

  /** @param {Person | null | undefined} person */
  meet(person) {
    // Another name of somebody is nobody that one could write to.
    if (person?.id && person.username && !person.anonymous) this.#known.set(person.id, { id: person.id, username: person.username });
  }

  /**
   * The name of a person, or a word for it until it is known.
   * @param {string | Person | null | undefined} who
   * @returns {string}
   */
  name(who) {
    if (!who) return 'somebody';
    if (typeof who !== 'string') return nameOf(who);
    const known = this.#known.get(who);
    if (known) return nameOf(known);
    this.#want(who);
    return 'somebody';
  }

  /** @param {string} id */
  #want(id) {
    if (this.#asked.has(id)) return;
    this.#wanted.add(id);
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    setTimeout(() => this.#fetch(), 50);
  }

  async #fetch() {
    this.#isPlanned = false;
    const users = [...this.#wanted].slice(0, MOST_AT_ONCE);
    for (const user of users) {
      this.#wanted.delete(user);
      this.#asked.add(user);
    }
    try {
      const { items } = await this.#request('users.get', { users });
      for (const person of items) this.meet(person);
      this.changed.fire();
    } catch {
      // Not connected: asked again when the name is next shown.
      for (const user of users) this.#asked.delete(user);
    }
  }
}
