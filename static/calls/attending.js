import { Signal } from '../signal.js';
import { Refused } from '../wire/refused.js';
import { Absence } from './absence.js';
import { Current, isIn } from './current.js';
import { Orphans } from './orphans.js';
import { Own } from './media/own.js';
import { forgetPlace, keepPlace, keptPlace } from './peers/places.js';
import { Seat } from './seat.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Call, Hello, Me } from '../types.js' */
/** @import { Parting } from './calls.js' */
/** @import { Devices } from './media/devices.js' */
/** @import { Known } from './known.js' */
/** @import { Wish } from './media/own.js' */
/** @import { Place } from './peers/places.js' */

/** This tab in a call: how it comes into one, stays in it over losses and reloads, and goes. */
export class Attending {
  /** @type {Signal} */
  changed = new Signal();
  /** @type {Signal<{call: Call, why: Parting}>} */
  parted = new Signal();
  /** @type {Current | null} */
  current = null;
  /** The room whose call is being asked for. @type {string | null} */
  entering = null;

  /** @type {Seat | null} */
  #seat = null;
  /** Where this tab was before a reload. @type {Place | null} */
  #place;
  /** Calls that were left while nobody could be told. @type {Set<string>} */
  #toLeave = new Set();
  /** Of the websocket. */
  #absence = new Absence();
  /** What is to be done as soon as the server can be asked. @type {(() => void) | null} */
  #whenLive = null;
  /** Somebody hung up while the call was still being asked for. */
  #hasHungUp = false;
  #isClosed = false;
  #orphans;

  /**
   * @param {object} parts
   * @param {Connection} parts.connection
   * @param {Me} parts.me
   * @param {Devices} parts.devices
   * @param {Known} parts.known
   */
  constructor({ connection, me, devices, known }) {
    this.connection = connection;
    this.me = me;
    this.devices = devices;
    this.known = known;
    this.#place = keptPlace(me.id);
    if (this.#place) devices.restore(this.#place.devices);
    connection.isUrgent = () => this.current !== null || this.#place !== null;
    known.took.listen((call) => this.#took(call));
    this.#orphans = new Orphans(connection, known, {
      isNeeded: ({ id, room }) => this.current?.call.id === id || this.entering === room,
      leave: (id) => this.#leave(id),
    });
    connection.greeted.listen((hello) => this.#greet(hello));
    connection.event.listen(({ ev, d }) => {
      if (d?.call !== this.current?.call.id) return;
      if (ev === 'call.signal') this.current?.receive(d);
      if (ev === 'call.speaking') this.current?.heard(d);
    });
    connection.changed.listen((phase) => {
      if (phase === 'live') this.#back();
      else if (phase !== 'greeting') this.#lost(phase);
    });
  }

  /** Hang up. */
  async leave() {
    if (this.entering) this.#hasHungUp = true;
    const { current } = this;
    if (!current) return;
    this.part('left');
    await this.#leave(current.call.id);
  }

  /** Let go of everything, and tell nobody. */
  close() {
    this.#isClosed = true;
    this.#orphans.close();
    this.current?.close();
    this.current = null;
    this.#seat?.leave();
    forgetPlace();
  }

  /** @param {string} id @returns {Promise<Call>} with another leg for this device, whatever it had */
  join(id) {
    return this.connection.request('call.join', { call: id });
  }

  /**
   * Be in a call: ask the server and the devices at once, for either may take its time.
   * @param {string} room
   * @param {Wish} wish
   * @param {() => Promise<Call>} ask
   * @param {Seat | null} [seat]  where this tab has it already
   */
  async enter(room, wish, ask, seat = null) {
    if (this.entering) return seat?.leave();
    this.entering = room;
    this.changed.fire();
    const own = new Own(this.devices);
    try {
      await this.leave();
      this.#hasHungUp = false;
      const before = this.known.of(room);
      const asked = own.begin(wish);
      await this.#sit(await ask(), { own, asked, seat, before });
    } catch (error) {
      own.close();
      seat?.leave();
      throw error;
    } finally {
      this.entering = null;
      this.changed.fire();
    }
  }

  /**
   * @param {Call} answered  as the server answered to this device
   * @param {{own: Own, asked: Promise<void>, seat: Seat | null, before: Call | undefined}} parts  before: the room's
   *   call when it was asked for
   */
  async #sit(answered, { own, asked, seat, before }) {
    const { id } = answered;
    let call = answered;
    if (!seat) {
      // Tabs share their leg. Media cannot: where another tab has it, this one needs a leg of its own.
      const hadLeg = before?.legs.some((leg) => leg.id === call.leg && isIn(leg)) ?? false;
      const isShared = hadLeg || (await Seat.isTaken(id));
      if (isShared && call.state !== 'ended') call = await this.join(id);
      seat = await Seat.take(id, { steal: true });
    }
    this.known.take(call);
    if (this.known.isOver(id) || this.#hasHungUp || this.#isClosed) {
      own.close();
      seat?.leave();
      return this.#hasHungUp ? this.#leave(id) : undefined;
    }
    this.#seat = seat;
    const { connection, devices } = this;
    const current = new Current(call, { connection, own, devices, asked });
    this.current = current;
    seat?.lost.listen(() => this.current === current && this.part('elsewhere'));
    current.out.listen(() => this.current === current && this.#out(current.wasConnected ? 'removed' : 'failed'));
    current.changed.listen(() => this.current === current && keepPlace(this.me.id, current, devices));
    const known = this.known.get(id);
    this.#took(known && known.version > call.version ? known : call);
  }

  /** @param {Parting} why */
  part(why) {
    const { current } = this;
    if (!current) return;
    this.current = null;
    current.close();
    this.#seat?.leave();
    this.#seat = null;
    forgetPlace();
    this.parted.fire({ call: current.call, why });
    this.changed.fire();
  }

  /**
   * Tell the server that this device is in a call no more; where it cannot be told, as soon as it can.
   * @param {string} id
   */
  async #leave(id) {
    this.#toLeave.add(id);
    try {
      this.known.take(await this.connection.request('call.leave', { call: id }));
      this.#toLeave.delete(id);
    } catch (error) {
      if (!(error instanceof Refused) || !error.isPassing) this.#toLeave.delete(id);
    }
  }

