import { call } from '../../../account/api.js';
import { hasPasskeys, usePasskey } from '../../../account/passkey.js';
import { Refused } from '../../../wire/refused.js';
import { codeField, passwordField, sendButton, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { other, step } from '../step.js';

/** @import { Entrance, Facts } from '../entrance.js' */

/** @typedef {'passkey' | 'totp' | 'mail' | 'password' | 'backup'} Method */

/** In the order in which they are offered. @type {Record<Method, {choice: string, words: string, label: string}>} */
const METHODS = {
  passkey: { choice: 'Use a passkey', words: 'Use one of your passkeys.', label: '' },
  totp: {
    choice: 'Use the authenticator app',
    words: 'Enter the code that your authenticator app shows now.',
    label: 'Code',
  },
  mail: { choice: 'E-mail me a code', words: 'We sent a code to your e-mail address.', label: 'Code' },
  password: { choice: 'Use your password', words: 'Enter your password.', label: 'Password' },
  backup: {
    choice: 'Use a backup code',
    words: 'Enter one of the backup codes that you kept. Each is good once.',
    label: 'Backup code',
  },
};

/**
 * Ask for the second proof. What has been typed is sent with the first proof's ticket.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showSecond(way, { ticket, methods = [], login }) {
  const offered = /** @type {Method[]} */ (Object.keys(METHODS)).filter(
    (method) => methods.includes(method) && (method !== 'passkey' || hasPasskeys),
  );
  const place = h('div', { class: 'step' });
  /** @param {Method} method */
  const choose = (method) => {
    const others = offered
      .filter((name) => name !== method)
      .map((name) => other('', METHODS[name].choice, () => choose(name)));
    const lost = other('Lost them all?', 'Recover your account', () => way.go('recovery', { login }));
    const more = [...others, lost, other('', 'Go back', () => way.go('login', { login }))];
    const finish = (/** @type {object} */ proof) => prove(way, { ticket, method, ...proof });
    if (method === 'passkey') place.replaceChildren(passkeyStep(ticket, finish, more));
    else if (method === 'password') place.replaceChildren(passwordStep(finish, more));
    else place.replaceChildren(codeStep(method, ticket, finish, more));
    place.querySelector('input')?.focus();
  };
  const [first] = offered;
  if (first) choose(first);
  else place.append(none(way, login));
  return place;
}

/**
 * @param {Entrance} way
 * @param {object} body
 */
async function prove(way, body) {
  try {
    await way.prove('auth/login/second', body);
  } catch (error) {
    if (!(error instanceof Refused) || error.code !== 'ticket_over') throw error;
    way.go('login', { reason: 'That took too long, or there were too many wrong codes. Please log in again.' });
  }
}

/**
 * @param {Method} method
 * @param {string | undefined} ticket
 * @param {(proof: object) => Promise<void>} finish
 * @param {HTMLElement[]} more
 */
function codeStep(method, ticket, finish, more) {
  const { words, label } = METHODS[method];
  const code = codeField(label);
  const fields = [code.box];
  if (method === 'backup') code.input.inputMode = 'text';
  if (method === 'mail') {
    const state = h('p', { class: 'hint', role: 'status' });
    const send = sendButton(
      'Send another code',
      async () => (await call('POST', 'auth/login/second/mail', { body: { ticket } })).retry_after,
      state,
    );
    fields.push(h('div', { class: 'again' }, send.button, state));
    // In the document first: the counter runs while it is there.
    queueMicrotask(send.run);
  }
  return step({
    title: 'Second step',
    words,
    fields,
    submit: 'Log in',
    run: () => finish({ code: code.read() }),
    more,
  });
}

/**
 * @param {(proof: object) => Promise<void>} finish
 * @param {HTMLElement[]} more
 */
function passwordStep(finish, more) {
  const password = passwordField('Password');
  return step({
    title: 'Second step',
    words: METHODS.password.words,
    fields: [password.box],
    submit: 'Log in',
    run: async () => {
      if (!password.input.value) throw wrong('password', 'Enter your password.');
      try {
        await finish({ password: password.input.value });
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== 'bad_credentials') throw error;
        throw wrong('password', 'This is not your password.');
      }
    },
    more,
  });
}

/**
 * @param {string | undefined} ticket
 * @param {(proof: object) => Promise<void>} finish
 * @param {HTMLElement[]} more
 */
function passkeyStep(ticket, finish, more) {
  return step({
    title: 'Second step',
    words: METHODS.passkey.words,
    fields: [],
    submit: 'Use a passkey',
    run: async () => {
      const answer = await call('POST', 'auth/login/second/passkey', { body: { ticket } });
      await finish({ credential: await usePasskey(answer.options) });
    },
    more,
  });
}

/**
 * @param {Entrance} way
 * @param {string | undefined} login
 */
function none(way, login) {
  return step({
    title: 'Second step',
    words: 'This browser cannot give the second proof of this account: it knows no passkeys.',
    fields: [],
    submit: 'Go back',
    run: async () => way.go('login', { login }),
    more: [other('Lost it?', 'Recover your account', () => way.go('recovery', { login }))],
  });
}
