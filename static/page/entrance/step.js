import { onSubmit } from '../dialogs/dialog.js';
import { h } from '../drawing/dom.js';

/** @import { Child } from '../drawing/dom.js' */

/**
 * One step of the way in.
 * @param {object} how
 * @param {string} how.title
 * @param {string} [how.reason]  why somebody is here
 * @param {Child} [how.words]
 * @param {Child[]} how.fields
 * @param {string} how.submit  the word on the button
 * @param {() => Promise<void>} how.run
 * @param {Child[]} [how.more]
 */
export function step({ title, reason, words, fields, submit, run, more = [] }) {
  const form = h(
    'form',
    {},
    h('h1', {}, title),
    reason && h('p', { class: 'reason', role: 'status' }, reason),
    words && h('p', { class: 'words' }, words),
    ...fields,
    h('p', { class: 'problem', role: 'alert' }),
    h('button', { type: 'submit', class: 'primary wide' }, submit),
    ...more,
  );
  onSubmit(form, run);
  return form;
}

/**
 * A way to another step.
 * @param {string} words
 * @param {string} label
 * @param {() => void} run
 */
export function other(words, label, run) {
  return h(
    'p',
    { class: 'other' },
    words && `${words} `,
    h('button', { type: 'button', class: 'link', onclick: run }, label),
  );
}