  /** @param {Call} call */
  #took(call) {
    const { current } = this;
    if (current?.call.id !== call.id || call.state === 'ended') return;
    current.update(call);
    const { mine } = current;
    if (mine && isIn(mine)) return;
    // Where there are no locks, the tab that came later is known by its leg alone.
    const later = call.legs.filter((leg) => leg.user.id === this.me.id && leg.order > (mine?.order ?? Infinity));
    this.#out(later.some(isIn) ? 'elsewhere' : current.wasConnected ? 'removed' : 'failed');
  }

  /**
   * My leg is not in the call any more.
   * @param {Parting} why  unless the websocket was away for too long: then this tab comes in again
   */
  #out(why) {
    if (this.#absence.isLong && why !== 'elsewhere') this.#again();
    else this.part(why);
  }

  #again() {
    const { current } = this;
    if (!current) return;
    const { call } = current;
    const seat = this.#seat;
    const { wish } = keepPlace(this.me.id, current, this.devices);
    this.#absence.forget();
    this.#seat = null;
    this.current = null;
    current.close();
    const come = async () => {
      if (!(await this.#rejoin(call, wish, seat))) this.parted.fire({ call, why: 'failed' });
    };
    if (this.connection.isLive) come();
    else this.#whenLive = come;
  }

  /** Come back into the call that this tab was in before it was reloaded. */
  async #comeBack() {
    const place = this.#place;
    this.#place = null;
    if (!place) return;
    const seat = this.known.get(place.call) ? await Seat.take(place.call) : null;
    if (!seat || this.#isClosed || this.current) {
      seat?.leave();
      if (!this.current) forgetPlace();
      return;
    }
    await this.#rejoin({ id: place.call, room: place.room }, place.wish, seat);
  }

  /**
   * @param {{id: string, room: string}} call
   * @param {Wish} wish
   * @param {Seat | null} seat
   * @returns {Promise<boolean>} whether the server has let me in
   */
  async #rejoin({ id, room }, wish, seat) {
    try {
      await this.enter(room, wish, () => this.join(id), seat);
      return true;
    } catch (error) {
      forgetPlace();
      if (!(error instanceof Refused)) throw error;
      return false;
    }
  }

  /** @param {Hello} hello */
  #greet({ calls = [] }) {
    const id = this.current?.call.id;
    // It ended, or is none of mine any more: how it ended can be asked.
    if (id && !calls.some((call) => call.id === id)) this.#whenLive = () => this.#askAfter(id);
  }

  /** @param {string} id */
  async #askAfter(id) {
    try {
      /** @type {Call} */
      const call = await this.connection.request('call.get', { call: id });
      this.known.take(call);
      // A node that has only just started may have greeted without knowing of it.
      if (call.legs.some((leg) => leg.id === this.current?.leg && isIn(leg))) return;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.isPassing) return; // the next hello tells
    }
    if (this.current?.call.id === id) this.part('removed');
  }

  #back() {
    this.#absence.end();
    for (const id of this.#toLeave) this.#leave(id);
    const next = this.#whenLive;
    this.#whenLive = null;
    next?.();
    this.current?.back();
    this.#comeBack();
  }

  /** @param {import('../wire/connection.js').Phase} phase */
  #lost(phase) {
    // The server let nobody stay, and nobody comes back by themselves.
    if (phase === 'stopped') this.part('failed');
    if (this.#absence.isNow) return;
    this.#absence.begin();
    this.current?.lost();
  }
}
