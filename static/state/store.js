import { People } from './people.js';
import { Room } from './room.js';
import { Signal } from '../signal.js';

/** @import { Item, Me, Request, RoomData } from '../types.js' */

/** What this page knows of my rooms: in memory only, fetched anew after a reload. */
export class Store {
  /** Rooms came or went, or their order or counts changed. @type {Signal} */
  changed = new Signal();
  /** A new item of somebody else came in live. @type {Signal<{room: Room, item: Item}>} */
  news = new Signal();
  /** A room is no longer mine. @type {Signal<{room: Room, reason: string}>} */
  left = new Signal();
  /** Whether I want to be told less of a room. @type {(room: string) => boolean} */
  isQuiet = () => false;
  /** Whether the rooms were fetched at all. */
  isReady = false;

  /** @type {Map<string, Room>} */
  #rooms = new Map();
  #clock = 0;
  #floor = 0;

  /**
   * @param {Me} me
   * @param {Request} request
   */
  constructor(me, request) {
    this.me = me;
    this.request = request;
    this.people = new People(request);
    this.people.meet(me);
  }

  /** My rooms, the latest activity first. */
  get rooms() {
    return [...this.#rooms.values()].sort((a, b) => b.activity - a.activity);
  }

  get unread() {
    let sum = 0;
    for (const room of this.#rooms.values()) if (!this.isQuiet(room.id)) sum += room.unread;
    return sum;
  }

  /** @param {string | null} id */
  room(id) {
    return id === null ? undefined : this.#rooms.get(id);
  }

  /**
   * A room as an answer or a frame has it; it need not be known.
   * @param {RoomData} data
   * @returns {Room}
   */
  take(data) {
    const held = this.#rooms.get(data.id);
    if (held) {
      held.describe(data);
      return held;
    }
    const room = new Room(data, this.request);
    this.people.meet(room.peer);
    room.activity = ++this.#clock;
    room.changed.listen(() => this.changed.fire());
    this.#rooms.set(room.id, room);
    this.changed.fire();
    return room;
  }

  /**
   * Order rooms as the server does.
   * @param {string[]} ids  the latest first, all rooms
   */
  order(ids) {
    for (const id of [...ids].reverse()) {
      const room = this.#rooms.get(id);
      if (room) room.activity = ++this.#clock;
    }
    this.changed.fire();
  }

  /**
   * Put a room behind all others: it was quiet for longest.
   * @param {Room} room
   */
  append(room) {
    room.activity = --this.#floor;
    this.changed.fire();
  }

  /** @param {Room} room */
  touch(room) {
    room.activity = ++this.#clock;
    this.changed.fire();
  }

  /**
   * @param {string} id
   * @param {string} reason
   */
  drop(id, reason) {
    const room = this.#rooms.get(id);
    if (!room) return;
    this.#rooms.delete(id);
    this.left.fire({ room, reason });
    this.changed.fire();
  }
}
