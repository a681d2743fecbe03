import { call } from '../../../account/api.js';
import { hasPasskeys, usePasskey } from '../../../account/passkey.js';
import { inWords, Refused } from '../../../wire/refused.js';
import { complain } from '../../dialogs/dialog.js';
import { checkField, passwordField } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { elsewhereButtons } from '../elsewhere.js';
import { loginField } from './loginfield.js';
import { other, step } from '../step.js';

/** @import { Entrance, Facts } from '../entrance.js' */

/**
 * Log in.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showLogin(way, { reason, login = '' }) {
  const name = loginField('Username or e-mail', login);
  const password = passwordField('Password');
  const remember = checkField('Stay logged in here', { name: 'remember', checked: way.remember });
  remember.input.addEventListener('change', () => {
    way.remember = remember.input.checked;
  });
  const form = step({
    title: 'Welcome back',
    reason,
    fields: [
      name.box,
      password.box,
      h('div', { class: 'row' }, remember.box, link('Forgot password?', () => way.go('forgotten', name.facts()))),
    ],
    submit: 'Log in',
    run: () => logIn(way, name.input.value.trim(), password.input.value),
    more: [
      h('p', { class: 'or', 'aria-hidden': 'true' }, 'or'),
      passkeyButton(way, () => form),
      elsewhereButtons(way, () => form),
      h(
        'p',
        { class: 'other' },
        link('E-mail me a code instead', () => way.go('mail', name.facts())),
      ),
      other('New here?', 'Create an account', () => way.go('register', name.facts())),
    ],
  });
  return form;
}

/**
 * @param {string} label
 * @param {() => void} run
 */
function link(label, run) {
  return h('button', { type: 'button', class: 'link', onclick: run }, label);
}

/**
 * @param {Entrance} way
 * @param {string} login
 * @param {string} password
 */
async function logIn(way, login, password) {
  const errors = [];
  if (!login) errors.push({ pointer: '/login', detail: 'Enter your username.' });
  if (!password) errors.push({ pointer: '/password', detail: 'Enter your password.' });
  if (errors.length) throw new Refused('bad_request', 'Please look at the marked fields.', { errors });
  try {
    await way.prove('auth/login', { login, password, ...way.keeping }, login);
  } catch (error) {
    throw inOurWords(error);
  }
}

/** @param {unknown} error */
function inOurWords(error) {
  if (!(error instanceof Refused)) return error;
  if (error.code === 'bad_credentials') return new Refused('', 'Username or password is not right.');
  if (error.code === 'offline') return new Refused('', 'The server cannot be reached. Please try again in a moment.');
  return error;
}

/**
 * Log in by a passkey that tells itself whose it is.
 * @param {Entrance} way
 * @param {() => HTMLFormElement} form
 */
function passkeyButton(way, form) {
  if (!hasPasskeys) return null;
  const run = async () => {
    button.disabled = true;
    try {
      const { ticket, options } = await call('POST', 'auth/passkey/options', { body: {} });
      const credential = await usePasskey(options);
      await way.prove('auth/passkey', { ticket, credential, ...way.keeping });
    } catch (error) {
      complain(form(), new Refused('', inWords(error)));
    } finally {
      button.disabled = false;
    }
  };
  const button = h('button', { type: 'button', class: 'plain wide', onclick: run }, icon('key'), 'Use a passkey');
  return button;
}
