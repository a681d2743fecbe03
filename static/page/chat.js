import { Calls } from '../calls/calls.js';
import { Outbox } from '../kept/outbox.js';
import { Blocks } from '../state/blocks.js';
import { Forum } from '../state/forum/forum.js';
import { Presences } from '../state/presence.js';
import { Reader } from '../state/reader.js';
import { Store } from '../state/store.js';
import { Sync } from '../state/sync.js';
import { Connection } from '../wire/connection.js';
import { Announcer } from './announcer.js';
import { CallViews } from './calls/views.js';
import { Shell } from './shell.js';
import { useTheme } from './theme.js';
import { Toasts } from './toasts.js';
import { Warnings } from './warnings.js';

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
    this.forum = new Forum(this.connection, this.store, (method, path, body) => account.call(method, path, body));
    this.store.isQuiet = (id) => this.forum.stances.isQuiet(id);
    this.calls = new Calls(this.connection, account.user);
    this.blocks = new Blocks((method, path, body) => account.call(method, path, body));
    this.warnings = new Warnings(this);
    this.#listen();
    this.callViews = new CallViews(this);
    this.shell = new Shell(this, root);
  }

  get me() {
    return this.account.user;
  }

  /**
   * Whether somebody is me, under whichever name.
   * @param {string | undefined} id
   */
  isMe(id) {
    return id !== undefined && (id === this.me.id || this.forum.aliases.has(id));
  }

  /**
   * Whether people may speak under another name in a room: as its topic says.
   * @param {Room} room
   */
  mayHide(room) {
    const place = room.kind === 'topic' ? room : this.store.room(room.place);
    return place?.anonymous ?? false;
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
    this.calls.close();
    this.connection.stop();
    this.outbox.close();
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  }

  #listen() {
    const { account, connection, outbox, store, closing } = this;
    account.renewed.listen((token) => connection.extend(token));
    connection.over.listen((why) => account.forget(why));
    connection.greeted.listen(() => this.#decided());
    account.changed.listen(() => this.#colour());
    this.#colour();
    connection.event.listen(({ d }) => {
      if (d?.kind === 'notice' && d.type === 'warned') this.warnings.load();
    });
    outbox.sent.listen((item) => {
      this.forum.aliases.learn(item);
      store.room(item.room)?.timeline.take(item);
    });
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

  /** Show the page in the colours of whoever is logged in. */
  #colour() {
    const { preferences } = this.account.user;
    // Where it cannot be kept it holds until the page is closed.
    if (preferences) useTheme(preferences.theme).catch(() => undefined);
  }

  /** Whatever was decided about people while we were away. */
  #decided() {
    this.warnings.load();
    this.blocks.load().catch(() => undefined);
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
