import { roomName } from '../../drawing/words.js';
import { isMissed } from '../words.js';

/** @import { Room } from '../../../state/room.js' */
/** @import { Item } from '../../../types.js' */
/** @import { Chat } from '../../chat.js' */

/** The rooms in which somebody called in vain, until they are looked at. */
export class Missed {
  /** Rooms that a notice told of. @type {Set<string>} */
  #rooms = new Set();

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    chat.connection.event.listen(({ ev, d }) => {
      if (ev === 'message' && d?.kind === 'notice' && d.type === 'missed_call') this.#tell(d);
    });
  }

  /**
   * Whether a call of this room was missed and the room not looked at since.
   * @param {Room} room
   */
  has(room) {
    const { last } = room;
    if (this.#rooms.has(room.id)) return true;
    return last !== null && last.seq > room.read && isMissed(last, this.chat.me.id, room);
  }

  /**
   * Somebody looks at the room.
   * @param {string} room
   */
  seen(room) {
    if (this.#rooms.delete(room)) this.chat.store.changed.fire();
  }

  /** @param {Item} notice */
  #tell({ target, by }) {
    const { store, toasts, shell, me } = this.chat;
    const room = store.room(target ?? null);
    const where = room && room.kind !== 'direct' ? ` in ${roomName(room, me.id)}` : '';
    toasts.show(`Missed call from ${store.people.name(by)}${where}.`);
    if (!room || (shell.here === room.id && document.hasFocus())) return;
    this.#rooms.add(room.id);
    store.changed.fire();
  }
}
