import { Refused } from '../../wire/refused.js';
import { h, uniqueId } from '../drawing/dom.js';
import { field, onSubmit, openDialog } from './dialog.js';

/** @import { Chat } from '../chat.js' */

/**
 * Make a room.
 * @param {Chat} chat
 */
export function openNewRoom(chat) {
  const name = h('input', { name: 'name', maxlength: '100', autocomplete: 'off', required: true });
  const description = h('input', { name: 'description', maxlength: '500', autocomplete: 'off' });
  const history = h('input', { type: 'checkbox', name: 'history', id: uniqueId(), checked: true });
  const form = h(
    'form',
    {},
    field('Name', name),
    field('Description', description, 'Optional: what is it for?'),
    h(
      'fieldset',
      { class: 'choices' },
      h('legend', {}, 'Who can join?'),
      choice('kind', 'public', 'Public', 'Everybody here can find and join it.', true),
      choice('kind', 'private', 'Private', 'People are added by those who run it.', false),
    ),
    h('div', { class: 'check' }, history, h('label', { for: history.id }, 'New members see earlier messages')),
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Create room')),
  );
  onSubmit(form, async () => {
    if (!name.value.trim())
      throw new Refused('bad_request', '', { errors: [{ pointer: '/name', detail: 'Give the room a name.' }] });
    const kind = new FormData(form).get('kind');
    const room = await chat.connection.request('room.create', {
      name: name.value,
      kind,
      ...(description.value && { description: description.value }),
      ...(!history.checked && { history: 'joined' }),
    });
    dialog.close();
    chat.enter(room);
  });
  const dialog = openDialog('New room', form);
  name.focus();
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} label
 * @param {string} hint
 * @param {boolean} checked
 */
function choice(name, value, label, hint, checked) {
  const id = uniqueId();
  return h(
    'div',
    { class: 'choice' },
    h('input', { type: 'radio', name, value, id, checked }),
    h('label', { for: id }, h('strong', {}, label), h('span', {}, hint)),
  );
}
