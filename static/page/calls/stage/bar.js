import { nameOf } from '../../../state/people.js';
import { h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { roomName } from '../../drawing/words.js';
import { CallButton, drawMute } from './controls.js';
import { KEYS } from './keys.js';
import { statusWords } from './stage.js';
import { clockWords } from '../words.js';

/** @import { Current } from '../../../calls/current.js' */
/** @import { CallViews } from '../views.js' */

/** The call while it is not looked at: who speaks, how long, and the way back. */
export class Bar {
  /** @param {CallViews} views */
  constructor(views) {
    this.views = views;
    this.video = h('video', { autoplay: true, playsinline: true, 'aria-hidden': 'true', hidden: true });
    this.video.muted = true;
    this.where = h('strong', { dir: 'auto' });
    this.state = h('span', {});
    this.clock = h('span', { class: 'clock', role: 'timer', 'aria-label': 'Length of the call' });
    this.mute = new CallButton('quiet', () => views.acts.toggleMute(), KEYS.mute);
    this.float = new CallButton('quiet', () => views.float());
    this.float.update('floating', 'Picture in picture');
    this.leave = new CallButton('quiet leave', () => views.acts.leave());
    this.leave.update('hangUp', 'Hang up');
    this.back = h(
      'button',
      { type: 'button', class: 'call-back', onclick: () => views.show(), 'aria-keyshortcuts': KEYS.call.name },
      icon('larger'),
      h('span', {}, 'Back to the call'),
    );
    this.back.title = `Back to the call (${KEYS.call.words})`;
    this.element = h(
      'section',
      { class: 'call-bar', 'aria-label': 'Ongoing call', hidden: true },
      h('div', { class: 'bar-picture' }, icon('phone'), this.video),
      h('p', { class: 'bar-words' }, this.where, this.state),
      this.clock,
      this.mute.element,
      this.float.element,
      this.leave.element,
      this.back,
    );
  }

  /** @param {Current | null} current  null: there is none, or it is looked at */
  draw(current) {
    this.element.hidden = !current;
    const picture = current && pictureOf(current);
    if (this.video.srcObject !== picture) this.video.srcObject = picture ?? null;
    this.video.hidden = !picture;
    if (picture && this.video.paused) this.video.play().catch(() => undefined);
    if (!current) return;
    const { chat } = this.views;
    const room = chat.store.room(current.call.room);
    say(this.where, room ? roomName(room, chat.me.id) : 'Call');
    const speaker = current.peers.find(({ leg }) => current.speaks(leg.id));
    say(this.state, speaker ? `${nameOf(speaker.leg.user)} speaks` : statusWords(current));
    drawMute(this.mute, current.own);
    this.float.element.hidden = !this.views.canFloat;
    this.tick(current);
  }

  /**
   * A second has passed.
   * @param {Current} current
   */
  tick({ activeSince }) {
    say(this.clock, activeSince === null ? '' : clockWords((performance.now() - activeSince) / 1000));
  }
}

/**
 * What is most worth seeing: a screen, whoever speaks, anybody.
 * @param {Current} current
 * @returns {MediaStream | null}
 */
export function pictureOf(current) {
  const { peers, own } = current;
  const screen = peers.find(({ leg }) => leg.screen);
  if (screen) return screen.screen;
  const seen = peers.filter(({ leg }) => leg.camera);
  const speaker = seen.find(({ leg }) => current.speaks(leg.id));
  return (speaker ?? seen[0])?.camera ?? own.camera;
}

/**
 * @param {HTMLElement} element
 * @param {string} words
 */
function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}
