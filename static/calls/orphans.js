import { isIn } from './current.js';
import { Seat } from './seat.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Call } from '../types.js' */
/** @import { Known } from './known.js' */

/** A tab that is reloaded needs a moment until it is back in its call. */
const RELOAD_MS = 12_000;

/**
 * Legs of this log-in that no tab is behind: theirs was closed, and the server gave them to whichever tab said hello.
 * The others are not to wait for somebody who is gone.
 */
export class Orphans {
  /** The leg that this log-in had when hello was said, by call. @type {Map<string, string>} */
  #legs = new Map();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #timers = new Map();

  /**
   * @param {Connection} connection
   * @param {Known} known
   * @param {object} what
   * @param {(call: Call) => boolean} what.isNeeded  whether this tab is in it, or about to be
   * @param {(call: string) => void} what.leave
   */
  constructor(connection, known, { isNeeded, leave }) {
    this.known = known;
    this.isNeeded = isNeeded;
    this.leave = leave;
    connection.greeted.listen(({ calls = [] }) => {
      for (const { id, leg } of calls) if (leg) this.#legs.set(id, leg);
      for (const call of calls) this.#look(call);
    });
    known.took.listen((call) => this.#look(call));
  }

  close() {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    this.#legs.clear();
  }

  /** @param {Call} call */
  #look(call) {
    if (!this.#has(call)) this.#legs.delete(call.id);
    else if (!this.#timers.has(call.id)) this.#timers.set(call.id, setTimeout(() => this.#judge(call.id), RELOAD_MS));
  }

  /** @param {Call} call */
  #has({ id, state, legs }) {
    return state !== 'ended' && legs.some((leg) => leg.id === this.#legs.get(id) && isIn(leg));
  }

  /** @param {string} id */
  async #judge(id) {
    this.#timers.delete(id);
    // Where browsers do not say whether another tab is in it, nobody is taken out of a call.
    const isTaken = await Seat.isTaken(id);
    const call = this.known.get(id);
    if (call && isTaken === false && this.#has(call) && !this.isNeeded(call)) this.leave(id);
  }
}
