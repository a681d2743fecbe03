import { Signal } from '../signal.js';
import { Ice } from './peers/ice.js';
import { Outgoing } from './peers/outgoing.js';
import { Peer } from './peers/peer.js';
import { Speakers } from './media/speakers.js';
import { Teller } from './teller.js';

/** @import { Connection } from '../wire/connection.js' */
/** @import { Call, CallSignal, Leg } from '../types.js' */
/** @import { Devices } from './media/devices.js' */
/** @import { Own } from './media/own.js' */

/** The states of a leg that is in a call. */
const IN = new Set(['connecting', 'connected', 'reconnecting']);
/** Whoever is asked for their microphone may think about it: the others are not to wait. */
const DEVICES_MS = 3000;
/** What legs say that are not known yet, because their call event takes another way. */
const EARLY_LEGS = 16;
const EARLY_SIGNALS = 64;

const SERVED = 'A media server carries this call, and this page cannot talk to it: use a program that can.';

/**
 * @param {Leg} leg
 * @returns {boolean}
 */
export const isIn = (leg) => IN.has(leg.state);

/** The call that this tab is in: its connections, one to each other leg. */
export class Current {
  /** Anything of it: the call, a peer, my devices, who speaks. @type {Signal} */
  changed = new Signal();
  /** My leg is not in the call any more, and the server has said so. @type {Signal} */
  out = new Signal();
  /** The websocket is away: media goes on, and whoever comes or goes is seen later. */
  isReconnecting = false;
  /** When this tab first saw it active, by performance.now(): for a clock. @type {number | null} */
  activeSince = null;

  /** @type {Map<string, Peer>} */
  #peers = new Map();
  /** @type {Map<string, CallSignal[]>} */
  #early = new Map();
  #ice;
  #speakers;
  #teller;
  #isClosed = false;
  /** Whether my devices were had, or asked for long enough. */
  #isReady = false;
  #wasConnected = false;
  /** @type {ReturnType<typeof setTimeout>} */
  #waiting;

