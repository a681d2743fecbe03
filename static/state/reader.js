import { tell } from '../kept/tabs.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Room } from './room.js' */
/** @import { Store } from './store.js' */

const PAUSE_MS = 500;

/** Tells the server how far rooms were read: at once, then at most once in a pause. */
export class Reader {
  /** What the server does not know yet. @type {Map<string, number>} */
  #wanted = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Connection} connection
   * @param {Store} store
   */
  constructor(connection, store) {
    this.connection = connection;
    this.store = store;
    connection.changed.listen((phase) => {
      if (phase === 'live') this.#send();
    });
  }

  /**
   * Somebody saw the item `seq` of `room` on this page.
   * @param {Room} room
   * @param {number} seq
   */
  seen(room, seq) {
    if (seq <= room.read) return;
    this.#wanted.set(room.id, seq);
    room.markRead(seq);
    tell({ kind: 'read', user: this.store.me.id, room: room.id, seq });
    if (!this.#timer) this.#send();
  }

  /** Tell now what waits for the pause to end: the page goes. */
  flush() {
    this.#send();
  }

  #send() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.connection.isLive || !this.#wanted.size) return; // what is left is sent when we are back
    this.#timer = setTimeout(() => this.#send(), PAUSE_MS);
    for (const [id, seq] of this.#wanted) {
      this.#wanted.delete(id);
      const newest = this.store.room(id)?.newest;
      this.connection.request('room.read', { room: id, seq }).then(
        ({ read, unread }) => {
          const room = this.store.room(id);
          if (!room || this.#wanted.has(id)) return;
          if (room.newest === newest) room.markRead(read, unread);
          // What came meanwhile may be in the count or not: our own holds until the server has counted again.
          else this.#again(id, seq, 1);
        },
        (error) => {
          if (error.isPassing) this.#again(id, seq, error.retryAfter ?? 1);
        },
      );
    }
  }

  /**
   * @param {string} id
   * @param {number} seq
   * @param {number} seconds
   */
  #again(id, seq, seconds) {
    this.#wanted.set(id, Math.max(seq, this.#wanted.get(id) ?? 0));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#send(), seconds * 1000);
  }
}
