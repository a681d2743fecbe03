import { Voice } from './voice.js';

/** @import { Own } from './own.js' */
/** @import { Teller } from '../teller.js' */

/** Whoever goes on speaking says so again after a while, for those who came since. */
const AGAIN_MS = 4000;
/** The end of it may have been lost on the way. */
const FORGET_MS = 10_000;

/** Who speaks in a call. */
export class Speakers {
  /** When each was heard last. @type {Map<string, number>} */
  #heard = new Map();
  #voice;
  #unlisten;
  #timer;

  /**
   * @param {string} mine  my own leg
   * @param {Own} own
   * @param {Teller} teller
   * @param {() => void} changed
   */
  constructor(mine, own, teller, changed) {
    this.changed = changed;
    this.#voice = new Voice((isSpeaking) => {
      this.heard(mine, isSpeaking);
      teller.speaking(isSpeaking);
    });
    this.#voice.take(own.track('audio'));
    this.#unlisten = own.swapped.listen((slot) => slot === 'audio' && this.#voice.take(own.track('audio')));
    this.#timer = setInterval(() => {
      if (this.#voice.isSpeaking) teller.speaking(true);
      if (this.#voice.isSpeaking) this.#heard.set(mine, performance.now());
      this.#forget();
    }, AGAIN_MS);
  }

  /** @param {string} leg */
  has(leg) {
    return this.#heard.has(leg);
  }

  /**
   * @param {string} leg
   * @param {boolean} isSpeaking
   */
  heard(leg, isSpeaking) {
    const was = this.#heard.has(leg);
    if (isSpeaking) this.#heard.set(leg, performance.now());
    else this.#heard.delete(leg);
    if (was !== isSpeaking) this.changed();
  }

  close() {
    clearInterval(this.#timer);
    this.#unlisten();
    this.#voice.close();
  }

  #forget() {
    const now = performance.now();
    for (const [leg, at] of this.#heard) if (now - at > FORGET_MS) this.heard(leg, false);
  }
}
