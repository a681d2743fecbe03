/** @import { Devices } from './devices.js' */

/** What is heard of one other leg: played whatever is shown. */
export class Sound {
  /** The browser lets pages play nothing before somebody has used them. */
  isSilenced = false;
  #audio = new Audio();
  #unlisten;

  /**
   * @param {MediaStream} stream
   * @param {Devices} devices
   * @param {() => void} changed
   */
  constructor(stream, devices, changed) {
    this.devices = devices;
    this.changed = changed;
    this.#audio.autoplay = true;
    this.#audio.srcObject = stream;
    this.#unlisten = devices.chose.listen((kind) => kind === 'audiooutput' && this.#route());
    this.#route();
  }

  async play() {
    let isSilenced = false;
    try {
      await this.#audio.play();
    } catch (error) {
      // Any other error says that there is nothing to be heard (any more).
      isSilenced = error instanceof DOMException && error.name === 'NotAllowedError';
    }
    if (isSilenced === this.isSilenced) return;
    this.isSilenced = isSilenced;
    this.changed();
  }

  close() {
    this.#unlisten();
    this.#audio.pause();
    this.#audio.srcObject = null;
  }

  async #route() {
    const id = this.devices.chosen('audiooutput');
    if (!this.devices.canChooseSpeaker || this.#audio.sinkId === id) return;
    try {
      await this.#audio.setSinkId(id);
    } catch {
      // It was pulled out, or is not allowed: the browser's choice goes on.
    }
  }
}
