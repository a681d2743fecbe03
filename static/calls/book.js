/** @import { Call } from '../types.js' */

/** How many calls that are over are remembered: what is told of them late brings none back. */
const OVER_MOST = 64;

/** The calls that go on, each as its highest version has it. */
export class Book {
  /** @type {Map<string, Call>} */
  #calls = new Map();
  /** @type {Set<string>} */
  #over = new Set();

  get all() {
    return [...this.#calls.values()];
  }

  /** @param {string} id */
  get(id) {
    return this.#calls.get(id);
  }

  /** @param {string} id */
  isOver(id) {
    return this.#over.has(id);
  }

  /**
   * @param {Call} call
   * @returns {boolean} whether it is news
   */
  take(call) {
    if (this.#over.has(call.id) || (this.#calls.get(call.id)?.version ?? 0) >= call.version) return false;
    if (call.state === 'ended') this.#end(call.id);
    else this.#calls.set(call.id, call);
    return true;
  }

  /**
   * It is none of ours any more.
   * @param {string} id
   */
  drop(id) {
    this.#calls.delete(id);
  }

  /** @param {string} id */
  #end(id) {
    this.#calls.delete(id);
    this.#over.add(id);
    if (this.#over.size > OVER_MOST) this.#over.delete([...this.#over][0]);
  }
}
