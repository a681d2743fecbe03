import { Signal } from '../../signal.js';
import { SLOTS } from '../media/own.js';
import { limit } from '../media/share.js';
import { Sound } from '../media/sound.js';

/** @import { Leg, SignalKind } from '../../types.js' */
/** @import { Devices } from '../media/devices.js' */
/** @import { Outgoing } from './outgoing.js' */
/** @import { Own, Slot } from '../media/own.js' */

/** A connection stutters: it may mend itself. */
const STUTTER_MS = 2000;
/** How long a connection may take until it is begun anew. */
const FIRST_MS = 8000;
const AGAIN_MS = 5000;
/** Candidates that came before the description they belong to. */
const EARLY_MOST = 128;

/**
 * Another leg of the call, and the connection to it. Its sound is played by itself; views show the pictures.
 *
 * The one of the two that came later offers three places, for sound, camera and screen, in this order, and both keep
 * them: what is turned on or off afterwards changes places' tracks, and nothing is negotiated for it. Where offers
 * cross nevertheless, the later one gives way. Each offer has an id that its answer repeats, so that whatever comes
 * twice, or from before, is known.
 */
export class Peer {
  /** @type {Signal} */
  changed = new Signal();
  /** Media may flow. @type {Signal} */
  connected = new Signal();
  /**
   * connecting: for the first time; reconnecting: media stands still.
   * @type {'connecting' | 'connected' | 'reconnecting'}
   */
  state = 'connecting';
  /** For a `<video muted autoplay playsinline>`; shown while `leg.camera`. Never another object. */
  camera = new MediaStream();
  /** Shown while `leg.screen`. */
  screen = new MediaStream();

  #audio = new MediaStream();
  #pc;
  #sound;
  #unlisten;
  #isOffering = false;
  /** The id of the offer that I wait for an answer to. */
  #offered = '';
  /** The id of the offer that I answered last. */
  #answered = '';
  /** @type {RTCIceCandidateInit[]} */
  #early = [];
  /** What comes in is dealt with one after the other. */
  #chain = Promise.resolve();
  #others = 1;
  #isClosed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Leg} leg
   * @param {object} parts
   * @param {boolean} parts.isLater  I came later than this leg: I offer
   * @param {RTCConfiguration} parts.configuration
   * @param {Outgoing} parts.outgoing
   * @param {Own} parts.own
   * @param {Devices} parts.devices
   */
  constructor(leg, { isLater, configuration, outgoing, own, devices }) {
    /** As the server has it now: who it is, muted, camera, screen, hand. */
    this.leg = leg;
    this.isLater = isLater;
    this.outgoing = outgoing;
    this.own = own;
    this.#pc = new RTCPeerConnection(configuration);
    this.#sound = new Sound(this.#audio, devices, () => this.changed.fire());
    this.#unlisten = own.swapped.listen((slot) => this.#attach(slot));
    this.#pc.addEventListener('negotiationneeded', () => this.#offer());
    this.#pc.addEventListener('icecandidate', ({ candidate }) => outgoing.add(candidate));
    this.#pc.addEventListener('connectionstatechange', () => this.#look());
    this.#timer = setTimeout(() => this.#begin(), FIRST_MS);
    if (isLater) this.#lay();
  }

  /** The browser does not let it be heard before somebody clicks. */
  get isSilenced() {
    return this.#sound.isSilenced;
  }

  hear() {
    this.#sound.play();
  }

  /** @param {RTCConfiguration} configuration */
  configure(configuration) {
    this.#pc.setConfiguration(configuration);
  }

  /**
   * How many others my line has to feed.
   * @param {number} others
   */
  share(others) {
    if (others === this.#others) return;
    this.#others = others;
    this.#limit();
  }

  /** We are back from somewhere: look after the connection at once. */
  nudge() {
    if (this.#pc.connectionState !== 'connected') this.#begin();
  }

  /**
   * It said something.
   * @param {SignalKind} kind
   * @param {any} data
   */
  receive(kind, data) {
    const deal = () => (this.#isClosed ? undefined : this.#deal(kind, data));
    // Whatever cannot be understood leaves us unconnected, and that is looked after in its time.
    this.#chain = this.#chain.then(deal).catch(() => undefined);
  }

  close() {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#unlisten();
    this.#sound.close();
    this.outgoing.close();
    this.#pc.close();
  }

  #lay() {
    for (const slot of SLOTS) this.#pc.addTransceiver(slot === 'audio' ? 'audio' : 'video', { direction: 'sendrecv' });
    this.#fit();
  }

  /** Put what is mine into the places, and take what is theirs out of them. */
  #fit() {
    const streams = { audio: this.#audio, camera: this.camera, screen: this.screen };
    this.#pc.getTransceivers().forEach((place, n) => {
      const slot = SLOTS[n];
      if (!slot) return;
      if (place.direction !== 'sendrecv') place.direction = 'sendrecv';
      // One stream keeps lips and voice together.
      place.sender.setStreams?.(slot === 'screen' ? this.own.streams.screen : this.own.streams.audio);
      this.#attach(slot);
      const { track } = place.receiver;
      if (!streams[slot].getTracks().includes(track)) streams[slot].addTrack(track);
    });
    this.#sound.play();
    this.changed.fire();
  }

