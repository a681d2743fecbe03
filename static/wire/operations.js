import { Refused } from './refused.js';

/** The server takes 64 open operations of a session; a few stay free for pings and tokens. */
const OPEN_AT_MOST = 56;
const TIMEOUT_MS = 20_000;

/**
 * @typedef {object} Asked
 * @property {string} op
 * @property {object} d
 * @property {(ok: any) => void} resolve
 * @property {(error: Refused) => void} reject
 * @property {ReturnType<typeof setTimeout>} [timer]
 */

/**
 * The requests of one connection: numbers them, matches the answers, keeps to the limit of open ones.
 */
export class Operations {
  #next = 1;
  /** @type {Map<number, Asked>} */
  #open = new Map();
  /** @type {Asked[]} */
  #waiting = [];

  /** @param {(text: string) => void} send */
  constructor(send) {
    this.send = send;
  }

  /**
   * @param {string} op
   * @param {object} d
   * @param {{timeout?: number, first?: boolean}} [more]  `first`: before those waiting for a free place
   * @returns {Promise<any>}
   */
  ask(op, d, { timeout = TIMEOUT_MS, first = false } = {}) {
    return new Promise((resolve, reject) => {
      /** @type {Asked} */
      const asked = { op, d, resolve, reject };
      if (!first && this.#open.size >= OPEN_AT_MOST) this.#waiting.push(asked);
      else this.#put(asked, timeout);
    });
  }

  /**
   * @param {Asked} asked
   * @param {number} timeout
   */
  #put(asked, timeout) {
    const id = this.#next++;
    asked.timer = setTimeout(() => {
      this.#open.delete(id);
      asked.reject(new Refused('timeout', `no answer to ${asked.op}`));
      this.#fill();
    }, timeout);
    this.#open.set(id, asked);
    this.send(JSON.stringify({ op: asked.op, id, d: asked.d }));
  }

  /** Whether anything was asked that is not answered. */
  get isBusy() {
    return this.#open.size > 0 || this.#waiting.length > 0;
  }

  #fill() {
    while (this.#waiting.length && this.#open.size < OPEN_AT_MOST) {
      const asked = /** @type {Asked} */ (this.#waiting.shift());
      this.#put(asked, TIMEOUT_MS);
    }
  }

  /**
   * An answer came.
   * @param {{re: number, ok?: any, err?: {code: string, detail?: string, retry_after?: number, errors?: any[]}}} frame
   */
  answered({ re, ok, err }) {
    const asked = this.#open.get(re);
    if (!asked) return;
    this.#open.delete(re);
    clearTimeout(asked.timer);
    if (err)
      asked.reject(new Refused(err.code, err.detail ?? err.code, { retryAfter: err.retry_after, errors: err.errors }));
    else asked.resolve(ok);
    this.#fill();
  }

  /** The connection is gone: nobody knows whether what was sent was done. */
  lost() {
    for (const asked of this.#open.values()) {
      clearTimeout(asked.timer);
      asked.reject(new Refused('lost', 'the connection was lost'));
    }
    for (const asked of this.#waiting) asked.reject(new Refused('offline', 'not connected'));
    this.#open.clear();
    this.#waiting = [];
  }
}
