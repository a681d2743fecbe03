import { nameOf } from '../../../state/people.js';
import { iconButton } from '../../drawing/button.js';
import { h, once } from '../../drawing/dom.js';
import { Controls } from './controls.js';
import { isRinging, rung, Tiles } from './tiles.js';
import { clockWords } from '../words.js';

/** @import { Current } from '../../../calls/current.js' */
/** @import { CallViews } from '../views.js' */

/** In less than this a call has the conversation's place, until somebody wants to read. */
const NARROW = matchMedia('(max-width: 47.99rem), (max-height: 33.99rem)');
/** Whoever has answered the browser once is asked nothing: what is over by then is not worth a word. */
const ASKING_MS = 800;

/** The call that this tab is in, in the room where it goes on. */
export class Stage {
  /** Whether it takes the place of the messages. */
  isLarge = NARROW.matches;
  /** @type {(() => void)[]} */
  #endings = [];

  /**
   * @param {CallViews} views
   * @param {Current} current
   */
  constructor(views, current) {
    this.views = views;
    this.current = current;
    this.title = h('h2', { tabindex: '-1' });
    this.clock = h('span', { class: 'clock', role: 'timer', 'aria-label': 'Length of the call' });
    this.float = iconButton('floating', 'Picture in picture', () => views.float());
    this.size = iconButton('chat', 'Hide messages', () => this.#resize());
    this.less = iconButton('smaller', 'Make the call small', () => views.minimise());
    this.tiles = new Tiles(current, views.chat.me);
    this.controls = new Controls(views, current);
    this.notes = h('div', { class: 'call-notes' });
    this.element = h(
      'section',
      { class: 'call', 'aria-label': 'Call' },
      h('header', {}, h('div', { class: 'call-title' }, this.title, this.clock), this.float, this.size, this.less),
      this.tiles.element,
      this.notes,
      this.controls.element,
    );
    const draw = once(() => this.draw());
    this.#endings = [current.changed.listen(draw), views.chat.calls.changed.listen(draw)];
    this.draw();
  }

  close() {
    for (const end of this.#endings) end();
    this.tiles.close();
    this.withdraw();
  }

  /** Take it out of the room. */
  withdraw() {
    this.element.parentElement?.classList.remove('call-large');
    this.element.remove();
  }

  draw() {
    this.tiles.draw();
    this.controls.draw();
    const words = statusWords(this.current);
    if (this.title.textContent !== words) this.title.textContent = words;
    this.float.hidden = !this.views.canFloat;
    const label = this.isLarge ? 'Show messages' : 'Hide messages';
    this.size.setAttribute('aria-label', label);
    this.size.title = label;
    this.tick();
  }

  /** A second has passed. */
  tick() {
    this.#note();
    const { activeSince } = this.current;
    const words = activeSince === null ? '' : clockWords((performance.now() - activeSince) / 1000);
    if (this.clock.textContent !== words) this.clock.textContent = words;
  }

  /** It is in the document again. */
  shown() {
    this.#mark();
    this.tiles.play();
  }

  #resize() {
    this.isLarge = !this.isLarge;
    this.#mark();
    this.draw();
  }

  #mark() {
    this.element.parentElement?.classList.toggle('call-large', this.isLarge);
  }

  #notes = '';
  /** Since when the browser asks for devices, by performance.now(). @type {number | null} */
  #askedAt = null;

  /** What is wrong, and what helps. */
  #note() {
    const { own, isSilenced } = this.current;
    const words = own.troubles.map((trouble) => trouble.words);
    const now = performance.now();
    this.#askedAt = own.isAsking ? (this.#askedAt ?? now) : null;
    const isAsked = this.#askedAt !== null && now - this.#askedAt > ASKING_MS && !words.length;
    const look = [isAsked, isSilenced, Boolean(own.screen), ...words].join('\n');
    if (look === this.#notes) return;
    this.#notes = look;
    const notes = words.map((text) => h('p', { class: 'wrong', role: 'alert' }, text));
    if (isAsked)
      notes.push(h('p', {}, 'Your browser asks whether this page may use your microphone or camera.'));
    if (own.screen) notes.push(h('p', {}, 'The others see your screen.'));
    if (isSilenced) notes.push(this.#silenced());
    this.notes.replaceChildren(...notes);
  }

  #silenced() {
    const hear = h('button', { type: 'button', class: 'plain', onclick: () => this.current.hear() }, 'Hear the others');
    return h('p', { role: 'alert' }, 'This browser lets nothing be heard before you say so. ', hear);
  }
}

/**
 * How a call is, in a few words.
 * @param {Current} current
 */
export function statusWords(current) {
  const { call, peers, isReconnecting } = current;
  if (isReconnecting) return 'Reconnecting…';
  const waiting = rung(call);
  if (call.state === 'ringing' && waiting.length) {
    const names = waiting.length > 2 ? `${waiting.length} people` : waiting.map(nameOf).join(' and ');
    return waiting.some((person) => isRinging(call, person)) ? `Ringing ${names}…` : `Calling ${names}…`;
  }
  if (call.state === 'connecting') return 'Connecting…';
  if (!peers.length) return 'Nobody else is here yet';
  return `${call.media === 'video' ? 'Video call' : 'Call'} · ${peers.length + 1} people`;
}
