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
  /** Whether I am muted, as I am saying it just now: its event comes before its answer. @type {boolean | undefined} */
  #saying;
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
   * Whether I am saying so myself.
   * @param {boolean} isMuted
   */
  says(isMuted) {
    return this.#saying === isMuted;
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
    this.#told = {};
    this.#isConnectionTold = false;
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

  async #run() {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // Nothing comes between the last look and the end: what is told later begins anew.
    while (this.#isBehind) await this.#step();
    this.#isRunning = false;
  }

  async #step() {
    try {
      if (this.#isConnected && !this.#isConnectionTold) await this.#tellConnected();
      else await this.#tellNews();
    } catch (error) {
      this.#isConnectionTold = false;
      await this.#failed(error);
    }
  }

  async #tellConnected() {
    this.#isConnectionTold = true;
    await this.connection.request('call.connected', { call: this.call });
  }

  async #tellNews() {
    const told = this.#told;
    const news = this.#news;
    this.#told = this.#wanted;
    this.#saying = news.muted;
    try {
      await this.connection.request('call.set', { call: this.call, ...news });
    } catch (error) {
      this.#told = error instanceof Refused && !error.mayBeDone ? told : {};
      throw error;
    } finally {
      this.#saying = undefined;
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
