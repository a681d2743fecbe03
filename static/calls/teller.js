import { Refused } from '../wire/refused.js';

/** @import { Connection } from '../wire/connection.js' */

/** @typedef {{muted: boolean, camera: boolean, screen: boolean, hand: boolean}} Attributes */

const AGAIN_MS = 1000;

/** Tells the server of my leg: how it is, and that it is connected. Until it has heard, again and again. */
export class Teller {
  /** What the server is to know. @type {Attributes | null} */
  #wanted = null;
  /** What it knows, as text; '' while that is not known. */
  #told = '';
  #isConnected = false;
  #isConnectionTold = false;
  #isRunning = false;
  #isClosed = false;
  /** Ends the wait for another try. */
  #wake = () => undefined;

  /**
   * @param {Connection} connection
   * @param {string} call
   * @param {() => void} out  the server says that my leg is not in the call
   */
  constructor(connection, call, out) {
    this.connection = connection;
    this.call = call;
    this.out = out;
  }

  /** Whether the server knows what it is to know, and nothing is on its way. */
  get isSettled() {
    return !this.#isRunning && this.#isHeard;
  }

  get #isHeard() {
    return !this.#wanted || JSON.stringify(this.#wanted) === this.#told;
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
    this.#told = '';
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
    return !this.#isClosed && ((this.#isConnected && !this.#isConnectionTold) || !this.#isHeard);
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
    const wanted = this.#wanted;
    try {
      if (this.#isConnected && !this.#isConnectionTold) {
        this.#isConnectionTold = true;
        await this.connection.request('call.connected', { call });
      } else {
        this.#told = JSON.stringify(wanted);
        await this.connection.request('call.set', { call, ...wanted });
      }
    } catch (error) {
      this.#told = '';
      this.#isConnectionTold = false;
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
