import { Refused } from '../../../wire/refused.js';

/** @import { Connection } from '../../../wire/connection.js' */

/**
 * @typedef {object} Watch
 * @property {() => void} fresh
 * @property {(error: unknown) => void} refused
 */

const AGAIN_MS = 2000;

/**
 * Watches what one is no member of: the discussion of a post, a page, an open topic.
 *
 * The server forgets it with the connection, so it is asked for anew with the next one. Whoever watches fetches what
 * it shows each time that the server has begun to tell (`fresh`): then nothing can lie between.
 */
export class Watching {
  /** @type {Map<string, Set<Watch>>} */
  #streams = new Map();

  /** @param {Connection} connection */
  constructor(connection) {
    this.connection = connection;
    connection.changed.listen((phase) => {
      if (phase === 'live') for (const stream of this.#streams.keys()) this.#ask(stream);
    });
  }

  /**
   * Watch a stream until the answer is called.
   * @param {string} stream
   * @param {Watch} watch
   * @returns {() => void}
   */
  watch(stream, watch) {
    const held = this.#streams.get(stream);
    if (held) held.add(watch);
    else this.#streams.set(stream, new Set([watch]));
    if (this.connection.isLive) this.#ask(stream, watch);
    return () => this.#stop(stream, watch);
  }

  /**
   * A stream may be seen no more: whoever watches it finds out why.
   * @param {string} stream
   */
  over(stream) {
    for (const watch of this.#told(stream)) watch.fresh();
  }

  /**
   * @param {string} stream
   * @param {Watch} [only]  whom to tell; else all
   */
  async #ask(stream, only) {
    try {
      await this.connection.request('room.watch', { room: stream });
      for (const watch of this.#told(stream, only)) watch.fresh();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      // Away: asked anew with the next connection.
      if (!this.connection.isLive) return;
      if (error.isPassing) setTimeout(() => this.#again(stream, only), (error.retryAfter ?? 0) * 1000 || AGAIN_MS);
      else for (const watch of this.#told(stream, only)) watch.refused(error);
    }
  }

  /**
   * @param {string} stream
   * @param {Watch} [only]
   */
  #again(stream, only) {
    if (this.connection.isLive && this.#told(stream, only).length) this.#ask(stream, only);
  }

  /**
   * @param {string} stream
   * @param {Watch} [only]
   * @returns {Watch[]}
   */
  #told(stream, only) {
    const held = this.#streams.get(stream);
    if (!held) return [];
    return only ? [only].filter((watch) => held.has(watch)) : [...held];
  }

  /**
   * @param {string} stream
   * @param {Watch} watch
   */
  #stop(stream, watch) {
    const held = this.#streams.get(stream);
    if (!held?.delete(watch) || held.size) return;
    this.#streams.delete(stream);
    // Where it cannot be said the connection is gone, and the watch with it.
    this.connection.request('room.unwatch', { room: stream }).catch(() => undefined);
  }
}
