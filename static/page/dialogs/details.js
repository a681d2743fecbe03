import { Refused } from '../../wire/refused.js';
import { h } from '../drawing/dom.js';
import { field, onSubmit, openDialog } from './dialog.js';
import { checkField } from './fields.js';

/** @import { Chat } from '../chat.js' */
/** @import { Room } from '../../state/room.js' */

/**
 * Change a room's name and description.
 * @param {Chat} chat
 * @param {Room} room
 */
export function openDetails(chat, room) {
  const name = h('input', { name: 'name', maxlength: '100', autocomplete: 'off', value: room.name });
  const description = h('input', {
    name: 'description',
    maxlength: '500',
    autocomplete: 'off',
    value: room.description,
  });
  const calls = checkField('Calls: members may call each other here', { name: 'voip_enabled', checked: room.mayCall });
  const form = h(
    'form',
    {},
    field('Name', name),
    field('Description', description),
    calls.box,
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Save')),
  );
  onSubmit(form, async () => {
    if (!name.value.trim())
      throw new Refused('bad_request', '', { errors: [{ pointer: '/name', detail: 'Give the room a name.' }] });
    /** @type {Record<string, string | boolean>} */
    const changes = {};
    if (name.value !== room.name) changes.name = name.value;
    if (description.value !== room.description) changes.description = description.value;
    if (calls.input.checked !== room.mayCall) changes.voip_enabled = calls.input.checked;
    if (Object.keys(changes).length) await chat.connection.request('room.update', { room: room.id, ...changes });
    dialog.close();
  });
  const dialog = openDialog('Room details', form);
  name.focus();
  name.select();
}
