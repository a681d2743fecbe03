import { call } from '../../account/api.js';
import { codeField } from '../dialogs/fields.js';
import { demand, newcomerFields } from './register.js';
import { other, step } from './step.js';

/** @import { Entrance, Facts } from './entrance.js' */

/**
 * Make an account that has no password: a code by mail opens it.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showSignup(way, facts) {
  const newcomer = newcomerFields(facts);
  return step({
    title: 'Sign up without a password',
    words: 'You log in with a code that we e-mail you, and later with a passkey if you like.',
    fields: newcomer.boxes,
    submit: 'Send me a code',
    run: async () => {
      demand(newcomer.flaws());
      const { ticket } = await call('POST', 'auth/signup', { body: newcomer.read() });
      way.go('signupCode', { ticket, login: newcomer.read().email });
    },
    more: [
      other('', 'Use a password', () => way.go('register', newcomer.facts())),
      other('You have an account?', 'Log in', () => way.go('login', newcomer.facts())),
    ],
  });
}

/**
 * The code of the letter makes the account.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showSignupCode(way, { ticket, login }) {
  const code = codeField('Code', 'Six digits, from the letter.');
  return step({
    title: 'Look into your mail',
    words: `We sent a code to ${login}.`,
    fields: [code.box],
    submit: 'Create account',
    run: () => way.prove('auth/signup/finish', { ticket, code: code.read(), ...way.keeping }, login),
    more: [other('No letter?', 'Begin again', () => way.go('signup'))],
  });
}