  /**
   * @param {Call} call  as the server answered to this device
   * @param {object} parts
   * @param {Connection} parts.connection
   * @param {Own} parts.own
   * @param {Devices} parts.devices
   * @param {Promise<void>} parts.asked  my devices were asked for
   */
  constructor(call, { connection, own, devices, asked }) {
    this.call = call;
    this.leg = call.leg ?? '';
    this.connection = connection;
    this.own = own;
    this.devices = devices;
    this.#teller = new Teller(connection, call.id, this.mine ?? {}, () => this.out.fire());
    this.#speakers = new Speakers(this.leg, own, this.#teller, () => this.changed.fire());
    this.#ice = new Ice((op, d) => connection.request(op, d), call.id);
    this.#ice.renewed.listen((configuration) => {
      for (const peer of this.#peers.values()) peer.configure(configuration);
      this.#reconcile();
    });
    own.changed.listen(() => this.#mineChanged());
    const ready = () => {
      if (this.#isClosed) return;
      this.#isReady = true;
      // They may have been there before the server had answered, and before anybody listened here.
      this.#teller.tell(this.own.attributes);
      this.#reconcile();
    };
    asked.finally(ready);
    this.#waiting = setTimeout(ready, DEVICES_MS);
    if (call.topology === 'sfu') own.complain({ what: 'media', words: SERVED });
  }

  /** The others, in the order in which they came in. */
  get peers() {
    return [...this.#peers.values()].sort((a, b) => a.leg.order - b.leg.order);
  }

  /** My own leg as the server has it. @returns {Leg | undefined} */
  get mine() {
    return this.call.legs.find(({ id }) => id === this.leg);
  }

  /** The browser lets nothing be heard before somebody clicks: `hear()` from a click. */
  get isSilenced() {
    return this.peers.some((peer) => peer.isSilenced);
  }

  /** Whether my leg has been connected, as far as this tab knows. */
  get wasConnected() {
    return this.#wasConnected;
  }

  /**
   * Whether somebody speaks, I included.
   * @param {string} leg
   */
  speaks(leg) {
    const isMuted = leg === this.leg ? this.own.attributes.muted : this.#peers.get(leg)?.leg.muted;
    return isMuted === false && this.#speakers.has(leg);
  }

  /** @param {boolean} isMuted */
  setMuted(isMuted) {
    this.own.setMuted(isMuted);
  }

  /** @param {boolean} isOn */
  async setCamera(isOn) {
    await this.own.setCamera(isOn);
  }

  /**
   * Share the screen, or stop to; the browser asks which. Must come from a click.
   * @param {boolean} isOn
   */
  async setScreen(isOn) {
    await this.own.setScreen(isOn);
  }

  /** @param {boolean} isUp */
  setHand(isUp) {
    this.own.setHand(isUp);
  }

  /** Let the others be heard, from a click. */
  hear() {
    for (const peer of this.#peers.values()) peer.hear();
  }

  /**
   * The call changed.
   * @param {Call} call  of a higher version
   */
  update(call) {
    const before = this.mine;
    this.call = call;
    const { mine } = this;
    if (call.state === 'active') this.activeSince ??= performance.now();
    if (mine?.state === 'connected') this.#wasConnected = true;
    // A host muted me.
    if (before && !before.muted && mine?.muted && !this.#teller.says(true) && !this.own.isMuted) this.own.setMuted(true);
    this.#reconcile();
    this.changed.fire();
  }

  /**
   * Another leg has something to say to mine.
   * @param {CallSignal} signal
   */
  receive(signal) {
    const peer = this.#peers.get(signal.from);
    if (peer) return peer.receive(signal.kind, signal.data);
    const waiting = this.#early.get(signal.from) ?? [];
    if (waiting.length < EARLY_SIGNALS) waiting.push(signal);
    this.#early.set(signal.from, waiting);
    if (this.#early.size > EARLY_LEGS) this.#early.delete([...this.#early.keys()][0]);
  }

  /** @param {{leg: string, speaking: boolean}} told */
  heard({ leg, speaking }) {
    this.#speakers.heard(leg, speaking);
  }

  /** The websocket went. */
  lost() {
    this.isReconnecting = true;
    this.changed.fire();
  }

  /** The websocket is back: whatever the server does not know is told, to the node that we are at now. */
  back() {
    this.isReconnecting = false;
    this.#teller.again(this.own.attributes);
    for (const peer of this.#peers.values()) peer.nudge();
    this.changed.fire();
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#waiting);
    this.#ice.close();
    this.#teller.close();
    this.#speakers.close();
    for (const peer of this.#peers.values()) peer.close();
    this.#peers.clear();
    this.#early.clear();
    this.own.close();
  }

  #mineChanged() {
    this.#teller.tell(this.own.attributes);
    this.changed.fire();
  }

  /** One connection to each other leg that is in, and none to any other. */
  #reconcile() {
    if (this.#isClosed) return;
    const others = this.call.legs.filter((leg) => leg.id !== this.leg && isIn(leg));
    const wanted = new Map(others.map((leg) => [leg.id, leg]));
    for (const [id, peer] of this.#peers) if (!wanted.has(id)) this.#part(id, peer);
    for (const leg of others) this.#meet(leg);
    for (const peer of this.#peers.values()) peer.share(this.#peers.size);
    // Whom should a device connect to that is alone?
    if (!others.length && this.call.state === 'active') this.#teller.connected();
  }

  /**
   * @param {Leg} leg
   */
  #meet(leg) {
    const known = this.#peers.get(leg.id);
    const { configuration } = this.#ice;
    if (known) {
      known.leg = leg;
      return;
    }
    if (!configuration || !this.#isReady || this.call.topology === 'sfu') return;
    const isLater = (this.mine?.order ?? 0) > leg.order;
    const outgoing = new Outgoing(this.connection, this.call.id, leg.id);
    const peer = new Peer(leg, { isLater, configuration, outgoing, own: this.own, devices: this.devices });
    this.#peers.set(leg.id, peer);
    peer.changed.listen(() => this.changed.fire());
    peer.connected.listen(() => this.#teller.connected());
    for (const { kind, data } of this.#early.get(leg.id) ?? []) peer.receive(kind, data);
    this.#early.delete(leg.id);
  }

  /**
   * @param {string} id
   * @param {Peer} peer
   */
  #part(id, peer) {
    peer.close();
    this.#peers.delete(id);
    this.#speakers.heard(id, false);
  }
}
