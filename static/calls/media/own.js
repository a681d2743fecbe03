import { Signal } from '../../signal.js';
import { goneTrouble, troubleOf } from './trouble.js';

/** @import { CallMedia } from '../../types.js' */
/** @import { Devices } from './devices.js' */
/** @import { Trouble } from './trouble.js' */

/** The tracks of a leg, in the order in which they stand in every connection. @type {Slot[]} */
export const SLOTS = ['audio', 'camera', 'screen'];

/** @typedef {'audio' | 'camera' | 'screen'} Slot */

/** How a leg is begun. @typedef {{media: CallMedia, isMuted?: boolean, hand?: boolean}} Wish */

/** @type {MediaTrackConstraints} */
const PICTURE = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };

/** My own sound and pictures in a call. A camera that is off is not used: its light is off too. */
export class Own {
  /** @type {Signal} */
  changed = new Signal();
  /** Another track, or none, is in a slot. @type {Signal<Slot>} */
  swapped = new Signal();
  isMuted = false;
  hand = false;
  /** How it was begun. @type {Wish} */
  wish = { media: 'audio' };
  /** What my camera sees, while it is on. @type {MediaStream | null} */
  camera = null;
  /** What I share of my screen. @type {MediaStream | null} */
  screen = null;
  /** Devices are being asked for. */
  isAsking = false;
  /** @type {Trouble[]} */
  troubles = [];
  /** What keeps my sound and my camera together at the others, and what is apart from them. */
  streams = { audio: new MediaStream(), screen: new MediaStream() };

  /** @type {Record<Slot, MediaStreamTrack | null>} */
  #tracks = { audio: null, camera: null, screen: null };
  /** Which wish for a slot is the latest: what an earlier one brings comes too late. @type {Record<Slot, number>} */
  #turns = { audio: 0, camera: 0, screen: 0 };
  #isClosed = false;
  #unlisten;

  /** @param {Devices} devices */
  constructor(devices) {
    this.devices = devices;
    this.#unlisten = devices.chose.listen((kind) => this.#rechoose(kind));
  }

  /** The microphone is in use; it may be muted. */
  get hasMicrophone() {
    return this.#tracks.audio !== null;
  }

  /** Whether this browser can share a screen. */
  get canShare() {
    return Boolean(navigator.mediaDevices && 'getDisplayMedia' in navigator.mediaDevices);
  }

  /** What the others are to see of it. */
  get attributes() {
    const { hand, camera, screen } = this;
    return { muted: this.isMuted || !this.hasMicrophone, camera: camera !== null, screen: screen !== null, hand };
  }

  /** @param {Slot} slot */
  track(slot) {
    return this.#tracks[slot];
  }

