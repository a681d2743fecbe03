import { told } from '../kept/tabs.js';
import { CatchUp } from './catchup.js';
import { Cursors } from './cursors.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { EventFrame, Hello, Item, MemberData, RoomData } from '../types.js' */
/** @import { Outbox } from '../kept/outbox.js' */
/** @import { Room } from './room.js' */
/** @import { Store } from './store.js' */

const RECOUNT_MS = 1000;

/** Keeps the store in step with the server: applies what the connection brings. */
export class Sync {
  cursors = new Cursors();
  #catchUp;

  /**
   * @param {Connection} connection
   * @param {Store} store
   * @param {Outbox} outbox
   */
  constructor(connection, store, outbox) {
    this.connection = connection;
    this.store = store;
    this.outbox = outbox;
    this.#catchUp = new CatchUp(this);
    connection.greeted.listen((hello) => this.#greet(hello));
    connection.event.listen((frame) => this.#event(frame));
    connection.changed.listen((phase) => {
      if (phase === 'live') this.#catchUp.run();
    });
    told.listen((message) => {
      if (message.kind === 'read' && message.user === store.me.id) store.room(message.room)?.markRead(message.seq);
    });
  }

  /** @param {Hello} hello */
  #greet(hello) {
    const unseen = new Set(this.cursors.streams);
    this.cursors.epoch = hello.epoch;
    this.#catchUp.begin(hello.rooms_next ?? null, unseen);
    for (const data of hello.rooms) {
      unseen.delete(data.id);
      this.#meet(data);
    }
    // Beyond the first 200 hello does not list them; room.list will.
    if (!hello.rooms_next) for (const id of unseen) this.forget(id, 'left');
    this.store.order(hello.rooms.map((room) => room.id));
    this.store.isReady = true;
    this.store.changed.fire();
  }

  /**
   * A room as hello lists it, and what was missed of it.
   * @param {RoomData} data
   */
  #meet(data) {
    const room = this.store.room(data.id);
    const isKnown = this.cursors.of(data.id) !== undefined;
    const state = isKnown ? (data.state ?? 'new') : 'new';
    if (state === 'new' || state === 'reset') this.reset(data.id, data.head);
    else if (state === 'behind' && room?.timeline.isLoaded) this.#catchUp.add(data.id);
    else if (state === 'behind') this.reset(data.id, data.head);
    if (data.kind === 'self') return;
    this.store.take(data).count(data);
  }

  /** @param {EventFrame} frame */
  #event(frame) {
    const { ev, room: stream, rev, d } = frame;
    if (ev === 'message') this.item(d);
    else if (ev === 'room' && stream) this.#room(stream, d);
    else if (ev === 'member_count' && stream) this.store.room(stream)?.describe(d);
    else if (ev === 'typing' && stream) this.#typing(stream, d);
    else if (ev === 'read' && stream) this.#read(stream, d);
    else if (ev === 'hidden' && stream) this.store.room(stream)?.hide(d.message, d.seq, d.hidden);
    else if (ev === 'room.joined') this.#joined(d);
    else if (ev === 'room.left') this.forget(d.room, d.reason ?? 'left');
    else if (ev === 'behind' && stream) this.#fellBehind(stream, d.head);
    else if (ev === 'reset' && stream) this.#startAnew(stream, d.head);
    // What is only watched is fetched anew each time: no hello is told of it.
    const isMine = stream && (this.store.room(stream) || this.cursors.of(stream) !== undefined);
    if (isMine && rev !== undefined) this.cursors.move(stream, rev);
  }

  /**
   * Apply an item of an event or of a page of changes.
   * @param {Item} item
   */
  item(item) {
    const room = this.store.room(item.room);
    this.store.people.meet(item.author);
    if (!room) return;
    const me = this.store.me.id;
    if (item.author?.id === me) this.outbox.delivered(item.cid);
    if (item.kind === 'notice' && item.type === 'role') this.#askRole(room);
    if (!room.take(item, me)) return;
    this.store.touch(room);
    if (this.connection.isLive && item.author && item.author.id !== me) this.store.news.fire({ room, item });
  }

  /**
   * @param {string} id
   * @param {Partial<RoomData>} data
   */
  #room(id, data) {
    const room = this.store.room(id);
    if (!room) return;
    const owner = room.owner;
    room.describe(data);
    if (room.owner !== owner) this.#askRole(room);
    room.membersChanged.fire();
  }

  /**
   * My role is not in frames, which are the same for everybody: ask.
   * @param {Room} room
   */
  #askRole(room) {
    const { id, username } = this.store.me;
    this.connection.request('room.members', { room: room.id, q: username }).then(
      (/** @type {{items: MemberData[]}} */ { items }) => {
        const mine = items.find((member) => member.user.id === id);
        if (mine) room.describe({ role: mine.role, permissions: mine.permissions ?? null });
      },
      () => undefined,
    );
  }

  /**
   * @param {string} stream
   * @param {any} d
   */
  #typing(stream, d) {
    if (!d?.user?.id || d.user.id === this.store.me.id) return;
    this.store.room(stream)?.startTyping(d.user, Number(d.for) || 6000);
  }

  /**
   * @param {string} stream
   * @param {{user: string, seq: number}} d
   */
  #read(stream, { user, seq }) {
    const room = this.store.room(stream);
    if (!room) return;
    if (user === this.store.me.id) {
      room.markRead(seq);
      // Read in part, on another device: only the server can count the rest.
      if (room.unread) this.#recount(room);
    } else {
      room.reads.set(user, Math.max(seq, room.reads.get(user) ?? 0));
      room.changed.fire();
    }
  }

  /** @param {Room} room */
  #recount(room) {
    const newest = room.newest;
    this.connection.request('room.read', { room: room.id, seq: room.read }).then(
      ({ read, unread }) => {
        if (room.newest === newest) room.markRead(read, unread);
        // What came meanwhile may be in the count or not: it is counted again.
        else setTimeout(() => this.#recount(room), RECOUNT_MS);
      },
      () => undefined,
    );
  }

  /** @param {RoomData} data */
  #joined(data) {
    this.reset(data.id, data.head);
    if (data.kind === 'self') return;
    const room = this.store.take(data);
    room.count({ read: data.head, unread: 0, ...data });
    this.store.touch(room);
  }

  /**
   * @param {string} id
   * @param {string} reason
   */
  forget(id, reason) {
    this.cursors.drop(id);
    this.store.drop(id, reason);
  }

  /**
   * Forget what is loaded of a stream; it is fetched anew when somebody looks.
   * @param {string} stream
   * @param {number} head
   */
  reset(stream, head) {
    this.cursors.set(stream, head);
    this.store.room(stream)?.reset();
  }

  /**
   * @param {string} stream
   * @param {number} head
   */
  #fellBehind(stream, head) {
    if (this.store.room(stream)?.timeline.isLoaded) this.#catchUp.page(stream);
    else this.#startAnew(stream, head);
  }

  /**
   * @param {string} stream
   * @param {number} head
   */
  #startAnew(stream, head) {
    this.reset(stream, head);
    const room = this.store.room(stream);
    if (!room) return;
    room.count({ head });
    this.#recount(room);
  }
}
