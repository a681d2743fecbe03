import { nameOf } from '../../../state/people.js';
import { personAvatar } from '../../drawing/avatar.js';
import { iconButton } from '../../drawing/button.js';
import { h, keyed, uniqueId } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { roomName } from '../../drawing/words.js';
import { KEYS } from '../stage/keys.js';

/** @import { Call, CallMedia } from '../../../types.js' */
/** @import { CallViews } from '../views.js' */

/** Fields that somebody may be typing in. */
const TYPING = 'input, textarea, select, [contenteditable]';

/** The calls that ring here: a card for each, beside whatever somebody is doing. */
export class Rings {
  /** What had the focus before a card took it. @type {Element | null} */
  #before = null;
  /** @type {Map<string, Call>} */
  #shown = new Map();

  /** @param {CallViews} views */
  constructor(views) {
    this.views = views;
    this.chat = views.chat;
    this.element = h('div', { class: 'rings' });
    this.said = h('div', { class: 'visually-hidden', 'aria-live': 'assertive' });
  }

  /** Who calls, for the title of the window. */
  get title() {
    const [call] = this.#shown.values();
    return call ? `${nameOf(call.started_by)} is calling` : '';
  }

  draw() {
    const { ringing } = this.chat.calls;
    const now = new Map(ringing.map((call) => [call.id, call]));
    const hadFocus = this.element.contains(document.activeElement);
    keyed(this.element, ringing, {
      key: ({ id }) => id,
      look: ({ media }) => `${media} ${this.chat.calls.current === null}`,
      make: (call) => this.#card(call),
    });
    for (const call of ringing) if (!this.#shown.has(call.id)) this.#begins(call);
    for (const call of this.#shown.values()) if (!now.has(call.id)) this.#ends(call);
    this.#shown = now;
    if (hadFocus && !this.element.contains(document.activeElement)) this.#giveBack();
  }

  /** Put the focus on the card. @returns {boolean} whether there is one */
  focus() {
    const card = /** @type {HTMLElement | null} */ (this.element.firstElementChild);
    if (!card) return false;
    if (!card.contains(document.activeElement)) this.#before = document.activeElement;
    card.focus();
    return true;
  }

  /** @param {Call} call */
  #begins(call) {
    const kind = call.media === 'video' ? 'video call' : 'call';
    const who = `${nameOf(call.started_by)}${this.#where(call)}`;
    this.said.textContent = `Incoming ${kind} from ${who}. ${KEYS.call.words} leads to it.`;
    const { activeElement } = document;
    // Whoever types goes on typing: the words above are said, and the key leads here.
    if (!activeElement?.matches(TYPING) && !activeElement?.closest('dialog, .menu')) this.focus();
  }

  /** @param {Call} call */
  #ends(call) {
    this.said.textContent = '';
    const { calls, me, toasts } = this.chat;
    const now = calls.get(call.id);
    if (!now || now.state === 'ended' || this.views.acts.isAnswering(call.id)) return;
    const mine = now.invited?.find(({ user }) => user.id === me.id);
    if (mine?.state === 'accepted') toasts.show('You have answered on another device.');
    if (mine?.state === 'declined') toasts.show('You have declined on another device.');
  }

  #giveBack() {
    const before = this.#before;
    this.#before = null;
    if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
    else this.chat.shell.focus();
  }

  /** @param {Call} call */
  #where(call) {
    const room = this.chat.store.room(call.room);
    return room && room.kind !== 'direct' ? ` in ${roomName(room, this.chat.me.id)}` : '';
  }

  /** @param {Call} call */
  #card(call) {
    const about = uniqueId();
    const kind = call.media === 'video' ? 'Video call' : 'Call';
    const ignore = iconButton('close', 'Stop ringing here', () => this.chat.calls.ignore(call), {
      'data-focus': 'ignore',
    });
    return h(
      'section',
      { class: 'ring', role: 'alertdialog', 'aria-label': 'Incoming call', 'aria-describedby': about, tabindex: '-1' },
      h('div', { class: 'ring-face' }, personAvatar(call.started_by)),
      h(
        'div',
        { class: 'ring-words', id: about },
        h('strong', { dir: 'auto' }, nameOf(call.started_by)),
        h('span', { dir: 'auto' }, `${kind}${this.#where(call)}`),
      ),
      ignore,
      h(
        'div',
        { class: 'ring-tools' },
        this.#accept(call, 'audio', 'Accept'),
        this.#accept(call, 'video', 'Accept with video'),
        h(
          'button',
          { type: 'button', class: 'primary danger', onclick: () => this.views.acts.decline(call) },
          icon('hangUp'),
          'Decline',
        ),
      ),
      this.chat.calls.current && h('p', { class: 'ring-leaves' }, 'Answering leaves the call that you are in.'),
      h('p', { class: 'ring-key' }, `${KEYS.call.words} leads here`),
    );
  }

  /**
   * @param {Call} call
   * @param {CallMedia} media
   * @param {string} words
   */
  #accept(call, media, words) {
    return h(
      'button',
      { type: 'button', class: 'primary', onclick: () => this.views.acts.accept(call, media) },
      icon(media === 'video' ? 'camera' : 'phone'),
      words,
    );
  }
}
