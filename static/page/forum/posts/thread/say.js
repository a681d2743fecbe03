import { makeCid } from '../../../../state/forum/wire/given.js';
import { inWords } from '../../../../wire/refused.js';
import { checkField } from '../../../dialogs/fields.js';
import { h } from '../../../drawing/dom.js';

/** @import { Chat } from '../../../chat.js' */

const MOST = 5000;

/** @typedef {{text: string, anonymous: boolean, cid: string}} Words */

/** Where a comment is written. */
export class SayForm {
  /**
   * @param {Chat} chat
   * @param {object} how
   * @param {string} how.label
   * @param {string} [how.text]
   * @param {(said: Words) => Promise<void>} how.send
   * @param {() => void} [how.cancel]
   */
  constructor(chat, { label, text = '', send, cancel }) {
    this.send = send;
    this.input = h('textarea', {
      rows: '2',
      maxlength: String(MOST),
      dir: 'auto',
      'aria-label': label,
      placeholder: label,
    });
    this.input.value = text;
    // As long as it is the same, sending it again makes one comment of it.
    this.cid = makeCid();
    this.input.addEventListener('input', () => (this.cid = makeCid()));
    this.other = checkField('Under another name', { checked: chat.me.preferences?.anonymous ?? false });
    this.other.box.hidden = true;
    this.problem = h('p', { class: 'problem', role: 'alert' });
    this.submit = h('button', { type: 'submit', class: 'primary' }, text ? 'Save' : 'Comment');
    this.element = h(
      'form',
      { class: 'say field' },
      this.input,
      this.problem,
      h(
        'div',
        { class: 'actions' },
        this.other.box,
        cancel && h('button', { type: 'button', class: 'plain', onclick: cancel }, 'Cancel'),
        this.submit,
      ),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.input.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) this.#submit();
      if (event.key === 'Escape' && cancel) cancel();
    });
  }

  focus() {
    this.input.focus();
  }

  /**
   * Whether another name may be used here.
   * @param {boolean} may
   */
  mayHide(may) {
    this.other.box.hidden = !may;
  }

  async #submit() {
    const text = this.input.value.trim();
    if (!text || this.submit.disabled) return;
    this.submit.disabled = true;
    this.problem.textContent = '';
    try {
      await this.send({ text, anonymous: !this.other.box.hidden && this.other.input.checked, cid: this.cid });
      this.input.value = '';
      this.cid = makeCid();
    } catch (error) {
      this.problem.textContent = inWords(error);
    } finally {
      this.submit.disabled = false;
    }
  }
}
