import { Refused } from '../wire/refused.js';

/** @import { Connection } from '../wire/connection.js' */

/** @typedef {{muted: boolean, camera: boolean, screen: boolean, hand: boolean}} Attributes */

/** @type {(keyof Attributes)[]} */
const NAMES = ['muted', 'camera', 'screen', 'hand'];
const AGAIN_MS = 1000;

/** Tells the server of my leg: how it is, and that it is connected. Until it has heard, again and again. */
export class Teller {
  /** What the server is to know. @type {Partial<Attributes>} */
  #wanted;
  /** What it has heard from me; nothing where that is not known. @type {Partial<Attributes>} */
  #told;
  /** Whether I am muted, as I said it and have not heard it back yet: the oldest first. @type {boolean[]} */
  #said = [];
  #isConnected = false;
  #isConnectionTold = false;
  #isRunning = false;
  #isClosed = false;
  /** Ends the wait for another try. */
  #wake = () => undefined;

  /**
   * @param {Connection} connection
   * @param {string} call
   * @param {Partial<Attributes>} leg  mine, as the server has it
   * @param {() => void} out  the server says that my leg is not in the call
   */
  constructor(connection, call, { muted, camera, screen, hand }, out) {
    this.connection = connection;
    this.call = call;
    this.out = out;
    this.#wanted = this.#told = { muted, camera, screen, hand };
  }

  /** What the server is to know and does not: no more, for a host may have muted me meanwhile. */
  get #news() {
    /** @type {Partial<Attributes>} */
    const news = {};
    for (const name of NAMES) if (this.#wanted[name] !== this.#told[name]) news[name] = this.#wanted[name];
    return news;
  }

  /**
   * The server tells whether I am muted.
   * @param {boolean} isMuted
   * @returns {boolean} whether I have said so myself
   */
  heard(isMuted) {
    const place = this.#said.indexOf(isMuted);
    this.#said.splice(0, place + 1);
    return place >= 0;
  }

  /** @param {Attributes} attributes */
  tell(attributes) {
    this.#wanted = attributes;
    this.#run();
  }

  connected() {
    this.#isConnected = true;
    this.#run();
  }

  /**
   * We are at another node, or back after a while: it is all told anew.
   * @param {Attributes} attributes
   */
  again(attributes) {
    this.#forget();
    this.tell(attributes);
  }

  /**
   * Not kept: whoever misses it hears the next.
   * @param {boolean} isSpeaking
   */
  speaking(isSpeaking) {
    if (!this.connection.isLive) return;
    this.connection.request('call.set', { call: this.call, speaking: isSpeaking }).catch(() => undefined);
  }

  close() {
    this.#isClosed = true;
    this.#wake();
  }

  /** Whether there is something to tell. */
  get #isBehind() {
    return !this.#isClosed && ((this.#isConnected && !this.#isConnectionTold) || Object.keys(this.#news).length > 0);
  }

  #forget() {
    this.#told = {};
    this.#said = [];
    this.#isConnectionTold = false;
  }

  async #run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Nothing comes between the last look and the end: what is told later begins anew.
    while (this.#isBehind) await this.#step();
    this.#isRunning = false;
  }

  async #step() {
    const { call } = this;
    const news = this.#news;
    try {
      if (this.#isConnected && !this.#isConnectionTold) {
        this.#isConnectionTold = true;
        await this.connection.request('call.connected', { call });
      } else {
        this.#told = this.#wanted;
        if (news.muted !== undefined) this.#said.push(news.muted);
        await this.connection.request('call.set', { call, ...news });
      }
    } catch (error) {
      this.#forget();
      await this.#failed(error);
    }
  }

  /** @param {unknown} error */
  async #failed(error) {
    if (!(error instanceof Refused)) throw error;
    if (error.isPassing) return this.#wait((error.retryAfter ?? 0) * 1000 || AGAIN_MS);
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.out();
  }

  /** @param {number} pause */
  #wait(pause) {
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
