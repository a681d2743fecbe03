import { part } from '../account/desk.js';
import { confirm } from '../dialogs/confirm.js';
import { field, onSubmit, openDialog } from '../dialogs/dialog.js';
import { selectField, wrong } from '../dialogs/fields.js';
import { personAvatar } from '../drawing/avatar.js';
import { h } from '../drawing/dom.js';
import { dateWords, pastWords } from '../drawing/time.js';

/** @import { Desk } from '../account/desk.js' */

/**
 * Somebody as moderators see them.
 * @typedef {object} Found
 * @property {string} id
 * @property {string} username
 * @property {'user' | 'moderator' | 'admin'} role
 * @property {string} created_at
 * @property {boolean} email_verified
 * @property {string | null} banned_at
 * @property {string | null} banned_until
 * @property {string | null} ban_reason
 * @property {{text: string, created_at: string, dismissed_at: string | null}[]} warnings  the latest first
 */

const ROLES = { user: 'User', moderator: 'Moderator', admin: 'Admin' };
const HOUR_MS = 3_600_000;

/**
 * @param {Desk} desk
 * @param {Found} person
 */
export function personCard(desk, person) {
  const button = (/** @type {string} */ label, /** @type {() => void} */ run, isDangerous = false) =>
    h('button', { type: 'button', class: isDangerous ? 'plain danger' : 'plain', onclick: run }, label);
  return part(
    person.username,
    '',
    h('div', { class: 'who' }, personAvatar(person), facts(person)),
    h(
      'div',
      { class: 'actions start' },
      button('Warn…', () => warn(desk, person)),
      isBanned(person)
        ? button('Unban', () => unban(desk, person))
        : button('Ban…', () => openBan(desk, person), true),
      desk.me.role === 'admin' && button('End sessions…', () => endSessions(desk, person)),
      desk.me.role === 'admin' && button('Role…', () => openRole(desk, person)),
      desk.me.role === 'admin' && button('Reset proofs…', () => resetProofs(desk, person), true),
    ),
  );
}

/** @param {Found} person */
function isBanned({ banned_at: since, banned_until: until }) {
  return since !== null && (until === null || Date.parse(until) > Date.now());
}

const WARNINGS_SHOWN = 5;

/** @param {Found} person */
function facts(person) {
  const { banned_until: until, ban_reason: reason } = person;
  const lines = [
    `${ROLES[person.role]}, here since ${dateWords(person.created_at)}`,
    person.email_verified ? 'The e-mail address is proved.' : 'The e-mail address is not proved.',
    ...(isBanned(person) ? [`Banned ${until ? `until ${dateWords(until)}` : 'without end'}: ${reason}`] : []),
    ...person.warnings.slice(0, WARNINGS_SHOWN).map(({ text, created_at: at }) => `Warned ${pastWords(at)}: ${text}`),
  ];
  return h('div', {}, ...lines.map((line) => h('p', { dir: 'auto' }, line)));
}

/**
 * Ask for a text and what belongs to it, then do it.
 * @param {object} how
 * @param {Desk} how.desk
 * @param {string} how.title
 * @param {string} how.action
 * @param {HTMLElement[]} how.fields
 * @param {boolean} [how.isDangerous]
 * @param {() => Promise<void>} how.run
 */
function openForm({ desk, title, action, fields, isDangerous = false, run }) {
  const form = h(
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
  onSubmit(form, async () => {
    await run();
    dialog.close();
    desk.redraw();
  });
  const dialog = openDialog(title, form);
  dialog.classList.add('small');
  form.querySelector('textarea')?.focus();
}

/**
 * @param {Desk} desk
 * @param {Found} person
 */
function warn(desk, { id, username }) {
  const text = h('textarea', { name: 'text', rows: '3', maxlength: '1000' });
  openForm({
    desk,
    title: `Warn ${username}`,
    action: 'Warn',
    fields: [field('Warning', text, 'They see it at once, until they have dismissed it.')],
    run: async () => {
      if (!text.value.trim()) throw wrong('text', 'Say what it is about.');
      await desk.ask('POST', `admin/users/${id}/warnings`, { text: text.value });
      desk.chat.toasts.show(`${username} is warned.`);
    },
  });
}

/**
 * @param {Desk} desk
 * @param {Found} person
 */
function openBan(desk, { id, username }) {
  const reason = h('textarea', { name: 'reason', rows: '3', maxlength: '500' });
  const life = selectField(
    'It lasts',
    'life',
    [
      ['24', 'a day'],
      ['168', 'a week'],
      ['720', '30 days'],
      ['', 'without end'],
    ],
    '168',
  );
  openForm({
    desk,
    title: `Ban ${username}`,
    action: 'Ban',
    isDangerous: true,
    fields: [field('Reason', reason, 'They read it when they try to log in.'), life.box],
    run: async () => {
      if (!reason.value.trim()) throw wrong('reason', 'Say why.');
      const hours = Number(life.input.value);
      const until = hours ? new Date(Date.now() + hours * HOUR_MS).toISOString() : undefined;
      await desk.ask('PUT', `admin/users/${id}/ban`, { reason: reason.value, ...(until && { until }) });
      desk.chat.toasts.show(`${username} is banned.`);
    },
  });
}

/**
 * @param {Desk} desk
 * @param {Found} person
 */
function unban(desk, { id, username }) {
  return desk.attempt(async () => {
    await desk.ask('DELETE', `admin/users/${id}/ban`);
    desk.chat.toasts.show(`${username} is banned no more.`);
    desk.redraw();
  });
}

/**
 * @param {Desk} desk
 * @param {Found} person
 */
function endSessions(desk, { id, username }) {
  confirm({
    title: `End the sessions of ${username}?`,
    text: 'They are logged out everywhere, at once, and may log in again.',
    action: 'End them',
    run: async () => {
      await desk.ask('POST', `admin/users/${id}/sessions/end`, {});
      desk.redraw();
    },
  });
}

/**
 * @param {Desk} desk
 * @param {Found} person
 */
function resetProofs(desk, { id, username }) {
  confirm({
    title: `Reset the proofs of ${username}?`,
    text:
      'Their second step and their passkeys are taken off, and they are logged out. ' +
      'They choose a new password by mail.',
    action: 'Reset',
    run: async () => {
      await desk.ask('POST', `admin/users/${id}/proofs/reset`, {});
      desk.redraw();
    },
  });
}

/**
 * @param {Desk} desk
 * @param {Found} person
 */
function openRole(desk, { id, username, role }) {
  const choice = selectField(
    'Role',
    'role',
    [
      ['user', 'User'],
      ['moderator', 'Moderator'],
      ['admin', 'Admin'],
    ],
    role,
    'Moderators and admins need a second step to use what they may.',
  );
  openForm({
    desk,
    title: `Role of ${username}`,
    action: 'Save',
    fields: [choice.box],
    run: async () => {
      await desk.ask('PUT', `admin/users/${id}/role`, { role: choice.input.value });
    },
  });
}
