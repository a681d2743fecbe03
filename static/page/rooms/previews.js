/** @import { Chat } from '../chat.js' */
/** @import { Room } from '../../state/room.js' */

const MOST = 20;
const AT_ONCE = 3;

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
    try {
      const { items } = await this.chat.connection.request('message.list', { room: room.id, limit: 1 });
      if (items[0]) room.remember(items[0]);
      this.chat.store.people.meet(items[0]?.author);
    } catch {
      this.#asked.delete(room); // asked again when the list is next drawn
    }
  }
}
