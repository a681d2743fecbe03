import { iconButton } from '../drawing/button.js';
import { h } from '../drawing/dom.js';

/** @import { Chat } from '../chat.js' */
/** @import { Child } from '../drawing/dom.js' */

/** What is seen in the place of a conversation: a head, and below it what can be scrolled. */
export class View {
  /** Whether one comes back to it from a post, and finds it as it was. */
  isList = false;
  /** What the window is called. */
  title = '';
  /** What ends with the view. @type {(() => void)[]} */
  endings = [];
  #top = 0;

  /**
   * @param {Chat} chat
   * @param {string} label
   */
  constructor(chat, label) {
    this.chat = chat;
    this.title = label;
    this.heading = h('h1', { tabindex: '-1', dir: 'auto' }, label);
    this.about = h('p', { dir: 'auto' });
    this.head = h('header', { class: 'head' });
    this.column = h('div', { class: 'sheet' });
    this.scroller = h('div', { class: 'scroll' }, this.column);
    this.element = h('section', { class: 'view', 'aria-label': label }, this.head, this.scroller);
    this.drawHead();
  }

  /**
   * Draw the head.
   * @param {object} [how]
   * @param {string | null} [how.back]  the address that the way back leads to; null: there is none
   * @param {Child} [how.before]  what stands before the title
   * @param {Child[]} [how.actions]
   */
  drawHead({ back = null, before = null, actions = [] } = {}) {
    this.head.replaceChildren(
      h('div', { class: 'title' }, this.heading, this.about),
      ...actions.filter((action) => action instanceof Node),
    );
    if (before instanceof Node) this.head.prepend(before);
    if (back === null) return;
    this.head.prepend(iconButton('back', 'Back', () => this.#back(back), { class: 'quiet' }));
  }

  /**
   * Call it so, in its head, for screen readers and on the window.
   * @param {string} title
   * @param {string} [about]
   */
  entitle(title, about = '') {
    this.title = title;
    this.heading.textContent = title;
    this.about.textContent = about;
    this.element.setAttribute('aria-label', title);
    this.chat.shell?.entitle();
  }

  /**
   * Where one came from if it was here, else where the view belongs.
   * @param {string} address
   */
  #back(address) {
    if (this.chat.shell.hasPast) history.back();
    else location.hash = address;
  }

  /**
   * Fetch what is shown: now, or as soon as we are connected, and anew after each loss of the connection.
   * @param {() => unknown} load
   */
  fetchBy(load) {
    this.endings.push(this.chat.forum.back.listen(() => load()));
    if (this.chat.connection.isLive) load();
  }

  /** It is in the document, for the first time or again. */
  opened() {
    this.scroller.scrollTop = this.#top;
  }

  /** It goes out of the document, and may come back. */
  leave() {
    this.#top = this.scroller.scrollTop;
  }

  /** It is over. */
  close() {
    for (const end of this.endings) end();
  }

  focus() {
    this.heading.focus({ preventScroll: true });
  }
}
