import { Signal } from '../signal.js';

/** How long the tab before a reload may take to let go. */
const PATIENCE_MS = 5000;

/** @param {string} call */
const nameOf = (call) => `parley:call:${call}`;

/**
 * The place of a call's one tab in this browser: tabs share the log-in's session, which has one leg.
 *
 * It is a Web Lock, which goes with the tab whatever becomes of it. Where browsers have none (http origins), nobody
 * can tell, and the tab that came last has the leg.
 */
export class Seat {
  /** Another tab took it. @type {Signal} */
  lost = new Signal();
  #isHeld = true;
  /** @type {() => void} */
  #release = () => undefined;

  /**
   * @param {string} call
   * @param {{steal?: boolean}} [how]  steal: from whichever tab has it; else it is waited for
   * @returns {Promise<Seat | null>} null where another tab keeps it
   */
  static async take(call, { steal = false } = {}) {
    const seat = new Seat();
    if (!navigator.locks) return seat;
    return (await seat.#take(nameOf(call), steal)) ? seat : null;
  }

  /**
   * Whether a tab of this browser is in the call; undefined where browsers do not say.
   * @param {string} call
   * @returns {Promise<boolean | undefined>}
   */
  static async isTaken(call) {
    const { held } = (await navigator.locks?.query()) ?? {};
    return held?.some(({ name }) => name === nameOf(call));
  }

  leave() {
    this.#isHeld = false;
    this.#release();
  }

  /**
   * @param {string} name
   * @param {boolean} steal
   * @returns {Promise<boolean>}
   */
  #take(name, steal) {
    const how = steal ? { steal } : { signal: AbortSignal.timeout(PATIENCE_MS) };
    return new Promise((resolve) => {
      const hold = () =>
        new Promise((/** @type {(value?: undefined) => void} */ release) => {
          this.#release = release;
          resolve(true);
        });
      navigator.locks.request(name, how, hold).catch(() => {
        // Either it was never ours, or another tab has taken it since.
        resolve(false);
        if (this.#isHeld) this.lost.fire();
      });
    });
  }
}
