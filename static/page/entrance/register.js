import { call } from '../../account/api.js';
import { Refused } from '../../wire/refused.js';
import { complainAt, field } from '../dialogs/dialog.js';
import { passwordField, passwordFlaws } from '../dialogs/fields.js';
import { h } from '../drawing/dom.js';
import { elsewhereButtons } from './elsewhere.js';
import { other, step } from './step.js';

/** @import { Entrance, Facts } from './entrance.js' */

/**
 * Make an account with a password.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showRegister(way, facts) {
  const newcomer = newcomerFields(facts);
  const password = passwordField('Password', { isNew: true });
  const form = step({
    title: 'Create your account',
    fields: [...newcomer.boxes, password.box],
    submit: 'Create account',
    run: async () => {
      demand([...newcomer.flaws(), ...passwordFlaws(password.input)]);
      const body = { ...newcomer.read(), password: password.input.value, ...way.keeping };
      await way.prove('auth/register', body, newcomer.read().username);
    },
    more: [
      elsewhereButtons(way, () => form),
      other('', 'Sign up without a password', () => way.go('signup', newcomer.facts())),
      other('You have an account?', 'Log in', () => way.go('login', newcomer.facts())),
    ],
  });
  return form;
}

/** @param {{pointer: string, detail: string}[]} errors */
export function demand(errors) {
  if (errors.length) throw new Refused('bad_request', 'Please look at the marked fields.', { errors });
}

const USERNAME = /^[\w-]{3,20}$/;
const USERNAME_WORDS = '3–20 letters, digits, _ or -.';

/** @param {string} [value] */
export function usernameField(value = '') {
  const input = h('input', {
    name: 'username',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    value,
  });
  const box = field('Username', input, USERNAME_WORDS);
  input.addEventListener('change', () => tellIfTaken(input, value));
  return {
    input,
    box,
    /** What can be seen here to be wrong with it: that needs no round trip. */
    flaws() {
      const name = input.value.trim();
      if (!name) return [{ pointer: '/username', detail: 'Enter a username.' }];
      return USERNAME.test(name) ? [] : [{ pointer: '/username', detail: USERNAME_WORDS }];
    },
  };
}

/**
 * Say at the field that somebody else has the name, as soon as it was typed.
 * @param {HTMLInputElement} input
 * @param {string} own  what it was before
 */
async function tellIfTaken(input, own) {
  const username = input.value.trim();
  if (!USERNAME.test(username) || username === own) return;
  try {
    const { available } = await call('GET', `users/available?${new URLSearchParams({ username })}`);
    const isMeant = input.value.trim() === username && input.form;
    if (!available && isMeant) complainAt(input, 'This username is taken.');
  } catch {
    // It is told when the form is sent.
  }
}

/**
 * Who somebody wants to be.
 * @param {Facts} facts
 */
export function newcomerFields({ login = '' }) {
  const isAddress = login.includes('@');
  const name = usernameField(isAddress ? '' : login);
  const email = h('input', { name: 'email', type: 'email', autocomplete: 'email', value: isAddress ? login : '' });
  return {
    boxes: [name.box, field('E-mail', email, 'Only you see it.')],
    facts: () => ({ login: name.input.value.trim() }),
    read: () => ({ username: name.input.value.trim(), email: email.value.trim() }),
    flaws() {
      const flaws = name.flaws();
      if (!/^[^@\s]+@[^@\s]+$/.test(email.value.trim()))
        flaws.push({ pointer: '/email', detail: 'Enter an e-mail address.' });
      return flaws;
    },
  };
}
