import { inWords } from '../../wire/refused.js';
import { onSubmit } from '../dialogs/dialog.js';
import { h, put } from '../drawing/dom.js';
import { askConfirmed } from './proofs/confirming.js';

/** @import { Chat } from '../chat.js' */
/** @import { Child } from '../drawing/dom.js' */

/** What every section of the account's dialog is given. */
export class Desk {
  /**
   * @param {Chat} chat
   * @param {() => void} redraw  draws the section that is shown anew
   */
  constructor(chat, redraw) {
    this.chat = chat;
    this.account = chat.account;
    this.redraw = redraw;
  }

  get me() {
    return this.account.user;
  }

  /**
   * Ask the server; where it wants a proof first, the person is asked for it.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @returns {Promise<any>}
   */
  ask(method, path, body) {
    return askConfirmed(this.account, method, path, body);
  }

  /**
   * Do something at the press of a button, and tell when it failed.
   * @param {() => Promise<void>} work
   */
  async attempt(work) {
    try {
      await work();
    } catch (error) {
      this.chat.toasts.show(inWords(error), 'error');
    }
  }
}

/**
 * A part of a section.
 * @param {string} title
 * @param {Child} words
 * @param {...Child} children
 */
export function part(title, words, ...children) {
  return h(
    'section',
    { class: 'part' },
    h('h3', {}, title),
    words && h('p', { class: 'words' }, words),
    ...children,
  );
}

/**
 * A form that changes something; what `run` returns is said when it is done.
 * @param {object} how
 * @param {Child[]} how.fields
 * @param {string} how.submit
 * @param {() => Promise<string | void>} how.run
 * @param {boolean} [how.isDangerous]
 */
export function changeForm({ fields, submit, run, isDangerous = false }) {
  const done = h('p', { class: 'done', role: 'status' });
  const form = h(
    'form',
    {},
    ...fields,
    h('p', { class: 'problem', role: 'alert' }),
    h(
      'div',
      { class: 'actions' },
      done,
      h('button', { type: 'submit', class: isDangerous ? 'primary danger' : 'primary' }, submit),
    ),
  );
  onSubmit(form, async () => {
    done.textContent = '';
    done.textContent = (await run()) ?? '';
  });
  return form;
}

/**
 * Something that has to be fetched first.
 * @template T
 * @param {() => Promise<T>} load
 * @param {(found: T) => Child[]} draw
 */
export function fetched(load, draw) {
  const box = h('div', { class: 'fetched' }, h('p', { class: 'hint', role: 'status' }, 'Loading…'));
  const run = async () => {
    try {
      const found = await load();
      box.replaceChildren();
      put(box, ...draw(found));
    } catch (error) {
      const again = h('button', { type: 'button', class: 'plain', onclick: run }, 'Try again');
      box.replaceChildren(h('p', { class: 'problem', role: 'alert' }, inWords(error)), again);
    }
  };
  run();
  return box;
}

/**
 * A list of things with what can be done with each.
 * @param {HTMLElement[]} rows
 * @param {string} none  what is said where there is nothing
 */
export function rowList(rows, none) {
  return rows.length ? h('ul', { class: 'rows' }, ...rows) : h('p', { class: 'hint' }, none);
}

/**
 * @param {Child} title
 * @param {Child[]} about  lines below it
 * @param {...Child} actions
 */
export function row(title, about, ...actions) {
  return h(
    'li',
    {},
    h(
      'div',
      { class: 'what' },
      h('strong', { dir: 'auto' }, title),
      ...about.filter(Boolean).map((line) => h('span', { dir: 'auto' }, line)),
    ),
    ...actions,
  );
}

/**
 * A small button in a row; the label says what it is about to those who do not see where it stands.
 * @param {string} text
 * @param {string} label
 * @param {() => void} run
 * @param {boolean} [isDangerous]
 */
export function rowButton(text, label, run, isDangerous = false) {
  return h(
    'button',
    { type: 'button', class: isDangerous ? 'plain danger' : 'plain', 'aria-label': label, onclick: run },
    text,
  );
}
