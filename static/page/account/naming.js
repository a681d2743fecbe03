import { field, onSubmit, openDialog } from '../dialogs/dialog.js';
import { wrong } from '../dialogs/fields.js';
import { h } from '../drawing/dom.js';

/**
 * Ask for another name of something.
 * @param {string} title
 * @param {string} name  the present one
 * @param {number} most  characters
 * @param {(name: string) => Promise<void>} run
 */
export function askName(title, name, most, run) {
  const input = h('input', { name: 'name', maxlength: most, autocomplete: 'off', value: name });
  const form = h(
    'form',
    {},
    field('Name', input),
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Save')),
  );
  onSubmit(form, async () => {
    if (!input.value.trim()) throw wrong('name', 'Enter a name.');
    await run(input.value.trim());
    dialog.close();
  });
  const dialog = openDialog(title, form);
  dialog.classList.add('small');
  input.focus();
  input.select();
}
