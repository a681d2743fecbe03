import { Refused } from '../../../wire/refused.js';
import { passwordField, passwordFlaws, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { demand } from '../../entrance/register.js';
import { changeForm, fetched, part } from '../desk.js';

/** @import { Desk } from '../desk.js' */
/** @import { Proofs } from '../../../types.js' */

/**
 * Set or change the password.
 * @param {Desk} desk
 */
export function passwordSection(desk) {
  return fetched(
    () => desk.ask('GET', 'auth/proofs'),
    (/** @type {Proofs} */ proofs) => [passwordPart(desk, proofs.password)],
  );
}

/**
 * @param {Desk} desk
 * @param {boolean} hasOne
 */
function passwordPart(desk, hasOne) {
  const current = passwordField('Present password', { name: 'current' });
  const password = passwordField('New password', { isNew: true });
  // A password manager has to know whose it is that it keeps.
  const whose = h('input', { type: 'text', name: 'username', autocomplete: 'username', value: desk.me.username });
  whose.hidden = true;
  const form = changeForm({
    fields: [whose, hasOne && current.box, password.box],
    submit: hasOne ? 'Change password' : 'Set password',
    run: async () => {
      if (hasOne && !current.input.value) throw wrong('current', 'Enter your password.');
      demand(passwordFlaws(password.input));
      const body = { password: password.input.value, ...(hasOne && { current: current.input.value }) };
      try {
        await desk.ask('PUT', 'auth/password', body);
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'bad_credentials') throw error;
        throw wrong('current', 'This is not your password.');
      }
      desk.chat.toasts.show('Your new password is saved. Your other sessions are logged out.');
      desk.redraw();
    },
  });
  const words = hasOne
    ? 'Everything else that is logged in to your account is logged out then.'
    : 'Your account has no password: you log in by mail, a passkey, or another account.';
  return part(hasOne ? 'Change your password' : 'Set a password', words, form);
}