  /**
   * Ask for what is wished. What cannot be had is told in `troubles`.
   * @param {Wish} wish
   */
  async begin(wish) {
    const { media, isMuted = false, hand = false } = wish;
    this.wish = wish;
    this.isMuted = isMuted;
    this.hand = hand;
    this.isAsking = true;
    try {
      // One question to the person for both, where both can be had.
      if (media !== 'video' || !(await this.#both())) {
        await this.#open('audio');
        if (media === 'video') await this.#open('camera');
      }
    } finally {
      this.isAsking = false;
      this.changed.fire();
    }
    await this.devices.refresh();
  }

  /** @param {boolean} isMuted */
  async setMuted(isMuted) {
    this.isMuted = isMuted;
    const track = this.#tracks.audio;
    if (track) track.enabled = !isMuted;
    this.changed.fire();
    if (!isMuted && !track) await this.#open('audio');
  }

  /** @param {boolean} isOn */
  async setCamera(isOn) {
    if (isOn) await this.#open('camera');
    else this.#drop('camera');
  }

  /**
   * Share the screen, or stop to. Must come from a click.
   * @param {boolean} isOn
   */
  async setScreen(isOn) {
    if (isOn) await this.#open('screen');
    else this.#drop('screen');
  }

  /** @param {boolean} isUp */
  setHand(isUp) {
    this.hand = isUp;
    this.changed.fire();
  }

  close() {
    this.#isClosed = true;
    this.#unlisten();
    for (const slot of SLOTS) this.#drop(slot);
  }

  /** @returns {Promise<boolean>} whether microphone and camera were had */
  async #both() {
    const turns = [++this.#turns.audio, ++this.#turns.camera];
    try {
      const wanted = { audio: this.#constraints('audio'), video: this.#constraints('camera') };
      const stream = await navigator.mediaDevices.getUserMedia(wanted);
      this.#put('audio', stream.getAudioTracks()[0], turns[0]);
      this.#put('camera', stream.getVideoTracks()[0], turns[1]);
      return true;
    } catch {
      // Which of the two it is shows when they are asked for one by one.
      return false;
    }
  }

  /**
   * @param {Slot} slot
   * @param {boolean} [isExact]  the chosen device, and no other
   */
  async #open(slot, isExact = false) {
    const turn = ++this.#turns[slot];
    try {
      this.#put(slot, await this.#ask(slot, isExact), turn);
    } catch (error) {
      if (turn !== this.#turns[slot] || this.#isClosed) return;
      // Whoever closes the browser's question about their screen has changed nothing.
      const isRefusal = error instanceof DOMException && error.name === 'NotAllowedError';
      if (slot !== 'screen' || !isRefusal) this.complain(troubleOf(WHAT[slot], error));
    }
  }

  /**
   * @param {Slot} slot
   * @param {boolean} isExact
   * @returns {Promise<MediaStreamTrack>}
   */
  async #ask(slot, isExact) {
    const wanted = this.#constraints(slot, isExact);
    const { mediaDevices } = navigator;
    if (slot === 'audio') return (await mediaDevices.getUserMedia({ audio: wanted })).getAudioTracks()[0];
    const stream = slot === 'camera' ? mediaDevices.getUserMedia({ video: wanted }) : mediaDevices.getDisplayMedia();
    return (await stream).getVideoTracks()[0];
  }

  /**
   * @param {Slot} slot
   * @param {boolean} [isExact]
   * @returns {MediaTrackConstraints}
   */
  #constraints(slot, isExact = false) {
    const id = this.devices.chosen(slot === 'audio' ? 'audioinput' : 'videoinput');
    // One that was chosen once and is gone by now is no reason to have none.
    const deviceId = id ? { deviceId: isExact ? { exact: id } : { ideal: id } } : {};
    return slot === 'audio' ? { ...deviceId } : { ...PICTURE, ...deviceId };
  }

  /**
   * @param {Slot} slot
   * @param {MediaStreamTrack} track
   * @param {number} turn
   */
  #put(slot, track, turn) {
    if (this.#isClosed || turn !== this.#turns[slot]) return track.stop();
    this.#tracks[slot]?.stop();
    this.#tracks[slot] = track;
    if (slot === 'audio') track.enabled = !this.isMuted;
    else this[slot] = new MediaStream([track]);
    if (slot === 'screen') track.contentHint = 'detail';
    // A track that is stopped here says nothing: it was pulled out, or the browser's own button ended it.
    track.addEventListener('ended', () => this.#ended(slot, track));
    this.troubles = this.troubles.filter(({ what }) => what !== WHAT[slot]);
    this.swapped.fire(slot);
    this.changed.fire();
  }

  /** @param {Slot} slot */
  #drop(slot) {
    this.#turns[slot]++;
    const track = this.#tracks[slot];
    if (!track) return;
    track.stop();
    this.#tracks[slot] = null;
    if (slot !== 'audio') this[slot] = null;
    this.swapped.fire(slot);
    this.changed.fire();
  }

  /**
   * @param {Slot} slot
   * @param {MediaStreamTrack} track
   */
  async #ended(slot, track) {
    if (this.#tracks[slot] !== track) return;
    this.#drop(slot);
    if (slot === 'screen') return;
    const what = WHAT[slot];
    // Another one may be there, for the sound at least: a camera nobody turned on looks at things unasked.
    if (slot === 'audio') await this.#open('audio');
    if (!this.#tracks[slot] && !this.#isClosed) this.complain(goneTrouble(what));
  }

  /** @param {import('./devices.js').DeviceKind} kind */
  #rechoose(kind) {
    if (kind === 'audioinput') this.#open('audio', true);
    if (kind === 'videoinput' && this.camera) this.#open('camera', true);
  }

  /** @param {Trouble} trouble */
  complain(trouble) {
    this.troubles = [...this.troubles.filter(({ what }) => what !== trouble.what), trouble];
    this.changed.fire();
  }
}

/** @type {Record<Slot, Trouble['what']>} */
const WHAT = { audio: 'microphone', camera: 'camera', screen: 'screen' };
