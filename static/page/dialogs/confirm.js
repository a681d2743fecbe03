import { h } from '../drawing/dom.js';
import { onSubmit, openDialog } from './dialog.js';

/**
 * Ask before something that cannot be undone, and do it.
 * @param {object} how
 * @param {string} how.title
 * @param {string} how.text
 * @param {string} how.action  the word on the button
 * @param {() => Promise<unknown>} how.run
 */
export function confirm({ title, text, action, run }) {
  const cancel = h('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, 'Cancel');
  const form = h(
    'form',
    {},
    h('p', {}, text),
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, cancel, h('button', { type: 'submit', class: 'primary danger' }, action)),
  );
  onSubmit(form, async () => {
    await run();
    dialog.close();
  });
  const dialog = openDialog(title, form);
  dialog.classList.add('small');
  cancel.focus();
}
