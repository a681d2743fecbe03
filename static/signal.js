/**
 * A thing that happens, and who wants to know.
 * @template [T=void]
 */
export class Signal {
  /** @type {Set<(value: T) => void>} */
  #listeners = new Set();

  /**
   * Call `listener` each time, until the answer is called.
   * @param {(value: T) => void} listener
   * @returns {() => void}
   */
  listen(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @param {T} value */
  fire(value) {
    for (const listener of [...this.#listeners]) listener(value);
  }
}
