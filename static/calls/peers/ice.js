import { Signal } from '../../signal.js';
import { Refused } from '../../wire/refused.js';

/** @import { IceAnswer, Request } from '../../types.js' */

/** What the servers were given with is renewed when this share of its life is over. */
const RENEW_AT = 0.8;
/** Whatever the server says, it is not asked more often. */
const SOONEST_MS = 30_000;
const AGAIN_MS = 1000;

/**
 * The servers that help the legs of a call to each other.
 *
 * Nobody connects before they are known: they come with the rule whether addresses may be shown to the others.
 */
export class Ice {
  /** @type {Signal<RTCConfiguration>} */
  renewed = new Signal();
  /** @type {RTCConfiguration | null} */
  configuration = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isClosed = false;

  /**
   * @param {Request} request
   * @param {string} call
   */
  constructor(request, call) {
    this.request = request;
    this.call = call;
    this.#ask();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #ask() {
    try {
      /** @type {IceAnswer} */
      const answer = await this.request('call.ice', { call: this.call });
      if (this.#isClosed) return;
      this.configuration = {
        iceServers: answer.servers,
        iceTransportPolicy: answer.policy ?? 'all',
        bundlePolicy: 'max-bundle',
      };
      this.#later(Math.max(SOONEST_MS, answer.ttl * 1000 * RENEW_AT));
      this.renewed.fire(this.configuration);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Any other refusal says that we are not in the call: that is told by the call itself.
      if (error.isPassing) this.#later((error.retryAfter ?? 0) * 1000 || AGAIN_MS);
    }
  }

  /** @param {number} pause */
  #later(pause) {
    if (this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), pause);
  }
}
