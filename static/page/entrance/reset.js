import { Account } from '../../account/account.js';
import { call } from '../../account/api.js';
import { Refused } from '../../wire/refused.js';
import { passwordField, passwordFlaws } from '../dialogs/fields.js';
import { loginField } from './login/loginfield.js';
import { demand } from './register.js';
import { other, step } from './step.js';

/** @import { Entrance, Facts } from './entrance.js' */

/**
 * Ask for a letter with which to choose a new password.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showForgotten(way, { reason, login = '' }) {
  const name = loginField('Username or e-mail', login);
  return step({
    title: 'Forgot your password?',
    reason,
    words: 'We send a link to the address of your account. With it you choose a new password.',
    fields: [name.box],
    submit: 'Send the link',
    run: async () => {
      await call('POST', 'auth/password/reset', { body: { login: name.read() } });
      way.go('login', {
        reason: 'If there is such an account, a letter is on its way. Its link is good for 30 minutes.',
        ...name.facts(),
      });
    },
    more: [other('', 'Go back', () => way.go('login', name.facts()))],
  });
}

/**
 * Choose a new password with the link of a letter. It logs nobody in.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showNewPassword(way, { token }) {
  const password = passwordField('New password', { isNew: true });
  return step({
    title: 'Choose a new password',
    words: 'Everything that is logged in to your account is logged out.',
    fields: [password.box],
    submit: 'Save password',
    run: async () => {
      demand(passwordFlaws(password.input));
      try {
        await call('POST', 'auth/password/reset/finish', { body: { token, password: password.input.value } });
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'ticket_over') throw error;
        way.go('forgotten', { reason: 'This link was used before, or is too old. Ask for another.' });
        return;
      }
      // Whoever was logged in here is so no more.
      await (await Account.restore())?.forget('');
      way.go('login', { reason: 'Your new password is saved. Log in with it.' });
    },
    more: [other('', 'Go back', () => way.go('login'))],
  });
}
