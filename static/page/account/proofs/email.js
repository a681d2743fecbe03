import { field } from '../../dialogs/dialog.js';
import { codeField, sendButton, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { changeForm, part } from '../desk.js';

/** @import { Desk } from '../desk.js' */

/** Seconds between two letters with codes. */
const RESEND_S = 60;

/**
 * The address of an account: proved by a code, changed by another.
 * @param {Desk} desk
 */
export function emailSection(desk) {
  const { me } = desk;
  const state = me.email_verified ? 'It is proved to be yours.' : 'It is not proved to be yours yet.';
  const words = me.email
    ? h('span', {}, h('strong', {}, me.email), ` · ${state}`)
    : 'Your account has none yet.';
  return h(
    'div',
    {},
    part('Your address', words, Boolean(me.email) && !me.email_verified && provePart(desk)),
    part(
      me.email ? 'Another address' : 'Add an address',
      'A code is sent to it, and nothing changes before you enter it here.',
      changePart(desk),
    ),
  );
}

/** @param {Desk} desk */
function provePart(desk) {
  const state = h('p', { class: 'hint', role: 'status' });
  const send = sendButton(
    'Send another code',
    async () => {
      await desk.ask('POST', 'auth/email/verify', {});
      return RESEND_S;
    },
    state,
  );
  return codeForm(desk, [
    h('p', { class: 'words' }, 'Enter the code of the letter that came when you signed up.'),
    h('div', { class: 'again' }, send.button, state),
  ]);
}

/** @param {Desk} desk */
function changePart(desk) {
  const email = h('input', { name: 'email', type: 'email', autocomplete: 'email' });
  const place = h('div', {});
  const form = changeForm({
    fields: [field('New address', email)],
    submit: 'Send a code',
    run: async () => {
      const wanted = email.value.trim();
      if (!/^[^@\s]+@[^@\s]+$/.test(wanted)) throw wrong('email', 'Enter an e-mail address.');
      await desk.ask('POST', 'auth/email', { email: wanted });
      const words = h('p', { class: 'words' }, `A code is on its way to ${wanted}.`);
      const next = codeForm(desk, [words]);
      place.replaceChildren(next);
      next.querySelector('input')?.focus();
    },
  });
  place.append(form);
  return place;
}

/**
 * @param {Desk} desk
 * @param {HTMLElement[]} more
 */
function codeForm(desk, more) {
  const code = codeField('Code', 'Six digits, from the letter.');
  return changeForm({
    fields: [...more, code.box],
    submit: 'Prove it',
    run: async () => {
      desk.account.update(await desk.ask('POST', 'auth/email/finish', { code: code.read() }));
      desk.chat.toasts.show(`${desk.me.email} is proved to be yours.`);
      desk.redraw();
    },
  });
}
