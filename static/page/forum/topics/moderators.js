import { onSubmit, openDialog } from '../../dialogs/dialog.js';
import { checkField, selectField } from '../../dialogs/fields.js';
import { field } from '../../dialogs/dialog.js';
import { h } from '../../drawing/dom.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Person } from '../../../types.js' */

/** @type {[string, string][]} */
const PERMISSIONS = [
  ['delete_messages', 'Delete what others say'],
  ['manage_posts', 'Close, delete and restore posts and comments'],
  ['ban_users', 'Remove and ban people'],
  ['invite', 'Invite people'],
  ['edit_topic', 'Change what it is called and about'],
  ['manage_rooms', 'Run the rooms in it'],
];

/** @type {[string, string][]} */
const LENGTHS = [
  ['', 'For ever'],
  ['1', 'A day'],
  ['7', 'A week'],
  ['30', '30 days'],
  ['365', 'A year'],
];

/**
 * @param {import('../../drawing/dom.js').Child[]} fields
 * @param {string} action
 * @param {boolean} [isDangerous]
 */
function formOf(fields, action, isDangerous = false) {
  return h(
    'form',
    {},
    ...fields,
    h('p', { class: 'problem', role: 'alert' }),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'submit', class: isDangerous ? 'primary danger' : 'primary' }, action),
    ),
  );
}

/** What there is in topics alone. */
const OF_TOPICS = new Set(['manage_posts', 'manage_rooms']);

/**
 * Make somebody a moderator of a topic or a room, who may do what is chosen, or choose anew.
 * @param {Chat} chat
 * @param {{id: string, kind: string}} place
 * @param {Person} person
 * @param {object} how
 * @param {string[] | null} [how.permissions]  what a moderator may already; null: all
 * @param {() => void} how.done
 */
export function openModerator(chat, place, person, how) {
  const isNew = !('permissions' in how);
  const { permissions: before = null, done } = how;
  const boxes = PERMISSIONS.filter(([value]) => place.kind === 'topic' || !OF_TOPICS.has(value)).map(([value, words]) =>
    checkField(words, { value, checked: before?.includes(value) ?? true }),
  );
  const form = formOf(
    [h('fieldset', { class: 'choices' }, h('legend', {}, 'They may'), ...boxes.map(({ box }) => box))],
    isNew ? 'Make moderator' : 'Save',
  );
  onSubmit(form, async () => {
    const permissions = boxes.filter(({ input }) => input.checked).map(({ input }) => input.value);
    const d = { permissions: permissions.length < boxes.length ? permissions : null };
    await chat.connection.request('room.role', { room: place.id, user: person.id, role: 'moderator', ...d });
    dialog.close();
    done();
  });
  const title = isNew ? `Make ${person.username} a moderator` : `What ${person.username} may do`;
  const dialog = openDialog(title, form);
}

/**
 * Ban somebody from a room or a topic: why, and for how long.
 * @param {Chat} chat
 * @param {string} room
 * @param {Person} person
 */
export function openBan(chat, room, person) {
  const reason = h('input', { name: 'reason', maxlength: '500', autocomplete: 'off', dir: 'auto' });
  const length = selectField('For how long?', 'days', LENGTHS, '');
  const form = formOf(
    [h('p', {}, 'They leave it and cannot join it again.'), field('Reason', reason, 'Optional.'), length.box],
    'Ban',
    true,
  );
  onSubmit(form, async () => {
    const days = Number(length.input.value);
    const why = reason.value.trim();
    const d = { ...(why && { reason: why }), ...(days && { days }) };
    await chat.connection.request('room.ban', { room, user: person.id, ...d });
    dialog.close();
  });
  const dialog = openDialog(`Ban ${person.username}?`, form);
  dialog.classList.add('small');
  reason.focus();
}
