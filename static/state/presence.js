import { tell, told } from '../kept/tabs.js';
import { Signal } from '../signal.js';
import { Refused } from '../wire/refused.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Presence, Status } from '../types.js' */

/** What the server answers in one go, and what it watches for one session. */
const MOST_AT_ONCE = 200;
const MOST = 900;
/** How soon to ask again about somebody the server told nothing of: perhaps we share a room by now. */
const AGAIN_MS = 10_000;

/** How people are, as far as somebody looks at them here, and how I am. */
export class Presences {
  /** Somebody is another way. @type {Signal} */
  changed = new Signal();
  /** What I say of myself, on this device and in its other tabs. @type {Status} */
  mine = 'online';

  /** @type {Map<string, Presence>} */
  #known = new Map();
  /** When each was last asked about. @type {Map<string, number>} */
  #asked = new Map();
  /** @type {Set<string>} */
  #wanted = new Set();
  #isPlanned = false;

  /**
   * @param {Connection} connection
   * @param {string} me
   */
  constructor(connection, me) {
    this.connection = connection;
    this.me = me;
    connection.event.listen(({ ev, d }) => {
      if (ev === 'presence') this.#take([d]);
    });
    connection.changed.listen((phase) => {
      if (phase === 'live') this.#begin();
    });
    told.listen((message) => {
      if (message.kind === 'status' && message.user === me) this.#be(message.status);
    });
  }

  /**
   * How somebody is; undefined until it is known.
   * @param {string | undefined} id
   */
  of(id) {
    return id === undefined ? undefined : this.#known.get(id);
  }

  /**
   * Look at these people, from now on.
   * @param {string[]} ids
   */
  want(ids) {
    const now = Date.now();
    for (const id of ids) {
      const known = this.#known.get(id);
      const asked = this.#asked.get(id);
      const isUntold = known?.status === 'offline' && !known.last_seen;
      if (asked !== undefined && !(isUntold && now - asked > AGAIN_MS)) continue;
      if (asked === undefined && this.#asked.size >= MOST) continue;
      this.#asked.set(id, now);
      this.#wanted.add(id);
    }
    this.#plan();
  }

  /**
   * Say how I am.
   * @param {Status} status
   */
  say(status) {
    this.#be(status);
    tell({ kind: 'status', user: this.me, status });
  }

  /** @param {Status} status */
  async #be(status) {
    this.mine = status;
    try {
      await this.connection.request('presence.set', { status });
    } catch (error) {
      // Away: said when we are back. In a hurry, as many tabs of one person are: said a little later.
      const after = error instanceof Refused ? error.retryAfter : undefined;
      if (after !== undefined) setTimeout(() => this.mine === status && this.#be(status), after * 1000);
    }
  }

  /** What was watched and said ended with the last connection. */
  #begin() {
    for (const id of this.#asked.keys()) this.#wanted.add(id);
    this.#plan();
    if (this.mine !== 'online') this.#be(this.mine);
  }

  #plan() {
    if (this.#isPlanned || !this.#wanted.size) return;
    this.#isPlanned = true;
    setTimeout(() => this.#fetch(), 50);
  }

  async #fetch() {
    this.#isPlanned = false;
    // What is wanted while we are away is asked when we are back.
    if (!this.connection.isLive) return;
    const users = [...this.#wanted].slice(0, MOST_AT_ONCE);
    for (const id of users) this.#wanted.delete(id);
    try {
      this.#take(await this.connection.request('presence.watch', { users }));
    } catch (error) {
      // Away: asked about when we are back, as everybody is.
      if (!(error instanceof Refused) || error.retryAfter === undefined) return;
      for (const id of users) this.#wanted.add(id);
      setTimeout(() => this.#plan(), error.retryAfter * 1000);
      return;
    }
    this.#plan();
  }

  /** @param {Presence[]} told */
  #take(told) {
    for (const one of told) this.#known.set(one.user, one);
    this.changed.fire();
  }
}
