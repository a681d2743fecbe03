import { Account } from '../../account/account.js';
import { told } from '../../kept/tabs.js';
import { Refused } from '../../wire/refused.js';
import { h } from '../drawing/dom.js';
import { logo } from '../drawing/logo.js';
import { showElsewhereReturn, showUsernameChoice } from './elsewhere.js';
import { showLogin } from './login/login.js';
import { showMailLogin } from './login/maillogin.js';
import { showRecovery, showRecoveryFinish } from './recovery.js';
import { showRegister } from './register.js';
import { showForgotten, showNewPassword } from './reset.js';
import { showSecond } from './login/second.js';
import { showSignup, showSignupCode } from './signup.js';

/** Every view of the way in. Each makes its form; `go` shows it. */
const VIEWS = {
  login: showLogin,
  register: showRegister,
  signup: showSignup,
  signupCode: showSignupCode,
  mail: showMailLogin,
  second: showSecond,
  forgotten: showForgotten,
  newPassword: showNewPassword,
  recovery: showRecovery,
  recoveryFinish: showRecoveryFinish,
  elsewhereReturn: showElsewhereReturn,
  username: showUsernameChoice,
};

/** @typedef {keyof typeof VIEWS} View */

/**
 * What a view is told: why somebody is here, and what was said before.
 * @typedef {object} Facts
 * @property {string} [reason]
 * @property {string} [login]  what was typed as a username or an address
 * @property {string} [ticket]
 * @property {string[]} [methods]
 * @property {string} [token]  of a letter's link
 * @property {string} [provider]
 * @property {Record<string, string>} [answer]  what a provider sent back
 * @property {string} [suggestion]
 */

/** The way in: everything up to the moment when somebody is logged in. */
export class Entrance {
  /** Whether a log-in is to outlive the browser: asked for once, meant for every way. */
  remember = true;

  #stop;
  #place = h('div', { class: 'step' });

  /**
   * @param {HTMLElement} root
   * @param {(account: Account) => void} enter
   * @param {View} [view]
   * @param {Facts} [facts]
   */
  constructor(root, enter, view = 'login', facts = {}) {
    this.enter = enter;
    document.title = 'Parley';
    root.replaceChildren(
      h(
        'main',
        { class: 'entrance' },
        h('div', { class: 'card' }, h('div', { class: 'brand' }, logo(), h('span', {}, 'Parley')), this.#place),
      ),
    );
    // Somebody logged in in another tab: that is who is here now.
    this.#stop = told.listen((message) => {
      if (message.kind === 'account' && message.user) location.reload();
    });
    this.go(view, facts);
  }

  /**
   * @param {View} view
   * @param {Facts} [facts]
   */
  go(view, facts = {}) {
    this.#place.replaceChildren(VIEWS[view](this, facts));
    const first = this.#place.querySelector('input:not([type="checkbox"])') ?? this.#place.querySelector('button');
    if (first instanceof HTMLElement) first.focus();
  }

  /** How a log-in is to be kept. */
  get keeping() {
    return { remember: this.remember, cookie: true };
  }

  /**
   * Send a proof: the person is in, or is asked for the second one.
   * @param {string} path
   * @param {object} body
   * @param {string} [login]  what they are called, as far as is known
   * @throws {Refused}
   */
  async prove(path, body, login) {
    try {
      this.entered(await Account.enter(path, body));
    } catch (error) {
      if (!(error instanceof Refused) || error.code !== 'second_factor') throw error;
      this.go('second', { ticket: error.ticket, methods: error.methods, login });
    }
  }

  /** @param {Account} account */
  entered(account) {
    this.#stop();
    this.enter(account);
  }
}
