/** @import { Chat } from '../chat.js' */
/** @import { Item } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */

const MOST = 20;
const AT_ONCE = 3;
/** Where I deleted the last message for myself, the one before it is the last that I see. */
const LOOKED_BACK = 10;

/** Fetches the last message of the rooms at the top of the list, a few at a time: hello does not bring it. */
export class Previews {
  /** @type {Room[]} */
  #wanted = [];
  /** @type {WeakSet<Room>} */
  #asked = new WeakSet();
  #flights = 0;

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    chat.connection.changed.listen((phase) => {
      if (phase === 'live') this.#more();
    });
  }

  /** @param {Room[]} rooms */
  want(rooms) {
    this.#wanted = rooms.slice(0, MOST).filter((room) => !room.last && !this.#asked.has(room));
    this.#more();
  }

  #more() {
    while (this.chat.connection?.isLive && this.#flights < AT_ONCE) {
      const room = this.#wanted.shift();
      if (!room) return;
      this.#asked.add(room);
      this.#flights++;
      this.#ask(room).finally(() => {
        this.#flights--;
        this.#more();
      });
    }
  }

  /** @param {Room} room */
  async #ask(room) {
    const { store } = this.chat;
    try {
      const [items, hidden] = await Promise.all([
        this.#latest(room, 1),
        this.chat.connection.request('message.hidden', { room: room.id, limit: LOOKED_BACK }),
      ]);
      room.hideAll(hidden);
      const isHidden = items.some((item) => room.isHidden(item));
      const seen = (isHidden ? await this.#latest(room, LOOKED_BACK) : items).filter((item) => !room.isHidden(item));
      const last = seen.reduce((newest, item) => (item.seq > newest.seq ? item : newest), seen[0]);
      if (last) room.remember(last);
      store.people.meet(last?.author);
    } catch {
      this.#asked.delete(room); // asked again when the list is next drawn
    }
  }

  /**
   * @param {Room} room
   * @param {number} limit
   * @returns {Promise<Item[]>}
   */
  async #latest(room, limit) {
    const { items } = await this.chat.connection.request('message.list', { room: room.id, limit });
    return items;
  }
}
