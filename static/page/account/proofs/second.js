import { confirm } from '../../dialogs/confirm.js';
import { field } from '../../dialogs/dialog.js';
import { checkField, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { changeForm, fetched, part } from '../desk.js';
import { showOnce } from '../once.js';
import { setUpTotp } from './totp.js';

/** @import { Desk } from '../desk.js' */
/** @import { Proofs } from '../../../types.js' */

/**
 * The second step of a log-in: an authenticator app with its backup codes, a code by mail, and the way back when all
 * is lost.
 * @param {Desk} desk
 */
export function secondSection(desk) {
  return fetched(
    () => desk.ask('GET', 'auth/proofs'),
    (/** @type {Proofs} */ proofs) => [
      appPart(desk, proofs),
      proofs.totp && backupPart(desk, proofs),
      mailPart(desk, proofs),
      recoveryPart(desk, proofs),
    ],
  );
}

/**
 * @param {string} label
 * @param {() => void} run
 * @param {string} [face]
 */
function button(label, run, face = 'plain') {
  return h('button', { type: 'button', class: face, onclick: run }, label);
}

/**
 * @param {Desk} desk
 * @param {Proofs} proofs
 */
function appPart(desk, { totp }) {
  if (!totp) {
    return part(
      'Authenticator app',
      'An app on your phone shows a new code every 30 seconds. A log-in asks for it after your password.',
      h(
        'div',
        { class: 'actions' },
        button('Set up an app', () => desk.attempt(() => setUpTotp(desk)), 'primary'),
      ),
    );
  }
  return part(
    'Authenticator app',
    'It is on: a log-in asks for a code of your app.',
    h('div', { class: 'actions' }, button('Turn off…', () => turnOff(desk), 'plain danger')),
  );
}

/** @param {Desk} desk */
function turnOff(desk) {
  confirm({
    title: 'Turn the app off?',
    text: 'Your password alone will do to log in, and your backup codes are gone.',
    action: 'Turn off',
    run: async () => {
      await desk.ask('DELETE', 'auth/totp');
      desk.redraw();
    },
  });
}

/**
 * @param {Desk} desk
 * @param {Proofs} proofs
 */
function backupPart(desk, { backup_codes: left }) {
  const renew = async () => {
    const { backup_codes: codes } = await desk.ask('POST', 'auth/backup-codes');
    showBackupCodes(codes);
    desk.redraw();
  };
  return part(
    'Backup codes',
    `${left === 1 ? 'One is' : `${left} are`} left. Each opens your account once when your app is not at hand.`,
    h('div', { class: 'actions' }, button('Make new ones', () => desk.attempt(renew))),
  );
}

/** @param {string[]} codes */
export function showBackupCodes(codes) {
  showOnce({
    title: 'Your backup codes',
    words: 'Keep them where you find them without your phone. They are shown this once; earlier ones are no good now.',
    lines: codes,
    file: 'parley-backup-codes.txt',
  });
}

/**
 * @param {Desk} desk
 * @param {Proofs} proofs
 */
function mailPart(desk, { mail_second_step: isOn }) {
  const box = checkField('Ask for a code by e-mail', { name: 'mail_second_step', checked: isOn });
  box.input.addEventListener('change', () =>
    desk.attempt(async () => {
      const change = { mail_second_step: box.input.checked };
      try {
        desk.account.update({ preferences: await desk.ask('PATCH', 'users/me/preferences', change) });
      } catch (error) {
        box.input.checked = !box.input.checked;
        throw error;
      }
    }),
  );
  const words = desk.me.email_verified
    ? 'After your password we send a code to your address, if you have no app or do not use it.'
    : 'It needs an e-mail address that is proved to be yours.';
  box.input.disabled = !desk.me.email_verified;
  return part('Code by e-mail', words, box.box);
}

/**
 * @param {Desk} desk
 * @param {Proofs} proofs
 */
function recoveryPart(desk, { recovery_code: hasOne }) {
  const code = h('input', { name: 'recovery_code', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' });
  const form = changeForm({
    fields: [field(hasOne ? 'New recovery code' : 'Recovery code', code, 'A sentence of your own, told to nobody.')],
    submit: 'Save recovery code',
    run: async () => {
      if (!code.value.trim()) throw wrong('recovery_code', 'Think of a sentence.');
      await desk.ask('PUT', 'auth/recovery-code', { recovery_code: code.value });
      desk.chat.toasts.show('Your recovery code is saved.');
      desk.redraw();
    },
  });
  const remove = button(
    'Forget it',
    () =>
      desk.attempt(async () => {
        await desk.ask('DELETE', 'auth/recovery-code');
        desk.redraw();
      }),
    'plain danger',
  );
  return part(
    'Recovery code',
    'When you lost your second step, this and a code by mail get you back in. ' +
      (hasOne ? 'You have set one.' : 'You have set none yet.'),
    form,
    hasOne && h('div', { class: 'actions' }, remove),
  );
}
