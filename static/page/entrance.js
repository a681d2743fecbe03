import { Account } from '../account/account.js';
import { told } from '../kept/tabs.js';
import { Refused } from '../wire/refused.js';
import { clearComplaints, field, onSubmit } from './dialogs/dialog.js';
import { h } from './drawing/dom.js';
import { logo } from './drawing/logo.js';

/** The way in: log in, or register. */
export class Entrance {
  /** @type {'login' | 'register'} */
  #mode = 'login';
  #stop;

  /**
   * @param {HTMLElement} root
   * @param {string} reason  why somebody is here who was logged in, or nothing
   * @param {(account: Account) => void} enter
   */
  constructor(root, reason, enter) {
    this.enter = enter;
    this.name = h('input', { name: 'username', autocomplete: 'username', autocapitalize: 'none', spellcheck: 'false' });
    this.email = h('input', { name: 'email', type: 'email', autocomplete: 'email' });
    this.password = h('input', { name: 'password', type: 'password' });
    this.emailField = field('E-mail', this.email, 'Only you see it.');
    this.nameField = field('Username', this.name);
    this.passwordField = field('Password', this.password);
    this.title = h('h1', {});
    this.submit = h('button', { type: 'submit', class: 'primary wide' });
    this.other = h('button', { type: 'button', class: 'link', onclick: () => this.#switch() });
    this.otherWords = h('span', {});
    this.form = h(
      'form',
      {},
      this.title,
      reason && h('p', { class: 'reason', role: 'status' }, reason),
      this.nameField,
      this.emailField,
      this.passwordField,
      h('p', { class: 'problem', role: 'alert' }),
      this.submit,
      h('p', { class: 'other' }, this.otherWords, ' ', this.other),
    );
    onSubmit(this.form, () => this.#submit());
    document.title = 'Parley';
    root.replaceChildren(
      h(
        'main',
        { class: 'entrance' },
        h('div', { class: 'card' }, h('div', { class: 'brand' }, logo(), h('span', {}, 'Parley')), this.form),
      ),
    );
    this.#draw();
    this.name.focus();
    // Somebody logged in in another tab: that is who is here now.
    this.#stop = told.listen((message) => {
      if (message.kind === 'account' && message.user) location.reload();
    });
  }

  #switch() {
    this.#mode = this.#mode === 'login' ? 'register' : 'login';
    clearComplaints(this.form);
    this.#draw();
    this.name.focus();
  }

  #draw() {
    const isNew = this.#mode === 'register';
    this.title.textContent = isNew ? 'Create your account' : 'Welcome back';
    this.submit.textContent = isNew ? 'Create account' : 'Log in';
    this.otherWords.textContent = isNew ? 'You have an account?' : 'New here?';
    this.other.textContent = isNew ? 'Log in' : 'Create an account';
    this.emailField.hidden = !isNew;
    this.password.autocomplete = isNew ? 'new-password' : 'current-password';
    this.#hint(this.nameField, isNew ? '3–20 letters, digits, _ or -.' : '');
    this.#hint(this.passwordField, isNew ? 'At least 8 characters. A sentence is a fine password.' : '');
  }

  /**
   * @param {HTMLElement} box
   * @param {string} words
   */
  #hint(box, words) {
    const hint = /** @type {HTMLElement} */ (box.querySelector('.hint'));
    hint.textContent = words;
    hint.dataset.hint = words;
  }

  async #submit() {
    const isNew = this.#mode === 'register';
    const [name, email, password] = [this.name.value.trim(), this.email.value.trim(), this.password.value];
    this.#check(isNew, name, email, password);
    const body = isNew ? { username: name, email, password } : { login: name, password };
    try {
      const account = await Account.enter(this.#mode, body);
      this.#stop();
      this.enter(account);
    } catch (error) {
      throw inOurWords(error);
    }
  }

  /**
   * What can be seen here needs no round trip.
   * @param {boolean} isNew
   * @param {string} name
   * @param {string} email
   * @param {string} password
   */
  #check(isNew, name, email, password) {
    const errors = [];
    if (!name) errors.push({ pointer: '/username', detail: 'Enter your username.' });
    else if (isNew && !/^[\w-]{3,20}$/.test(name))
      errors.push({ pointer: '/username', detail: '3–20 letters, digits, _ or -.' });
    if (isNew && !/^[^@\s]+@[^@\s]+$/.test(email))
      errors.push({ pointer: '/email', detail: 'Enter an e-mail address.' });
    if (!password) errors.push({ pointer: '/password', detail: 'Enter your password.' });
    else if (isNew && password.length < 8) errors.push({ pointer: '/password', detail: 'At least 8 characters.' });
    if (errors.length) throw new Refused('bad_request', 'Please look at the marked fields.', { errors });
  }
}

/** @param {unknown} error */
function inOurWords(error) {
  if (!(error instanceof Refused)) return error;
  if (error.code === 'username_taken') {
    return new Refused(error.code, '', { errors: [{ pointer: '/username', detail: 'This username is taken.' }] });
  }
  if (error.code === 'bad_credentials') return new Refused(error.code, 'Username or password is not right.');
  if (error.code === 'offline') return new Refused('', 'The server cannot be reached. Please try again in a moment.');
  return error;
}
