import { exclusively, tell, told } from '../kept/tabs.js';
import { Signal } from '../signal.js';
import { inWords, Refused } from '../wire/refused.js';
import { call } from './api.js';
import { eraseWho, keepLeaving, keepWho, readLeaving, readWho } from './kept.js';

/** @import { Me } from '../types.js' */

/** An access token is renewed when this share of its life is over. */
const RENEW_AT = 0.8;

/** @param {unknown} error */
const isBan = (error) => error instanceof Refused && error.code === 'account_banned';

/**
 * The server has no session here any more: none has to be ended.
 * @param {unknown} error
 */
const isOver = (error) => isBan(error) || (error instanceof Refused && error.status === 401);

/** @typedef {{user: Me, access_token: string, expires_in: number}} Tokens */

/**
 * Who is logged in here.
 *
 * The refresh token is in a cookie that no script reads; the access token only in memory. A refresh rotates the
 * refresh token, so the tabs take turns, and the one that refreshed tells the others the new access token.
 */
export class Account {
  /** A new access token is there: a live connection may be extended with it. @type {Signal<string>} */
  renewed = new Signal();
  /** The session is over; the reason is for people. @type {Signal<string>} */
  ended = new Signal();
  /** What is known of the person changed. @type {Signal} */
  changed = new Signal();

  /** @type {{value: string, endsAt: number} | null} */
  #access = null;
  /** @type {Promise<string> | null} */
  #refreshing = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #over = false;
  /** A log-out that the server has not answered yet. @type {Promise<void> | null} */
  #leaving = null;

  /** @param {Me} user */
  constructor(user) {
    /** One object all along: who holds it sees what changes. */
    this.user = user;
    told.listen((message) => {
      if (message.kind === 'account' && message.user !== user.id) this.#end('You logged out in another tab.');
      if (message.kind === 'token' && message.user === user.id) this.#hold(message.token, message.endsAt);
    });
  }

  /** Whoever was logged in when this page was last open. @returns {Promise<Account | null>} */
  static async restore() {
    const kept = await readWho();
    return kept ? new Account({ id: kept.id, username: kept.username }) : null;
  }

  /**
   * Send a proof of who somebody is, and be logged in with what it brings.
   * @param {string} path  of a request that answers with tokens
   * @param {object} body
   * @returns {Promise<Account>}
   * @throws {Refused} of code `second_factor` where another proof is needed
   */
  static async enter(path, body) {
    const answer = await Account.alone(() => call('POST', path, { body }));
    return Account.begun(answer);
  }

  /**
   * Ask for what gives this browser its cookie, or takes it away, while no other tab does either: the late answer to a
   * log-out would take it from whoever logged in meanwhile. Nothing is kept meanwhile that the answer has cleared:
   * that may take long, and all tabs would wait.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  static alone(work) {
    return exclusively('refresh', work);
  }

  /**
   * Be logged in with what the server gave.
   * @param {Tokens} tokens
   * @returns {Promise<Account>}
   */
  static async begun(tokens) {
    await keepWho(tokens.user);
    await keepLeaving(false);
    tell({ kind: 'account', user: tokens.user.id });
    const account = new Account(tokens.user);
    account.#hold(tokens.access_token, Date.now() + tokens.expires_in * 1000);
    return account;
  }

  /** Somebody logged out while the server was away: end that session now. */
  static async finishLeaving() {
    if (!(await readLeaving())) return;
    try {
      await Account.alone(async () => {
        const { access_token: token } = await call('POST', 'auth/refresh', { body: {} });
        await call('POST', 'auth/logout', { token });
      });
    } catch (error) {
      if (!isOver(error)) return;
    }
    await keepLeaving(false);
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
      // Other refusals with this status are about a proof, not about the token.
      if (!(error instanceof Refused) || error.code !== 'unauthenticated') throw error;
      return call(method, path, { body, token: await this.token(token) });
    }
  }

  /**
   * The server told more of the person, or something new.
   * @param {Partial<Me>} user
   */
  update(user) {
    Object.assign(this.user, user);
    this.changed.fire();
  }

  /** End the session here and, if it can be reached, on the server; else as soon as it can. */
  async logout() {
    this.#leaving ??= this.#leave();
    try {
      await this.#leaving;
    } finally {
      this.#leaving = null;
    }
  }

  async #leave() {
    try {
      const token = await this.token();
      await keepLeaving(true);
      await Account.alone(async () => {
        // The other tabs first: from the server they would hear that something ended their session.
        await eraseWho(this.user.id);
        await call('POST', 'auth/logout', { token });
      });
      // The browser clears what this page kept, and until it has, nothing is written: nobody waits for that.
      this.#end('');
      await keepLeaving(false);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await keepLeaving(!isOver(error));
      await eraseWho(this.user.id);
      this.#end('');
    }
  }

  /**
   * The session is over: keep nothing of it.
   * @param {string} reason
   */
  async forget(reason) {
    // The websocket may tell of the end before a log-out is answered, and its answer takes the cookie away: whoever
    // logged in between the two would lose theirs.
    await this.#leaving?.catch(() => undefined);
    if (this.#over) return;
    try {
      await eraseWho(this.user.id);
    } finally {
      this.#end(reason);
    }
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
    return Account.alone(async () => {
      // While this tab waited for its turn, another one may have refreshed and told.
      const held = this.#access;
      if (held && held.value !== stale && held.endsAt > Date.now() + 5000) return held.value;
      await this.#demandOurs();
      return this.#rotate();
    });
  }

  /** The cookie is whoever's logged in here last: it is not to be used for somebody else. */
  async #demandOurs() {
    const kept = await readWho();
    if (kept?.id !== this.user.id || this.#over) this.#notOurs();
  }

  /** @returns {never} */
  #notOurs() {
    if (!this.#leaving) this.#end('You logged out in another tab.');
    throw new Refused('unauthenticated', 'logged out', { status: 401 });
  }

  /** @returns {Promise<string>} */
  async #rotate() {
    let tokens;
    try {
      tokens = await this.#askForTokens();
    } catch (error) {
      // A log-out that is under way asked for this itself, and cleans up after it: waiting for it would never end.
      if (this.#leaving) throw error;
      if (isBan(error)) await this.forget(inWords(error));
      else if (isOver(error)) await this.forget('Your session is over. Please log in again.');
      throw error;
    }
    if (tokens.user.id !== this.user.id) this.#notOurs();
    const endsAt = Date.now() + tokens.expires_in * 1000;
    this.#hold(tokens.access_token, endsAt);
    tell({ kind: 'token', user: this.user.id, token: tokens.access_token, endsAt });
    await keepWho(tokens.user);
    this.update(tokens.user);
    return tokens.access_token;
  }

  /** @returns {Promise<Tokens>} */
  async #askForTokens() {
    try {
      return await call('POST', 'auth/refresh', { body: {} });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 401 || navigator.locks) throw error;
      // Without Web Locks another tab may have been faster: by now the cookie has its token.
      return call('POST', 'auth/refresh', { body: {} });
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
