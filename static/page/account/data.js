import { onSubmit, openDialog } from '../dialogs/dialog.js';
import { codeField, passwordField } from '../dialogs/fields.js';
import { h } from '../drawing/dom.js';
import { fetched, part } from './desk.js';
import { download } from './once.js';

/** @import { Desk } from './desk.js' */
/** @import { Proofs } from '../../types.js' */

/**
 * Take everything along, or leave for good.
 * @param {Desk} desk
 */
export function dataSection(desk) {
  const take = async () => {
    const data = await everything(desk);
    download(`parley-${desk.me.username}.json`, JSON.stringify(data, null, 2), 'application/json');
  };
  return h(
    'div',
    {},
    part(
      'Take your data along',
      'Everything that this server keeps of you, as one JSON file.',
      h(
        'div',
        { class: 'actions' },
        h('button', { type: 'button', class: 'plain', onclick: () => desk.attempt(take) }, 'Download my data'),
      ),
    ),
    fetched(
      () => desk.ask('GET', 'auth/proofs'),
      (/** @type {Proofs} */ proofs) => [leavePart(desk, proofs)],
    ),
  );
}

/**
 * All pages of what the server keeps, by section.
 * @param {Desk} desk
 */
async function everything(desk) {
  /** @type {Record<string, object[]>} */
  const found = {};
  /** @type {string | null} */
  let cursor = null;
  do {
    const query = new URLSearchParams(cursor ? { cursor } : {});
    const page = await desk.ask('GET', `users/me/export?${query}`);
    for (const { section, data } of page.items) (found[section] ??= []).push(data);
    cursor = page.next;
  } while (cursor);
  return found;
}

/**
 * @param {Desk} desk
 * @param {Proofs} proofs
 */
function leavePart(desk, proofs) {
  const begin = async () => {
    const { ticket } = await desk.ask('POST', 'users/me/deletion', {});
    openDeletion(desk, proofs, ticket);
  };
  return part(
    'Delete your account',
    'It is gone for good. What you wrote stays in its rooms, without your name.',
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', class: 'plain danger', onclick: () => desk.attempt(begin) }, 'Delete it…'),
    ),
  );
}

/**
 * @param {Desk} desk
 * @param {Proofs} proofs
 * @param {string} ticket
 */
function openDeletion(desk, proofs, ticket) {
  const code = codeField('Code', `Six digits, from the letter to ${desk.me.email}.`);
  const password = passwordField('Your password');
  const totp = codeField('Code of your app');
  totp.input.name = 'totp';
  const form = h(
    'form',
    {},
    h('p', {}, 'Two proofs, and your account is gone for good.'),
    code.box,
    proofs.password ? password.box : proofs.totp && totp.box,
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary danger' }, 'Delete my account')),
  );
  onSubmit(form, async () => {
    const body = { ticket, code: code.read() };
    if (proofs.password) Object.assign(body, { password: password.input.value });
    else if (proofs.totp) Object.assign(body, { totp: totp.read() });
    const { connection } = desk.chat;
    // Or it would hear first that its session is over, and say so.
    connection.stop();
    try {
      await desk.ask('DELETE', 'users/me', body);
    } catch (error) {
      connection.start();
      throw error;
    }
    await desk.account.forget('Your account is deleted. Farewell!');
  });
  const dialog = openDialog('Delete your account', form);
  dialog.classList.add('small');
  code.input.focus();
}
