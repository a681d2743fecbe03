/** The server keeps a leg for 15 s while its websocket is away. Whoever was away for longer comes in anew. */
const GRACE_MS = 14_000;
/** So long after the websocket is back, that a leg is gone is owed to its absence. */
const SETTLING_MS = 5000;

/** For how long the websocket was away, and whether that was too long for the server to keep a leg. */
export class Absence {
  /** When it went, by performance.now(); null while it is there. @type {number | null} */
  #since = null;
  #last = { length: 0, end: 0 };

  get isNow() {
    return this.#since !== null;
  }

  /** Whether it is too long now, or was until a moment ago. */
  get isLong() {
    const now = performance.now();
    if (this.#since !== null) return now - this.#since > GRACE_MS;
    return this.#last.length > GRACE_MS && now - this.#last.end < SETTLING_MS;
  }

  begin() {
    this.#since ??= performance.now();
  }

  end() {
    const now = performance.now();
    this.#last = { length: now - (this.#since ?? now), end: now };
    this.#since = null;
  }

  /** What was to be done for it is done. */
  forget() {
    this.#last = { length: 0, end: 0 };
  }
}
