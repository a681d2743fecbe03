import { Refused } from '../wire/refused.js';

/** @import { Changes, RoomData } from '../types.js' */
/** @import { Sync } from './sync.js' */

const PAGE = 100;
/** A stream further behind than this is quicker fetched anew. */
const PAGES_MOST = 20;

/** Fetches what hello did not bring: the changes of streams that are behind, and the rooms beyond the first 200. */
export class CatchUp {
  /** @type {Set<string>} */
  #behind = new Set();
  /** @type {string | null} */
  #next = null;
  /** @type {Set<string>} */
  #unseen = new Set();
  /** Which connection this is, so that work for an earlier one ends. */
  #turn = 0;

  /** @param {Sync} sync */
  constructor(sync) {
    this.sync = sync;
  }

  /**
   * A hello came.
   * @param {string | null} next  the cursor of further rooms
   * @param {Set<string>} unseen  streams that hello did not list (filled by the caller)
   */
  begin(next, unseen) {
    this.#turn++;
    this.#behind.clear();
    this.#next = next;
    this.#unseen = unseen;
  }

  /** @param {string} stream */
  add(stream) {
    this.#behind.add(stream);
  }

  /** We are live. */
  run() {
    for (const stream of this.#behind) this.page(stream);
    this.#behind.clear();
    this.#list();
  }

  async #list() {
    const { store, forget } = this.sync;
    const turn = this.#turn;
    while (this.#next) {
      /** @type {{items: RoomData[], next: string | null} | null} */
      const page = await this.#ask('room.list', { limit: PAGE, cursor: this.#next });
      if (!page || turn !== this.#turn) return;
      for (const data of page.items) {
        this.#unseen.delete(data.id);
        const isNew = !store.room(data.id);
        const room = store.take(data);
        if (!isNew) continue;
        room.count(data);
        store.append(room);
      }
      this.#next = page.next;
    }
    for (const id of this.#unseen) forget.call(this.sync, id, 'left');
  }

  /**
   * Page what changed in a stream, or fetch it anew where that is quicker.
   * @param {string} stream
   */
  async page(stream) {
    const { cursors } = this.sync;
    if (cursors.isPaging(stream)) return;
    cursors.page(stream);
    for (let pages = 0; pages < PAGES_MOST; pages++) {
      const turn = this.#turn;
      const since = cursors.of(stream) ?? 0;
      /** @type {Changes | null} */
      const changes = await this.#ask('room.changes', { room: stream, since, limit: PAGE });
      if (turn !== this.#turn || !this.sync.connection.isLive) return; // the next hello says where we are
      if (!changes) break;
      for (const item of changes.items) this.sync.item(item);
      const { head, complete } = changes;
      cursors.paged(stream, complete ? head : Math.min(changes.items.at(-1)?.rev ?? head, head), complete);
      if (complete) return;
    }
    this.sync.reset(stream, cursors.of(stream) ?? 0);
  }

  /**
   * Ask until there is an answer; null when there will be none.
   * @param {string} op
   * @param {object} d
   * @returns {Promise<any>}
   */
  async #ask(op, d) {
    const turn = this.#turn;
    while (turn === this.#turn && this.sync.connection.isLive) {
      try {
        return await this.sync.connection.request(op, d);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        if (!error.isPassing) return null;
        await new Promise((resolve) => setTimeout(resolve, (error.retryAfter ?? 2) * 1000));
      }
    }
    return null;
  }
}
