/**
 * Fields that are more than a line of text.
 * @module
 */

import { inWords, Refused } from '../../wire/refused.js';
import { h, uniqueId } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { field } from './dialog.js';

/** @import { Value } from '../drawing/dom.js' */

/** As the server has it: shorter ones are refused, whatever they are made of. */
const SHORTEST_PASSWORD = 8;

/**
 * A password that can be looked at while it is typed. Password managers know what it is for.
 * @param {string} label
 * @param {{name?: string, isNew?: boolean}} [how]
 */
export function passwordField(label, { name = 'password', isNew = false } = {}) {
  const input = h('input', { name, type: 'password', autocomplete: isNew ? 'new-password' : 'current-password' });
  const words = `Show ${label.toLowerCase()}`;
  const look = h('button', { type: 'button', class: 'quiet', 'aria-label': words, title: words }, icon('eye'));
  look.setAttribute('aria-pressed', 'false');
  look.addEventListener('click', () => {
    const isShown = input.type === 'text';
    input.type = isShown ? 'password' : 'text';
    look.setAttribute('aria-pressed', String(!isShown));
  });
  const hint = isNew ? `At least ${SHORTEST_PASSWORD} characters. A sentence is a fine password.` : '';
  return { input, box: field(label, input, hint, look) };
}

/**
 * What is wrong with a new password that can be seen here.
 * @param {HTMLInputElement} input
 * @returns {{pointer: string, detail: string}[]}
 */
export function passwordFlaws({ name, value }) {
  if (!value) return [{ pointer: `/${name}`, detail: 'Enter your password.' }];
  if ([...value].length >= SHORTEST_PASSWORD) return [];
  return [{ pointer: `/${name}`, detail: `At least ${SHORTEST_PASSWORD} characters.` }];
}

/**
 * A code of digits that came from elsewhere: phones offer it by themselves, and it may be pasted as it was written.
 * @param {string} label
 * @param {string} [hint]
 */
export function codeField(label, hint) {
  const input = h('input', {
    name: 'code',
    class: 'code',
    inputmode: 'numeric',
    autocomplete: 'one-time-code',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  return {
    input,
    box: field(label, input, hint),
    /** What was typed, without what people and letters put between the digits. @throws {Refused} where it is nothing */
    read() {
      const code = input.value.replace(/[\s\u2010-\u2015.-]+/g, '');
      if (code) return code;
      throw wrong('code', 'Enter the code.');
    },
  };
}

/**
 * @param {string} label
 * @param {Record<string, Value>} attributes
 */
export function checkField(label, attributes) {
  const input = h('input', { type: 'checkbox', id: uniqueId(), ...attributes });
  return { input, box: h('div', { class: 'check' }, input, h('label', { for: input.id }, label)) };
}

/**
 * @param {string} label
 * @param {string} name
 * @param {[string, string][]} choices  value and words
 * @param {string} chosen
 * @param {string} [hint]
 */
export function selectField(label, name, choices, chosen, hint) {
  const input = h('select', { name });
  for (const [value, words] of choices) input.append(h('option', { value, selected: value === chosen }, words));
  return { input, box: field(label, input, hint) };
}

/**
 * A button that sends something, and can do so again after a while.
 * @param {string} label
 * @param {() => Promise<number>} send  returns the seconds until it may be sent again
 * @param {HTMLElement} state  where it says what became of it
 */
export function sendButton(label, send, state) {
  const button = h('button', { type: 'button', class: 'link' }, label);
  /** @param {number} endsAt */
  const count = (endsAt) => {
    const left = Math.ceil((endsAt - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${label} (${left} s)` : label;
    if (left > 0 && button.isConnected) setTimeout(count, 1000, endsAt);
  };
  const run = async () => {
    button.disabled = true;
    try {
      const pause = await send();
      state.textContent = 'A code is on its way to your e-mail address.';
      count(Date.now() + pause * 1000);
    } catch (error) {
      state.textContent = inWords(error);
      const again = error instanceof Refused ? error.retryAfter : undefined;
      count(Date.now() + (again ?? 0) * 1000);
    }
  };
  button.addEventListener('click', run);
  return { button, run };
}

/**
 * A complaint about one field.
 * @param {string} name
 * @param {string} detail
 */
export function wrong(name, detail) {
  return new Refused('bad_request', 'Please look at the marked fields.', {
    errors: [{ pointer: `/${name}`, detail }],
  });
}
