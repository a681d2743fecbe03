import { h, once } from './drawing/dom.js';

/** @import { Chat } from './chat.js' */

/** A short loss is nobody's business. */
const PATIENCE_MS = 1200;

/** Says when this page is not connected, and what that means. */
export class Banner {
  #wasLive = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.words = h('span', {});
    this.button = h(
      'button',
      { type: 'button', class: 'plain', hidden: true, onclick: () => this.#again() },
      'Connect again',
    );
    this.element = h('div', { class: 'banner', role: 'status', hidden: true }, this.words, this.button);
    const draw = once(() => this.#draw());
    chat.connection.changed.listen(draw);
    chat.outbox.changed.listen(draw);
    addEventListener('online', draw, { signal: chat.closing });
    addEventListener('offline', draw, { signal: chat.closing });
  }

  #again() {
    this.chat.connection.start();
    this.chat.connection.hurry();
  }

  #draw() {
    const { phase, why } = this.chat.connection;
    if (phase === 'live') {
      this.#wasLive = true;
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.element.hidden = true;
    } else if (phase === 'stopped') {
      this.#say('stopped', why, true);
    } else if (!this.element.hidden) {
      this.#sayWaiting();
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        if (this.chat.connection.phase !== 'live') this.#sayWaiting();
      }, PATIENCE_MS);
    }
  }

  #sayWaiting() {
    const { phase } = this.chat.connection;
    if (phase === 'live' || phase === 'stopped' || phase === 'off') return;
    const kept = this.chat.outbox.size ? ' Messages you write are kept and sent later.' : '';
    if (!navigator.onLine)
      this.#say('offline', 'You are offline. Messages you write are kept and sent when you are back.', true);
    else this.#say('waiting', `${this.#wasLive ? 'Reconnecting' : 'Connecting'}…${kept}`, phase === 'waiting');
  }

  /**
   * @param {string} kind
   * @param {string} words
   * @param {boolean} canHurry
   */
  #say(kind, words, canHurry) {
    this.element.dataset.kind = kind;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.button.hidden = !canHurry;
    this.element.hidden = false;
  }
}
