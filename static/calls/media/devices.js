import { Signal } from '../../signal.js';

/** @typedef {'audioinput' | 'videoinput' | 'audiooutput'} DeviceKind */

/** The devices of this computer that calls may use, and which of them somebody chose. */
export class Devices {
  /** They came or went, or another one was chosen. @type {Signal} */
  changed = new Signal();
  /** Somebody chose another one. @type {Signal<DeviceKind>} */
  chose = new Signal();

  /** @type {MediaDeviceInfo[]} */
  #known = [];
  /** @type {Record<DeviceKind, string>} */
  #chosen = { audioinput: '', videoinput: '', audiooutput: '' };
  #look = () => this.refresh();

  constructor() {
    navigator.mediaDevices?.addEventListener('devicechange', this.#look);
  }

  /**
   * Those of one kind. Before somebody has let this page use one, browsers tell nothing of them.
   * @param {DeviceKind} kind
   * @returns {MediaDeviceInfo[]}
   */
  of(kind) {
    return this.#known.filter((device) => device.kind === kind && device.deviceId !== '');
  }

  /**
   * The id of the one that is used, '' for the browser's choice.
   * @param {DeviceKind} kind
   */
  chosen(kind) {
    return this.#chosen[kind];
  }

  /**
   * @param {DeviceKind} kind
   * @param {string} id
   */
  choose(kind, id) {
    if (this.#chosen[kind] === id) return;
    this.#chosen[kind] = id;
    this.chose.fire(kind);
    this.changed.fire();
  }

  /** Whether loudspeakers can be chosen in this browser. */
  get canChooseSpeaker() {
    return 'setSinkId' in HTMLMediaElement.prototype;
  }

  /** What was chosen, to be chosen again after a reload. */
  get choice() {
    return { ...this.#chosen };
  }

  /** @param {Partial<Record<DeviceKind, string>>} choice */
  restore(choice) {
    for (const kind of /** @type {DeviceKind[]} */ (Object.keys(this.#chosen)))
      if (typeof choice[kind] === 'string') this.#chosen[kind] = choice[kind];
  }

  /** Look which there are: they came or went, or somebody has allowed to look. */
  async refresh() {
    try {
      this.#known = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    } catch {
      // Not allowed to look: none is offered.
      this.#known = [];
    }
    this.changed.fire();
  }

  close() {
    navigator.mediaDevices?.removeEventListener('devicechange', this.#look);
  }
}
