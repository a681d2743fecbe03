import { isIn } from './current.js';
import { Ringtone } from './media/ringtone.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Call } from '../types.js' */

/** The server ends ringing after 40 s; where its word is late it does not ring on for ever. */
const LONGEST_MS = 45_000;

/** What rings for one person on this page. */
export class Ringing {
  /** When each was heard of first, by performance.now(). @type {Map<string, number>} */
  #since = new Map();
  /** @type {Set<string>} */
  #ignored = new Set();
  /** Those of which the server knows that they ring here. @type {Set<string>} */
  #told = new Set();
  #ringtone = new Ringtone();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Connection} connection
   * @param {string} me
   * @param {() => void} over  something has rung for long enough
   */
  constructor(connection, me, over) {
    this.connection = connection;
    this.me = me;
    this.over = over;
  }

  /**
   * Those of `calls` that ring here.
   * @param {Call[]} calls
   * @returns {Call[]}
   */
  of(calls) {
    return calls.filter((call) => this.has(call) && !this.#ignored.has(call.id) && !this.#isOver(call));
  }

  /**
   * Whether it rings for me, on any device.
   * @param {Call} call
   */
  has({ state, invited, legs }) {
    if (state === 'ended') return false;
    if (legs.some((leg) => leg.user.id === this.me && isIn(leg))) return false;
    return (invited ?? []).some(({ user, state: how }) => user.id === this.me && how === 'ringing');
  }

  /** @param {string} call */
  ignore(call) {
    this.#ignored.add(call);
  }

  /**
   * A call is another way. Whoever calls hears that it rings somewhere.
   * @param {Call} call
   * @param {boolean} isLive  whether the server can be told now
   */
  look(call, isLive) {
    const { id } = call;
    if (!this.has(call)) {
      this.#since.delete(id);
      this.#ignored.delete(id);
      this.#told.delete(id);
      return;
    }
    if (!this.#since.has(id)) this.#since.set(id, performance.now());
    if (!isLive || this.#told.has(id)) return;
    this.#told.add(id);
    // Where it is not heard the caller knows less, and that is all.
    this.connection.request('call.ringing', { call: id }).catch(() => undefined);
  }

  /** The websocket went, and with it whatever the server knew of this device. */
  lost() {
    this.#told.clear();
  }

  /**
   * Sound as the calls are.
   * @param {Call[]} ringing
   * @param {Call | undefined} current
   */
  sound(ringing, current) {
    const isMine = current?.state === 'ringing' && current.started_by.id === this.me;
    if (current) this.#ringtone.play(isMine ? 'ringback' : null);
    else this.#ringtone.play(ringing.length ? 'ring' : null);
    clearTimeout(this.#timer);
    const ends = ringing.map(({ id }) => (this.#since.get(id) ?? 0) + LONGEST_MS);
    if (ends.length) this.#timer = setTimeout(this.over, Math.min(...ends) - performance.now() + 1);
  }

  close() {
    clearTimeout(this.#timer);
    this.#ringtone.close();
  }

  /** @param {Call} call */
  #isOver({ id }) {
    const since = this.#since.get(id);
    return since !== undefined && performance.now() - since > LONGEST_MS;
  }
}
