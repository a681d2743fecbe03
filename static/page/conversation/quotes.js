import { Signal } from '../../signal.js';

/** @import { Item, Request } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */

/** The messages that others answer: those loaded, and those asked for one by one. */
export class Quotes {
  /** One that was asked for came in. @type {Signal} */
  changed = new Signal();
  /** @type {Map<string, Item | null>} */
  #fetched = new Map();

  /**
   * @param {Room} room
   * @param {Request} request
   */
  constructor(room, request) {
    this.room = room;
    this.request = request;
  }

  /**
   * The message `id`; null where it is not to be had, undefined while nobody knows.
   * @param {string} id
   * @returns {Item | null | undefined}
   */
  get(id) {
    const loaded = this.room.timeline.get(id);
    if (loaded || this.#fetched.has(id)) return loaded ?? this.#fetched.get(id);
    this.#fetched.set(id, null);
    this.#fetch(id);
    return undefined;
  }

  /**
   * Changes when the quoted message does.
   * @param {string | null} id
   */
  look(id) {
    return id === null ? '' : `${id} ${this.get(id)?.rev ?? 0}`;
  }

  /** @param {string} id */
  async #fetch(id) {
    try {
      this.#fetched.set(id, await this.request('message.get', { room: this.room.id, message: id }));
      this.changed.fire();
    } catch (error) {
      if (/** @type {any} */ (error).isPassing) this.#fetched.delete(id);
    }
  }
}
