import { Signal } from '../signal.js';
import { Attending } from './attending.js';
import { Devices } from './media/devices.js';
import { Known } from './known.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Call, CallMedia, Me } from '../types.js' */

/**
 * Why somebody is not in a call any more: it ended, they left, were taken out of it, came in by another window, or
 * nobody could be reached.
 * @typedef {'ended' | 'left' | 'removed' | 'elsewhere' | 'failed'} Parting
 */

/** The calls that this page knows of, those that ring, and the one that this tab is in. */
export class Calls {
  /** A call came, went or is another way; or this tab came into one, or out of it. @type {Signal} */
  changed = new Signal();
  /**
   * A call is over. `wasIn`: this tab was in it; `rang`: it rang here.
   * @type {Signal<{call: Call, wasIn: boolean, rang: boolean}>}
   */
  ended = new Signal();
  /** This tab is out of a call. @type {Signal<{call: Call, why: Parting}>} */
  parted = new Signal();
  /** Microphones, cameras, loudspeakers, and which of them are used. */
  devices = new Devices();

  #known;
  #attending;

  /**
   * @param {Connection} connection
   * @param {Me} me
   */
  constructor(connection, me) {
    this.connection = connection;
    this.me = me;
    this.#known = new Known(connection, me.id);
    this.#attending = new Attending({ connection, me, devices: this.devices, known: this.#known });
    this.#known.over.listen(({ call, rang }) => this.#over(call, rang));
    this.#known.changed.listen(() => this.#tell());
    this.#attending.changed.listen(() => this.#tell());
    this.#attending.parted.listen((parting) => this.parted.fire(parting));
  }

  /** The call that this tab is in. */
  get current() {
    return this.#attending.current;
  }

  /** The room whose call this tab is about to be in: asked, not answered. */
  get entering() {
    return this.#attending.entering;
  }

  /** The calls that ring for me, here and now; none while the server cannot be heard. */
  get ringing() {
    return this.#known.ringing.filter(({ id }) => id !== this.current?.call.id);
  }

  /** @param {string} id */
  get(id) {
    return this.#known.get(id);
  }

  /**
   * The call that goes on in a room.
   * @param {string | null} room
   * @returns {Call | undefined}
   */
  of(room) {
    return this.#known.of(room);
  }

  /**
   * Call: ring the other one of a direct room, or those named of another one (nobody: whoever wants comes in). A call
   * that goes on there already is joined. One that this tab is in elsewhere is left.
   * @param {string} room
   * @param {CallMedia} media
   * @param {string[]} [ring]  ids of people
   * @returns {Promise<void>} once the server has answered; devices may still be asked for
   * @throws {import('../wire/refused.js').Refused}
   */
  async start(room, media, ring = []) {
    await this.#attending.enter(room, { media }, () => this.connection.request('call.start', { room, media, ring }));
  }

  /**
   * Answer a call that rings.
   * @param {Call} call
   * @param {CallMedia} media
   * @throws {import('../wire/refused.js').Refused} of code `answered_elsewhere` where another device was faster
   */
  async accept({ id, room }, media) {
    await this.#attending.enter(room, { media }, () => this.connection.request('call.accept', { call: id }));
  }

  /**
   * Come into a call that goes on.
   * @param {Call} call
   * @param {CallMedia} media
   * @throws {import('../wire/refused.js').Refused}
   */
  async join({ id, room }, media) {
    await this.#attending.enter(room, { media }, () => this.#attending.join(id));
  }

  /**
   * Decline a call that rings, for all my devices.
   * @param {Call} call
   */
  async decline(call) {
    this.#known.ignore(call.id);
    this.#known.take(await this.connection.request('call.decline', { call: call.id }));
  }

  /**
   * Let it ring, but not here: nobody is told.
   * @param {Call} call
   */
  ignore({ id }) {
    this.#known.ignore(id);
  }

  /** Hang up: leave the call that this tab is in; where it only rings, that ends it. */
  async leave() {
    await this.#attending.leave();
  }

  /**
   * End a call for everybody: hosts alone.
   * @param {Call} call
   */
  async end({ id }) {
    this.#known.take(await this.connection.request('call.end', { call: id }));
  }

  /**
   * Mute somebody, or everybody else: hosts alone.
   * @param {Call} call
   * @param {string} [leg]
   */
  async mute({ id }, leg) {
    await this.connection.request('call.mute', { call: id, ...(leg && { leg }) });
  }

  /**
   * Take somebody out of a call: hosts alone.
   * @param {Call} call
   * @param {string} leg
   */
  async remove({ id }, leg) {
    await this.connection.request('call.remove', { call: id, leg });
  }

  /** The chat is closed: let go of everything, and tell nobody. */
  close() {
    this.#attending.close();
    this.#known.close();
    this.devices.close();
  }

  #tell() {
    this.#known.sound(this.current?.call);
    this.changed.fire();
  }

  /**
   * @param {Call} call
   * @param {boolean} rang
   */
  #over(call, rang) {
    const { current } = this;
    if (current?.call.id === call.id) {
      current.call = call;
      this.#attending.part('ended');
    }
    // Whoever is busy has ended it before the answer says that it began.
    const wasIn = current?.call.id === call.id || this.entering === call.room;
    this.ended.fire({ call, wasIn, rang: rang && !wasIn });
  }
}
