/**
 * What concerns an account is done only by those who proved lately who they are: here they do.
 * @module
 */

import { hasPasskeys, usePasskey } from '../../../account/passkey.js';
import { Refused } from '../../../wire/refused.js';
import { onSubmit, openDialog } from '../../dialogs/dialog.js';
import { codeField, passwordField, sendButton, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';

/** @import { Account } from '../../../account/account.js' */
/** @import { Child } from '../../drawing/dom.js' */
/** @import { Proofs } from '../../../types.js' */

/** @typedef {'password' | 'passkey' | 'totp' | 'backup' | 'mail'} Proof */

/** @type {Record<Proof, string>} */
const CHOICES = {
  password: 'Use your password',
  passkey: 'Use a passkey',
  totp: 'Use the authenticator app',
  backup: 'Use a backup code',
  mail: 'E-mail me a code',
};

/**
 * Ask `method path` as this person; where the server wants a proof first, ask for it, and then again.
 * @param {Account} account
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 * @throws {Refused} of code `cancelled` where the proof was not given
 */
export async function askConfirmed(account, method, path, body) {
  try {
    return await account.call(method, path, body);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'confirmation_needed') throw error;
    await confirmIdentity(account, await possible(account, error.methods));
    return account.call(method, path, body);
  }
}

/**
 * The proofs that this person can give here.
 * @param {Account} account
 * @param {string[]} told
 * @returns {Promise<Proof[]>}
 */
async function possible(account, told) {
  const all = /** @type {Proof[]} */ (Object.keys(CHOICES)).filter((proof) => proof !== 'passkey' || hasPasskeys);
  if (told.length) return all.filter((proof) => told.includes(proof));
  /** @type {Proofs} */
  const has = await account.call('GET', 'auth/proofs');
  const there = {
    password: has.password,
    passkey: has.passkeys > 0,
    totp: has.totp,
    backup: has.totp && has.backup_codes > 0,
    mail: account.user.email_verified ?? false,
  };
  return all.filter((proof) => there[proof]);
}

/**
 * @param {Account} account
 * @param {Proof[]} proofs
 * @returns {Promise<void>}
 */
function confirmIdentity(account, proofs) {
  return new Promise((resolve, reject) => {
    const place = h('div', {});
    const dialog = openDialog('Confirm that it is you', place);
    dialog.classList.add('small');
    let isDone = false;
    dialog.addEventListener('close', () => {
      if (!isDone) reject(new Refused('cancelled', 'not confirmed'));
    });
    const done = () => {
      isDone = true;
      dialog.close();
      resolve();
    };
    /** @param {Proof} proof */
    const choose = (proof) => {
      const others = proofs
        .filter((name) => name !== proof)
        .map((name) => h('button', { type: 'button', class: 'link', onclick: () => choose(name) }, CHOICES[name]));
      place.replaceChildren(proofForm(account, proof, others, done));
      place.querySelector('input')?.focus();
    };
    const [first] = proofs;
    if (first) choose(first);
    else place.append(h('p', { class: 'words' }, 'Log out and in again, then you can do this for five minutes.'));
  });
}

/**
 * @param {Account} account
 * @param {Proof} proof
 * @param {HTMLElement[]} others
 * @param {() => void} done
 */
function proofForm(account, proof, others, done) {
  const { words, fields, read, then } = FORMS[proof](account);
  const form = h(
    'form',
    {},
    h('p', {}, words),
    ...fields,
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Confirm')),
    others.length > 0 && h('div', { class: 'others' }, ...others),
  );
  onSubmit(form, async () => {
    const body = await read();
    try {
      await account.call('POST', 'auth/confirm', body);
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'bad_credentials') throw error;
      throw wrong('password', 'This is not your password.');
    }
    done();
  });
  then?.();
  return form;
}

/** @typedef {{words: string, fields: Child[], read: () => Promise<object>, then?: () => void}} Form */

/** @type {Record<Proof, (account: Account) => Form>} */
const FORMS = {
  password() {
    const { input, box } = passwordField('Your password');
    const read = async () => {
      if (!input.value) throw wrong('password', 'Enter your password.');
      return { password: input.value };
    };
    return { words: 'This concerns your account, so it needs your password.', fields: [box], read };
  },
  passkey(account) {
    const read = async () => {
      const { ticket, options } = await account.call('POST', 'auth/confirm/passkey');
      return { ticket, credential: await usePasskey(options) };
    };
    return { words: 'This concerns your account, so it needs one of your passkeys.', fields: [], read };
  },
  totp() {
    const { box, read } = codeField('Code', 'As your authenticator app shows it now.');
    return {
      words: 'This concerns your account, so it needs a code.',
      fields: [box],
      read: async () => ({ code: read() }),
    };
  },
  backup() {
    const { box, read } = codeField('Backup code', 'It is used up by this.');
    return {
      words: 'This concerns your account, so it needs a code.',
      fields: [box],
      read: async () => ({ backup: read() }),
    };
  },
  mail(account) {
    const { box, read } = codeField('Code', 'Six digits, from the letter.');
    const state = h('p', { class: 'hint', role: 'status' });
    /** @type {string | undefined} */
    let ticket;
    const send = sendButton(
      'Send another code',
      async () => {
        const answer = await account.call('POST', 'auth/confirm/mail');
        ticket = answer.ticket;
        return answer.retry_after ?? RESEND_S;
      },
      state,
    );
    return {
      words: `This concerns your account, so we send a code to ${account.user.email ?? 'your e-mail address'}.`,
      fields: [box, h('div', { class: 'again' }, send.button, state)],
      read: async () => ({ ticket, code: read() }),
      then: () => queueMicrotask(send.run),
    };
  },
};

/** Seconds between two letters with codes. */
const RESEND_S = 60;
