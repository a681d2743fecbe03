/**
 * Sign in with somebody else's account: there, back, and in.
 * @module
 */

import { Account } from '../../account/account.js';
import { call } from '../../account/api.js';
import { inWords, Refused } from '../../wire/refused.js';
import { complain } from '../dialogs/dialog.js';
import { h } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { demand, usernameField } from './register.js';
import { other, step } from './step.js';

/** @import { Entrance, Facts } from './entrance.js' */

/** @typedef {{name: string, label: string}} Provider */

/** @type {Promise<Provider[]> | null} */
let asked = null;

/** Where this server lets people sign in from; nowhere, where it does not tell. @returns {Promise<Provider[]>} */
export function providers() {
  asked ??= call('GET', 'auth/providers')
    .then(({ items }) => items)
    .catch(() => {
      asked = null;
      return [];
    });
  return asked;
}

/**
 * Go to a provider's page.
 * @param {string} address  as the server gave it
 */
export function leaveFor(address) {
  const { protocol, href } = new URL(address);
  if (protocol !== 'https:' && protocol !== 'http:') throw new Refused('', 'This provider has no address to go to.');
  location.assign(href);
}

/**
 * A button for each provider.
 * @param {Entrance} way
 * @param {() => HTMLFormElement} form
 */
export function elsewhereButtons(way, form) {
  const box = h('div', { class: 'elsewhere' });
  /** @param {Provider} provider */
  const start = async ({ name }) => {
    try {
      leaveFor((await call('POST', `auth/providers/${encodeURIComponent(name)}`, { body: way.keeping })).url);
    } catch (error) {
      complain(form(), error);
    }
  };
  providers().then((found) => {
    for (const provider of found) {
      box.append(
        h(
          'button',
          { type: 'button', class: 'plain wide', onclick: () => start(provider) },
          icon('globe'),
          `Continue with ${provider.label}`,
        ),
      );
    }
  });
  return box;
}

/** What providers say when they let nobody in. @type {Record<string, string>} */
const REFUSALS = {
  access_denied: 'You said no there, so nothing happened.',
  server_error: 'The other side has a problem of its own. Please try again later.',
  temporarily_unavailable: 'The other side is busy. Please try again later.',
};

/**
 * Back from a provider: send what it gave to the server. The address is clean already.
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showElsewhereReturn(way, { provider = '', answer = {} }) {
  const back = (/** @type {string} */ reason) => way.go('login', { reason });
  const finish = async () => {
    const { code, state, iss, error } = answer;
    if (error) return back(REFUSALS[error] ?? 'The other side did not let you in.');
    if (!code || !state) return back('The other side sent you back without an answer.');
    const path = `auth/providers/${encodeURIComponent(provider)}/finish`;
    const body = { code, state, ...(iss && { iss }) };
    const tokens = await Account.alone(() => call('POST', path, { body }));
    if (tokens.ticket) way.go('username', { provider, ticket: tokens.ticket, suggestion: tokens.suggestion });
    else way.entered(await Account.begun(tokens));
  };
  /** @param {unknown} error */
  const refused = (error) => {
    if (error instanceof Refused && error.code === 'second_factor')
      way.go('second', { ticket: error.ticket, methods: error.methods });
    else back(inWords(error));
  };
  // This view has to be shown before another can take its place.
  Promise.resolve().then(finish).catch(refused);
  return h('p', { class: 'empty', role: 'status' }, 'Signing you in…');
}

/**
 * Somebody new came from a provider: what shall they be called?
 * @param {Entrance} way
 * @param {Facts} facts
 */
export function showUsernameChoice(way, { provider = '', ticket, suggestion }) {
  const name = usernameField(suggestion);
  return step({
    title: 'Choose a username',
    words: 'So that others know you here. You can change it later.',
    fields: [name.box],
    submit: 'Create account',
    run: async () => {
      demand(name.flaws());
      const path = `auth/providers/${encodeURIComponent(provider)}/account`;
      await way.prove(path, { ticket, username: name.input.value.trim() });
    },
    more: [other('You have an account?', 'Log in, and link it there', () => way.go('login'))],
  });
}
