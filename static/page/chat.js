import { Outbox } from '../kept/outbox.js';
import { Presences } from '../state/presence.js';
import { Reader } from '../state/reader.js';
import { Store } from '../state/store.js';
import { Sync } from '../state/sync.js';
import { Connection } from '../wire/connection.js';
import { Announcer } from './announcer.js';
import { Shell } from './shell.js';
import { Toasts } from './toasts.js';

/** @import { Account } from '../account/account.js' */
/** @import { Room } from '../state/room.js' */
/** @import { Person, RoomData } from '../types.js' */

/** Everything that lives while somebody is logged in: made at log-in, closed at log-out. */
export class Chat {
  announcer = new Announcer();
  toasts = new Toasts();
  /** What was begun in a room and not sent, by room. @type {Map<string, string>} */
  drafts = new Map();
  #closing = new AbortController();

  /**
   * @param {Account} account
   * @param {HTMLElement} root
   */
  constructor(account, root) {
    this.account = account;
    const url = new URL('/ws', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.connection = new Connection({
      url: url.href,
      token: (stale) => account.token(stale),
      cursors: () => this.sync.cursors.forHello(),
    });
    this.store = new Store(account.user, (op, d) => this.connection.request(op, d));
    this.outbox = new Outbox(account.user.id, this.connection);
    this.sync = new Sync(this.connection, this.store, this.outbox);
    this.reader = new Reader(this.connection, this.store);
    this.presences = new Presences(this.connection, account.user.id);
    this.#listen();
    this.shell = new Shell(this, root);
  }

  get me() {
    return this.account.user;
  }

  async open() {
    await this.outbox.open();
    this.connection.start();
  }

  /** Ends when the chat is closed: for listeners on the window. */
  get closing() {
    return this.#closing.signal;
  }

  close() {
    this.#closing.abort();
    this.connection.stop();
    this.outbox.close();
  }

  #listen() {
    const { account, connection, outbox, store, closing } = this;
    account.renewed.listen((token) => connection.extend(token));
    connection.over.listen((why) => account.forget(why));
    outbox.sent.listen((item) => store.room(item.room)?.timeline.take(item));
    store.left.listen(({ room, reason }) => this.#left(room, reason));
    const hurry = () => connection.hurry();
    addEventListener('online', hurry, { signal: closing });
    addEventListener('offline', hurry, { signal: closing });
    addEventListener('pageshow', hurry, { signal: closing });
    addEventListener('pagehide', () => this.reader.flush(), { signal: closing });
    document.addEventListener('visibilitychange', () => (document.hidden ? this.reader.flush() : hurry()), {
      signal: closing,
    });
  }

  /**
   * @param {Room} room
   * @param {string} reason
   */
  #left(room, reason) {
    if (reason === 'removed') this.toasts.show(`You were removed from ${room.name}.`);
    if (reason === 'banned') this.toasts.show(`You were banned from ${room.name}.`);
    if (reason === 'deleted') this.toasts.show(`${room.name} was deleted.`);
    for (const entry of this.outbox.of(room.id)) this.outbox.discard(entry);
  }

  /**
   * Show a room that an answer brought; its event may still be on the way.
   * @param {RoomData} data
   */
  enter(data) {
    this.shell.go(data.id);
  }

  /**
   * Open the conversation with one person.
   * @param {Person} person
   */
  async talkTo(person) {
    /** @type {RoomData} */
    const data = await this.account.call('POST', 'rooms/direct', { user: person.id });
    // It appears at the peer's with its first message; here it is wanted at once.
    if (!this.store.room(data.id)) this.store.take(data).count(data);
    this.enter(data);
  }
}
