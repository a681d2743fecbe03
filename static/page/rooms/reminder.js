import { openAccount } from '../account/dialog.js';
import { h } from '../drawing/dom.js';

/** @import { Chat } from '../chat.js' */

/** Reminds those whose address is not proved: without it nobody gets back in who forgot their password. */
export class Reminder {
  #isPutOff = false;

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.words = h('p', {});
    this.open = h('button', { type: 'button', class: 'link', onclick: () => openAccount(chat, 'email') });
    this.element = h(
      'div',
      { class: 'reminder', hidden: true },
      this.words,
      this.open,
      h('button', { type: 'button', class: 'link', onclick: () => this.#later() }, 'Later'),
    );
    chat.account.changed.listen(() => this.#draw());
    this.#draw();
  }

  #later() {
    this.#isPutOff = true;
    this.#draw();
  }

  #draw() {
    // Where the server has not told yet, there is nothing to remind of.
    const { email, email_verified: isProved } = this.chat.me;
    this.element.hidden = this.#isPutOff || isProved !== false;
    this.words.textContent = `${email ? 'Prove your' : 'Add an'} e-mail address, so that you can get back in.`;
    this.open.textContent = email ? 'Enter the code' : 'Add it';
  }
}
