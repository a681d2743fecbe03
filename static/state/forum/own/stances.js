import { Signal } from '../../../signal.js';

/**
 * How I stand to a topic, a room, a post, a comment, a message or a person. Times say until when.
 * @typedef {object} Stance
 * @property {string} target
 * @property {string} [kind]
 * @property {boolean} [followed]
 * @property {string | null} [muted_until]
 * @property {string | null} [silenced_until]
 * @property {boolean} [hidden]
 */

/** My stances, as far as they are known. They are nobody else's business. */
export class Stances {
  /** @type {Signal<string>} */
  changed = new Signal();
  /** @type {Map<string, Stance>} */
  #known = new Map();

  /**
   * @param {string} target
   * @returns {Stance}
   */
  of(target) {
    return this.#known.get(target) ?? { target };
  }

  /** @param {Stance} stance */
  take(stance) {
    this.#known.set(stance.target, stance);
    this.changed.fire(stance.target);
  }

  /** @param {string} target */
  isMuted(target) {
    return isAhead(this.of(target).muted_until);
  }

  /** @param {string} target */
  isSilenced(target) {
    return isAhead(this.of(target).silenced_until);
  }

  /**
   * Whether I want to be told less of it, one way or the other.
   * @param {string} target
   */
  isQuiet(target) {
    return this.isMuted(target) || this.isSilenced(target);
  }
}

/** @param {string | null | undefined} until */
function isAhead(until) {
  return Boolean(until) && Date.parse(/** @type {string} */ (until)) > Date.now();
}