  /** @param {Slot} slot */
  async #attach(slot) {
    const place = this.#pc.getTransceivers()[SLOTS.indexOf(slot)];
    try {
      await place?.sender.replaceTrack(this.own.track(slot));
      if (slot === 'camera') await this.#limit();
    } catch (error) {
      // Closed meanwhile: there is nobody to send to.
      if (!this.#isClosed) throw error;
    }
  }

  async #limit() {
    const sender = this.#pc.getTransceivers()[SLOTS.indexOf('camera')]?.sender;
    if (sender && !this.#isClosed) await limit(sender, this.#others);
  }

  async #offer() {
    try {
      this.#isOffering = true;
      await this.#pc.setLocalDescription();
      this.#offered = randomId();
      this.#say('offer', this.#offered);
    } catch (error) {
      if (!this.#isClosed) throw error;
    } finally {
      this.#isOffering = false;
    }
  }

  /**
   * @param {'offer' | 'answer'} kind
   * @param {string} id
   */
  #say(kind, id) {
    this.outgoing.send(kind, { sdp: this.#pc.localDescription?.sdp, id });
  }

  /**
   * @param {SignalKind} kind
   * @param {any} data
   */
  async #deal(kind, data) {
    if (kind === 'offer') await this.#answer(String(data.sdp), String(data.id ?? ''));
    if (kind === 'answer') await this.#answerCame(String(data.sdp), String(data.id ?? ''));
    if (kind === 'ice' && Array.isArray(data.candidates)) await this.#candidates(data.candidates);
    if (kind === 'restart') this.#anew();
  }

  /**
   * @param {string} sdp
   * @param {string} id
   */
  async #answer(sdp, id) {
    const pc = this.#pc;
    // It came twice: the answer may have been lost.
    if (id && id === this.#answered && pc.signalingState === 'stable') return this.#say('answer', id);
    const doesCross = this.#isOffering || pc.signalingState !== 'stable';
    if (doesCross && !this.isLater) return;
    await pc.setRemoteDescription({ type: 'offer', sdp });
    this.#fit();
    await pc.setLocalDescription();
    this.#answered = id;
    this.#say('answer', id);
    await this.#settled();
  }

  /**
   * @param {string} sdp
   * @param {string} id
   */
  async #answerCame(sdp, id) {
    if (this.#pc.signalingState !== 'have-local-offer' || (id && id !== this.#offered)) return;
    await this.#pc.setRemoteDescription({ type: 'answer', sdp });
    await this.#settled();
  }

  /** Both have said what they have. */
  async #settled() {
    const early = this.#early;
    this.#early = [];
    await this.#candidates(early);
    await this.#limit();
  }

  /** @param {RTCIceCandidateInit[]} candidates */
  async #candidates(candidates) {
    if (!this.#pc.remoteDescription) {
      this.#early = [...this.#early, ...candidates].slice(-EARLY_MOST);
      return;
    }
    for (const candidate of candidates) {
      try {
        await this.#pc.addIceCandidate(candidate);
      } catch {
        // It belongs to a description that was given up, or passed over: others follow.
      }
    }
  }

  #look() {
    const { connectionState } = this.#pc;
    if (connectionState === 'connected') {
      clearTimeout(this.#timer);
      this.state = 'connected';
      this.#limit();
      this.connected.fire();
    } else if (connectionState === 'failed') {
      this.#stalled();
      this.#begin();
    } else if (connectionState === 'disconnected') {
      this.#stalled();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#begin(), STUTTER_MS);
    }
    this.changed.fire();
  }

  #stalled() {
    if (this.state === 'connected') this.state = 'reconnecting';
  }

  /** Begin anew, and again, until it is connected. The one that came later offers: the other one asks it to. */
  #begin() {
    clearTimeout(this.#timer);
    if (this.#isClosed || this.#pc.connectionState === 'connected') return;
    this.#timer = setTimeout(() => this.#begin(), AGAIN_MS);
    if (this.isLater) this.#anew();
    else this.outgoing.send('restart', {});
  }

  #anew() {
    // Not answered: whichever of the two was lost, the same offer brings the same answer.
    if (this.#pc.signalingState === 'have-local-offer') this.#say('offer', this.#offered);
    else if (this.#pc.remoteDescription) this.#pc.restartIce();
  }
}

/** An id that tells one offer from another. */
function randomId() {
  const numbers = crypto.getRandomValues(new Uint32Array(2));
  return [...numbers].map((number) => number.toString(36)).join('');
}
