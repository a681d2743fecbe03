import { Refused } from '../../wire/refused.js';

/** @import { Connection } from '../../wire/connection.js' */
/** @import { SignalKind } from '../../types.js' */

/** Candidates come in bursts: those of one burst go together. */
const BURST_MS = 150;
/** The server takes 4 KiB of candidates at once. */
const BURST_LENGTH = 3500;
const AGAIN_MS = 1000;
/** Whoever has this many waiting has been away for long: the oldest are of no use by now. */
const MOST = 64;

/** What this leg has to say to one other leg: in order, each until the server has taken it. */
export class Outgoing {
  /** @type {{kind: SignalKind, data: object}[]} */
  #queue = [];
  /** @type {RTCIceCandidateInit[]} */
  #candidates = [];
  #length = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #burst;
  #isSending = false;
  #isClosed = false;
  /** Ends the wait for another try. */
  #wake = () => undefined;

  /**
   * @param {Connection} connection
   * @param {string} call
   * @param {string} to
   */
  constructor(connection, call, to) {
    this.connection = connection;
    this.call = call;
    this.to = to;
  }

  /**
   * @param {SignalKind} kind
   * @param {object} data
   */
  send(kind, data) {
    if (this.#isClosed) return;
    // What was not sent yet is overtaken by this: two answers, or two wishes to begin anew, are one too many.
    const stays = (/** @type {{kind: SignalKind}} */ waiting, /** @type {number} */ n) =>
      waiting.kind !== kind || (n === 0 && this.#isSending);
    if (kind !== 'ice') this.#queue = this.#queue.filter(stays);
    this.#queue.push({ kind, data });
    if (this.#queue.length > MOST) this.#queue.splice(this.#isSending ? 1 : 0, 1);
    if (!this.#isSending) this.#run();
  }

  /** @param {RTCIceCandidate | null} candidate  none, or an empty one, where all have been found */
  add(candidate) {
    if (!candidate?.candidate) return this.#flush();
    const { candidate: text, sdpMid, sdpMLineIndex, usernameFragment } = candidate;
    const one = { candidate: text, sdpMid, sdpMLineIndex, usernameFragment };
    const length = JSON.stringify(one).length + 1;
    if (this.#length + length > BURST_LENGTH) this.#flush();
    this.#candidates.push(one);
    this.#length += length;
    this.#burst ??= setTimeout(() => this.#flush(), BURST_MS);
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#burst);
    this.#queue = [];
    this.#wake();
  }

  #flush() {
    clearTimeout(this.#burst);
    this.#burst = undefined;
    if (!this.#candidates.length) return;
    const candidates = this.#candidates;
    this.#candidates = [];
    this.#length = 0;
    this.send('ice', { candidates });
  }

  async #run() {
    this.#isSending = true;
    while (this.#queue.length) {
      const { kind, data } = this.#queue[0];
      const pause = await this.#put(kind, data);
      if (pause === null) this.#queue.shift();
      else await this.#wait(pause);
    }
    this.#isSending = false;
  }

  /**
   * @param {SignalKind} kind
   * @param {object} data
   * @returns {Promise<number | null>} how long to wait before another try, in milliseconds; null: none is needed
   */
  async #put(kind, data) {
    try {
      await this.connection.request('call.signal', { call: this.call, to: this.to, kind, data });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Lost on the way it may have arrived: whoever gets it twice knows it by its id.
      if (error.isPassing) return (error.retryAfter ?? 0) * 1000 || AGAIN_MS;
      // The other leg is gone, or the call is: both are told by the call itself.
    }
    return null;
  }

  /** @param {number} pause */
  #wait(pause) {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((/** @type {(value?: undefined) => void} */ resolve) => {
      const timer = setTimeout(() => this.#wake(), pause);
      const unlisten = this.connection.changed.listen((phase) => phase === 'live' && this.#wake());
      this.#wake = () => {
        clearTimeout(timer);
        unlisten();
        resolve();
      };
    });
  }
}
