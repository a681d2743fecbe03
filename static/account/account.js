import { transact } from '../kept/database.js';
import { exclusively, tell, told } from '../kept/tabs.js';
import { Signal } from '../signal.js';
import { Refused } from '../wire/refused.js';
import { call } from './api.js';

/** @import { Me } from '../types.js' */

const KEPT = 'current';
/** An access token is renewed when this share of its life is over. */
const RENEW_AT = 0.8;

/** @typedef {{user: Me, refresh_token: string}} Kept */
/** @typedef {{user: Me, access_token: string, expires_in: number, refresh_token: string}} Tokens */

/**
 * Who is logged in here.
 *
 * The refresh token lives in IndexedDB, never in localStorage; the access token only in memory. A refresh rotates
 * the refresh token, so the tabs take turns, and the one that refreshed tells the others the new access token.
 */
export class Account {
  /** A new access token is there: a live connection may be extended with it. @type {Signal<string>} */
  renewed = new Signal();
  /** The session is over; the reason is for people. @type {Signal<string>} */
  ended = new Signal();

  /** @type {{value: string, endsAt: number} | null} */
  #access = null;
  /** @type {Promise<string> | null} */
  #refreshing = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #over = false;

  /** @param {Me} user */
  constructor(user) {
    this.user = user;
    told.listen((message) => {
      if (message.kind === 'account' && message.user !== user.id) this.#end('You logged out in another tab.');
      if (message.kind === 'token' && message.user === user.id) this.#hold(message.token, message.endsAt);
    });
  }

  /** Whoever was logged in when this page was last open. @returns {Promise<Account | null>} */
  static async restore() {
    const kept = await read();
    return kept ? new Account(kept.user) : null;
  }

  /**
   * @param {'login' | 'register'} how
   * @param {object} body
   * @returns {Promise<Account>}
   * @throws {Refused}
   */
  static async enter(how, body) {
    /** @type {Tokens} */
    const tokens = await call('POST', `auth/${how}`, { body });
    await write(tokens);
    tell({ kind: 'account', user: tokens.user.id });
    const account = new Account(tokens.user);
    account.#hold(tokens.access_token, Date.now() + tokens.expires_in * 1000);
    return account;
  }

  /**
   * An access token that is good now. With `stale`, one other than that (which the server did not take).
   * @param {string} [stale]
   * @returns {Promise<string>}
   * @throws {Refused} of code `unauthenticated` once the session is over
   */
  async token(stale) {
    const held = this.#access;
    if (held && held.value !== stale && held.endsAt > Date.now() + 5000) return held.value;
    this.#refreshing ??= this.#refresh(held?.value).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /**
   * Ask `method path` as this person.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   * @throws {Refused}
   */
  async call(method, path, body) {
    const token = await this.token();
    try {
      return await call(method, path, { body, token });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      return call(method, path, { body, token: await this.token(token) });
    }
  }

  /** End the session here and, if it can be reached, on the server. */
  async logout() {
    try {
      const token = await this.token();
      // The other tabs first: from the server they would hear that something ended their session.
      await this.#erase();
      await call('POST', 'auth/logout', { token });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await this.#erase();
    }
    this.#end('');
  }

  /**
   * The session is over: keep nothing of it.
   * @param {string} reason
   */
  async forget(reason) {
    if (this.#over) return;
    await this.#erase();
    this.#end(reason);
  }

  async #erase() {
    const kept = await read();
    if (kept?.user.id !== this.user.id) return;
    await transact('account', 'readwrite', (store) => store.delete(KEPT));
    tell({ kind: 'account', user: null });
  }

  /** @param {string} reason */
  #end(reason) {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#access = null;
    this.ended.fire(reason);
  }

  /**
   * @param {string | undefined} stale
   * @returns {Promise<string>}
   */
  #refresh(stale) {
    return exclusively('refresh', async () => {
      // While this tab waited for its turn, another one may have refreshed and told.
      const held = this.#access;
      if (held && held.value !== stale && held.endsAt > Date.now() + 5000) return held.value;
      const kept = await read();
      if (!kept || kept.user.id !== this.user.id || this.#over) {
        this.#end('You logged out in another tab.');
        throw new Refused('unauthenticated', 'logged out', { status: 401 });
      }
      return this.#rotate(kept);
    });
  }

  /**
   * @param {Kept} kept
   * @returns {Promise<string>}
   */
  async #rotate(kept) {
    try {
      /** @type {Tokens} */
      const tokens = await call('POST', 'auth/refresh', { body: { refresh_token: kept.refresh_token } });
      await write({ user: tokens.user ?? kept.user, refresh_token: tokens.refresh_token });
      const endsAt = Date.now() + tokens.expires_in * 1000;
      this.#hold(tokens.access_token, endsAt);
      tell({ kind: 'token', user: kept.user.id, token: tokens.access_token, endsAt });
      return tokens.access_token;
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401) throw error;
      // Without Web Locks another tab may have been faster; its token is as good.
      const now = await read();
      if (now && now.refresh_token !== kept.refresh_token) return this.#rotate(now);
      await this.forget('Your session is over. Please log in again.');
      throw error;
    }
  }

  /**
   * @param {string} value
   * @param {number} endsAt
   */
  #hold(value, endsAt) {
    if (this.#over) return;
    const isNew = this.#access !== null && this.#access.value !== value;
    this.#access = { value, endsAt };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#renew(), Math.max(1000, (endsAt - Date.now()) * RENEW_AT));
    if (isNew) this.renewed.fire(value);
  }

  /** Renew before the token ends. What fails here is tried again when a token is needed. */
  #renew() {
    const held = this.#access;
    if (held) this.token(held.value).catch(() => undefined);
  }
}

/** @returns {Promise<Kept | undefined>} */
function read() {
  return transact('account', 'readonly', (store) => store.get(KEPT));
}

/** @param {Kept} kept */
async function write({ user, refresh_token }) {
  const { id, username } = user;
  await transact('account', 'readwrite', (store) => store.put({ user: { id, username }, refresh_token }, KEPT));
}
