import { call } from '../../../account/api.js';
import { codeField } from '../../dialogs/fields.js';
import { loginField } from './loginfield.js';
import { other, step } from '../step.js';

/** @import { Entrance, Facts } from '../entrance.js' */

/**
 * Log in with a code by mail: first whose, then the code.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showMailLogin(way, { login = '', ticket }) {
  const back = other('', 'Go back', () => way.go('login', { login }));
  if (!ticket) {
    const name = loginField('Username or e-mail', login);
    return step({
      title: 'Log in by e-mail',
      words: 'We send a code to the address of your account.',
      fields: [name.box],
      submit: 'Send me a code',
      run: async () => {
        const whose = name.read();
        const answer = await call('POST', 'auth/mail', { body: { login: whose } });
        way.go('mail', { login: whose, ticket: answer.ticket });
      },
      more: [back],
    });
  }
  const code = codeField('Code', 'Six digits, from the letter.');
  return step({
    title: 'Look into your mail',
    words: `If ${login} has an account with a proved address, a code is on its way there.`,
    fields: [code.box],
    submit: 'Log in',
    run: () => way.prove('auth/mail/finish', { ticket, code: code.read(), ...way.keeping }, login),
    more: [other('No letter?', 'Send another', () => way.go('mail', { login })), back],
  });
}
