import { call } from '../../account/api.js';
import { Refused } from '../../wire/refused.js';
import { field } from '../dialogs/dialog.js';
import { codeField, selectField, wrong } from '../dialogs/fields.js';
import { h } from '../drawing/dom.js';
import { loginField } from './login/loginfield.js';
import { other, step } from './step.js';

/** @import { Entrance, Facts } from './entrance.js' */

/**
 * A second step was lost: a code by mail, and one proof more, take it off.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showRecovery(way, { login = '' }) {
  const name = loginField('Username or e-mail', login);
  return step({
    title: 'Recover your account',
    words: 'We send a code to its address. Beside it you need your recovery code, or one of your backup codes.',
    fields: [name.box],
    submit: 'Send me a code',
    run: async () => {
      const whose = name.read();
      const { ticket } = await call('POST', 'auth/recover', { body: { login: whose } });
      way.go('recoveryFinish', { ticket, login: whose });
    },
    more: [other('', 'Go back', () => way.go('login', name.facts()))],
  });
}

/**
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showRecoveryFinish(way, { ticket, login }) {
  const code = codeField('Code from the letter');
  const kind = selectField(
    'The other proof',
    'kind',
    [
      ['recovery_code', 'My recovery code'],
      ['backup', 'One of my backup codes'],
    ],
    'recovery_code',
  );
  const proof = h('input', { name: 'proof', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  return step({
    title: 'Recover your account',
    words: `If ${login} has an account with a proved address, a code is on its way there.`,
    fields: [code.box, kind.box, field('The proof', proof, 'As you wrote it down.')],
    submit: 'Recover',
    run: async () => {
      const other = proof.value.trim();
      const typed = code.read();
      if (!other) throw wrong('proof', 'Enter your recovery code or a backup code.');
      await finish({ ticket, code: typed, [kind.input.value]: other });
      way.go('login', {
        login,
        reason: 'Your second step is off, and everything else is logged out. Log in, and set it up anew.',
      });
    },
    more: [other('', 'Begin again', () => way.go('recovery', { login }))],
  });
}

/** @param {object} body */
async function finish(body) {
  try {
    await call('POST', 'auth/recover/finish', { body });
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'wrong_code') throw error;
    throw new Refused('', 'One of the two is not right, or was used before.');
  }
}
