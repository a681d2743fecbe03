import { onSubmit, field, openDialog } from '../../dialogs/dialog.js';
import { wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';

/**
 * Ask before something that others notice, and why it is done.
 * @param {object} how
 * @param {string} how.title
 * @param {string} how.text
 * @param {string} how.action  the word on the button
 * @param {boolean} [how.isDangerous]
 * @param {boolean} [how.isNeeded]  whether it is not done without a reason
 * @param {(reason: string) => Promise<unknown>} how.run
 */
export function askReason({ title, text, action, isDangerous = false, isNeeded = false, run }) {
  const reason = h('input', { name: 'reason', maxlength: '500', autocomplete: 'off', dir: 'auto' });
  const cancel = h('button', { type: 'button', class: 'plain', onclick: () => dialog.close() }, 'Cancel');
  const submit = h('button', { type: 'submit', class: isDangerous ? 'primary danger' : 'primary' }, action);
  const form = h(
    'form',
    {},
    h('p', {}, text),
    field('Reason', reason, `${isNeeded ? '' : 'Optional. '}Everybody who sees it can read the reason.`),
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, cancel, submit),
  );
  onSubmit(form, async () => {
    if (isNeeded && !reason.value.trim()) throw wrong('reason', 'Say why.');
    await run(reason.value.trim());
    dialog.close();
  });
  const dialog = openDialog(title, form);
  dialog.classList.add('small');
  reason.focus();
}
