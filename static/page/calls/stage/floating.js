import { h } from '../../drawing/dom.js';
import { inWords } from '../../../wire/refused.js';
import { pictureOf } from './bar.js';

/** @import { Current } from '../../../calls/current.js' */
/** @import { Chat } from '../../chat.js' */

/** The call's picture in a small window of the browser's own, over all others. */
export class Floating {
  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    // In the document, and seen by nobody: a video that leaves the document leaves its small window too.
    this.video = h('video', { class: 'visually-hidden', playsinline: true, 'aria-hidden': 'true', tabindex: '-1' });
    this.video.muted = true;
  }

  /** @param {Current | null} current */
  draw(current) {
    const picture = current && this.isOpen ? pictureOf(current) : null;
    if (!picture) this.close();
    else if (this.video.srcObject !== picture) this.#show(picture);
  }

  get isOpen() {
    return document.pictureInPictureElement === this.video;
  }

  /**
   * Whether there is anything to be shown, and a browser that does.
   * @param {Current | null} current
   */
  can(current) {
    return document.pictureInPictureEnabled && current !== null && pictureOf(current) !== null;
  }

  /**
   * Open the small window, or close it; from a click.
   * @param {Current} current
   */
  async toggle(current) {
    if (this.isOpen) return this.close();
    const picture = pictureOf(current);
    if (!picture) return;
    try {
      await this.#show(picture);
      await this.video.requestPictureInPicture();
    } catch (error) {
      // Whoever closed it, or a browser that shows none after all: the bar is there.
      this.close();
      if (!(error instanceof DOMException)) this.chat.toasts.show(inWords(error), 'error');
    }
  }

  close() {
    if (this.isOpen) document.exitPictureInPicture().catch(() => undefined);
    this.video.srcObject = null;
  }

  /** @param {MediaStream} picture */
  async #show(picture) {
    this.video.srcObject = picture;
    if (!this.video.readyState)
      await new Promise((resolve) => this.video.addEventListener('loadedmetadata', resolve, { once: true }));
    await this.video.play();
  }
}
