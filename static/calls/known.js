import { Signal } from '../signal.js';
import { Book } from './book.js';
import { Ringing } from './ringing.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Call, EventFrame, Hello } from '../types.js' */

/** The calls that go on in my rooms, as the server tells of them, and what rings for me. */
export class Known {
  /** Any of it is another way. @type {Signal} */
  changed = new Signal();
  /** A call has a higher version. @type {Signal<Call>} */
  took = new Signal();
  /** A call is over; whether it rang here. @type {Signal<{call: Call, rang: boolean}>} */
  over = new Signal();

  #book = new Book();
  #ringing;
  /** Whether what is known is what the server says: it is not while the websocket is away. */
  #isHeard = false;

  /**
   * @param {Connection} connection
   * @param {string} me
   */
  constructor(connection, me) {
    this.connection = connection;
    this.#ringing = new Ringing(connection, me, () => this.changed.fire());
    connection.greeted.listen((hello) => this.#greet(hello));
    connection.event.listen((frame) => this.#event(frame));
    connection.changed.listen((phase) => {
      if (phase === 'live') this.#live();
      else if (phase !== 'greeting') this.#lost();
    });
  }

  /** The calls that ring for me, here and now; none while the server cannot be heard. @returns {Call[]} */
  get ringing() {
    return this.#isHeard ? this.#ringing.of(this.#book.all) : [];
  }

  /** @param {string} id */
  get(id) {
    return this.#book.get(id);
  }

  /** @param {string | null} room */
  of(room) {
    return this.#book.all.find((call) => call.room === room);
  }

  /** @param {string} id */
  isOver(id) {
    return this.#book.isOver(id);
  }

  /**
   * A call as an answer or an event has it.
   * @param {Call} call
   */
  take(call) {
    const known = this.#book.get(call.id);
    const rang = known !== undefined && this.#ringing.has(known);
    if (!this.#book.take(call)) return;
    this.#ringing.look(call, this.connection.isLive);
    this.took.fire(call);
    if (call.state === 'ended') this.over.fire({ call, rang });
    this.changed.fire();
  }

  /** @param {string} id */
  ignore(id) {
    this.#ringing.ignore(id);
    this.changed.fire();
  }

  /**
   * Sound as things are.
   * @param {Call | undefined} current
   */
  sound(current) {
    this.#ringing.sound(this.ringing, current);
  }

  close() {
    this.#isHeard = false;
    this.#ringing.close();
  }

  /** @param {Hello} hello */
  #greet({ calls = [] }) {
    this.#isHeard = true;
    const open = new Set(calls.map(({ id }) => id));
    // What is not listed has ended while we were away, or is none of ours any more.
    for (const { id } of this.#book.all) if (!open.has(id)) this.#book.drop(id);
    for (const call of calls) this.take(call);
    this.changed.fire();
  }

  /** @param {EventFrame} frame */
  #event({ ev, d }) {
    if (ev === 'call') this.take(d);
    if (ev !== 'room.left') return;
    const call = this.of(d.room);
    if (call) this.#book.drop(call.id);
    this.changed.fire();
  }

  #live() {
    for (const call of this.#book.all) this.#ringing.look(call, true);
  }

  #lost() {
    this.#isHeard = false;
    this.#ringing.lost();
    this.changed.fire();
  }
}
