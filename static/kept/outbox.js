import { Signal } from '../signal.js';
import { inWords, Refused } from '../wire/refused.js';
import { transact } from './database.js';
import { exclusively, tell, told } from './tabs.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Item, Pending } from '../types.js' */

/**
 * Messages on their way.
 *
 * Each is kept in IndexedDB with its cid before it is sent, and removed once the server has it; so it survives a
 * reload, and sending it twice makes one message. All tabs share the outbox; per room one tab sends at a time, one
 * message after the other, so that they arrive in the order of writing.
 */
export class Outbox {
  /** @type {Signal} */
  changed = new Signal();
  /** A message was taken by the server. @type {Signal<Item>} */
  sent = new Signal();

  /** @type {Pending[]} */
  #entries = [];
  /** Rooms being sent now, and whether to look again afterwards. @type {Map<string, boolean>} */
  #sending = new Map();
  #isClosed = false;
  #reads = 0;

  /**
   * @param {string} user
   * @param {Connection} connection
   */
  constructor(user, connection) {
    this.user = user;
    this.connection = connection;
    told.listen((message) => {
      if (message.kind === 'outbox' && message.user === user) this.#refresh().then(() => this.flush());
    });
    connection.changed.listen((phase) => {
      if (phase === 'live') this.#refresh().then(() => this.flush());
    });
  }

  /** Read what an earlier visit left. */
  open() {
    return this.#refresh();
  }

  /** Send nothing any more: somebody logged out. */
  close() {
    this.#isClosed = true;
  }

  get size() {
    return this.#entries.length;
  }

  /**
   * Messages of a room that the server does not have yet, in the order of writing.
   * @param {string} room
   * @returns {Pending[]}
   */
  of(room) {
    return this.#entries.filter((entry) => entry.room === room);
  }

  /**
   * Keep a message, then send it. It is safe once this returns.
   * @param {{room: string, text: string, reply_to: string | null, anonymous?: boolean}} message
   */
  async add({ room, text, reply_to, anonymous = false }) {
    const entry = {
      user: this.user,
      room,
      text,
      reply_to,
      anonymous,
      cid: makeCid(),
      created_at: new Date().toISOString(),
      state: 'pending',
    };
    await transact('outbox', 'readwrite', (store) => store.add(entry));
    await this.#saved();
    this.#flushRoom(room);
  }

  /**
   * Try a refused message again.
   * @param {Pending} entry
   */
  async retry(entry) {
    // A cid that belongs to another message is the one refusal that a new cid mends.
    const cid = entry.code === 'cid_conflict' ? makeCid() : entry.cid;
    const { error: _error, code: _code, ...rest } = entry;
    await transact('outbox', 'readwrite', (store) => store.put({ ...rest, cid, state: 'pending' }));
    await this.#saved();
    this.#flushRoom(entry.room);
  }

  /** @param {Pending} entry */
  async discard(entry) {
    await transact('outbox', 'readwrite', (store) => store.delete(entry.n));
    await this.#saved();
  }

  /** Discard everything of this person. */
  async clear() {
    for (const entry of [...this.#entries]) await this.discard(entry);
  }

  /**
   * The server has the message `cid` of this person, as an event showed.
   * @param {string} cid
   */
  delivered(cid) {
    const entry = this.#entries.find((kept) => kept.cid === cid);
    if (entry) this.discard(entry);
  }

  /** Send what waits, room by room. */
  flush() {
    const rooms = new Set(this.#entries.filter((entry) => entry.state === 'pending').map((entry) => entry.room));
    for (const room of rooms) this.#flushRoom(room);
  }

  /** @param {string} room */
  async #flushRoom(room) {
    if (this.#sending.has(room)) {
      this.#sending.set(room, true);
      return;
    }
    this.#sending.set(room, false);
    try {
      await exclusively(`outbox:${this.user}:${room}`, () => this.#drain(room));
    } finally {
      const again = this.#sending.get(room);
      this.#sending.delete(room);
      if (again && this.connection.isLive) this.#flushRoom(room);
    }
  }

  /**
   * Send the messages of a room until none is left, or the connection goes. The database is read anew each time:
   * the other tabs put in and take out too.
   * @param {string} room
   */
  async #drain(room) {
    while (this.connection.isLive && !this.#isClosed) {
      const entries = await read(this.user);
      const entry = entries.find((kept) => kept.room === room && kept.state === 'pending');
      if (!entry) return;
      await this.#send(entry);
    }
  }

  /** @param {Pending} entry */
  async #send(entry) {
    const { room, text, cid, reply_to, anonymous } = entry;
    try {
      const d = { room, text, cid, ...(reply_to && { reply_to }), ...(anonymous && { anonymous }) };
      this.sent.fire(await this.connection.request('message.send', d));
      await this.discard(entry);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.isPassing) await this.#pause(error);
      else await this.#fail(entry, error);
    }
  }

  /**
   * Wait as long as the server says; not at all where the connection went (`#drain` ends then).
   * @param {Refused} error
   */
  async #pause(error) {
    if (!this.connection.isLive || error.code === 'timeout') return;
    await new Promise((resolve) => setTimeout(resolve, (error.retryAfter ?? 1) * 1000));
  }

  /**
   * The server will not take it: a person has to decide.
   * @param {Pending} entry
   * @param {Refused} refused
   */
  async #fail(entry, refused) {
    const failed = { ...entry, state: 'failed', error: inWords(refused), code: refused.code };
    await transact('outbox', 'readwrite', (store) => store.put(failed));
    await this.#saved();
  }

  async #saved() {
    await this.#refresh();
    tell({ kind: 'outbox', user: this.user });
  }

  async #refresh() {
    const turn = ++this.#reads;
    const entries = await read(this.user);
    if (turn !== this.#reads) return; // a later read has more to say
    this.#entries = entries;
    this.changed.fire();
  }
}

/**
 * @param {string} user
 * @returns {Promise<Pending[]>}
 */
function read(user) {
  return transact('outbox', 'readonly', (store) => store.index('user').getAll(user));
}

/** `crypto.randomUUID` is there on https and localhost only. */
function makeCid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
