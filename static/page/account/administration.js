import { field } from '../dialogs/dialog.js';
import { wrong } from '../dialogs/fields.js';
import { h } from '../drawing/dom.js';
import { changeForm, part } from './desk.js';

/** @import { Desk } from './desk.js' */

const ROLES = { user: 'a user', moderator: 'a moderator', admin: 'an admin' };

/**
 * What somebody is on this server, and how its first admin comes to be.
 * @param {Desk} desk
 */
export function administrationSection(desk) {
  const role = desk.me.role ?? 'user';
  const token = h('input', { name: 'token', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  const form = changeForm({
    fields: [field('One-time token', token)],
    submit: 'Become the admin',
    run: async () => {
      if (!token.value.trim()) throw wrong('token', 'Enter the token.');
      await desk.ask('POST', 'admin/claim', { token: token.value.trim() });
      desk.account.update(await desk.ask('GET', 'users/me'));
      desk.chat.toasts.show('You are an admin of this server now.');
      desk.redraw();
    },
  });
  return h(
    'div',
    {},
    part('Your role', `You are ${ROLES[role]} of this server.`),
    role !== 'admin' &&
      part(
        'Do you run this server?',
        'It prints a one-time token when nobody is its admin yet, and for “python server.py admin”.',
        form,
      ),
  );
}
