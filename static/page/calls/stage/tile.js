import { personAvatar } from '../../drawing/avatar.js';
import { h, hidden } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';

/** @import { Person } from '../../../types.js' */

/**
 * How a tile is now.
 * @typedef {object} TileLook
 * @property {string} name
 * @property {MediaStream | null} picture  null: no video is there to be shown
 * @property {boolean} [isMirrored]
 * @property {boolean} [isMuted]
 * @property {boolean} [isHandUp]
 * @property {boolean} [isSpeaking]
 * @property {string} [state]  what is said over it: "Reconnecting…"
 */

/** One place of a call: a person, or the screen that one of them shares. It is changed, never drawn anew. */
export class Tile {
  #look = '';

  /**
   * @param {Person} person
   * @param {Record<string, string>} [marks]  data attributes
   */
  constructor(person, marks = {}) {
    // What is heard is played elsewhere: a picture that comes and goes must not take the sound along.
    this.video = h('video', { autoplay: true, playsinline: true, 'aria-hidden': 'true', hidden: true });
    this.video.muted = true;
    this.video.disablePictureInPicture = true;
    this.face = h('div', { class: 'face' }, personAvatar(person));
    this.state = h('p', { class: 'tile-state', hidden: true });
    this.name = h('span', { class: 'tile-name', dir: 'auto' });
    this.element = h('li', { class: 'tile' }, this.face, this.video, this.state, h('p', { class: 'label' }, this.name));
    for (const [name, value] of Object.entries(marks)) this.element.dataset[name] = value;
  }

  /** @param {TileLook} now */
  update(now) {
    this.#show(now.picture);
    this.element.classList.toggle('speaking', Boolean(now.isSpeaking));
    const { name, state = '', isMuted = false, isHandUp = false, isMirrored = false } = now;
    const look = [name, state, isMuted, isHandUp, isMirrored].join('\n');
    if (look === this.#look) return;
    this.#look = look;
    this.video.classList.toggle('mirrored', isMirrored);
    this.element.classList.toggle('waiting', state !== '');
    this.state.hidden = !state;
    this.state.textContent = state;
    this.name.replaceChildren(name);
    this.name.title = name;
    const label = [
      isHandUp && h('span', { class: 'mark hand' }, icon('hand'), hidden('Hand raised: ')),
      this.name,
      isMuted && h('span', { class: 'mark' }, icon('microphoneOff'), hidden(', muted')),
    ];
    this.element.lastElementChild?.replaceChildren(...label.filter((child) => child instanceof Node));
  }

  /** @param {MediaStream | null} picture */
  #show(picture) {
    this.video.hidden = !picture;
    this.face.hidden = picture !== null;
    if (this.video.srcObject !== picture) this.video.srcObject = picture;
    this.play();
  }

  /** A video that was out of the document stands still until it is told to go on. */
  play() {
    // Refused where nothing comes in yet: it starts by itself then.
    if (this.video.srcObject && this.video.paused) this.video.play().catch(() => undefined);
  }

  close() {
    this.video.srcObject = null;
    this.element.remove();
  }
}
