import { field } from '../../dialogs/dialog.js';
import { wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';

/**
 * Where somebody says who they are.
 * @param {string} label
 * @param {string} login
 */
export function loginField(label, login) {
  const input = h('input', {
    name: 'login',
    autocomplete: 'username',
    autocapitalize: 'none',
    spellcheck: 'false',
    value: login,
  });
  return {
    input,
    box: field(label, input),
    /** What the next step shall know of what was typed here. */
    facts: () => ({ login: input.value.trim() }),
    /** What was typed. @throws {import('../../../wire/refused.js').Refused} where it is nothing */
    read() {
      const value = input.value.trim();
      if (value) return value;
      throw wrong('login', 'Enter your username or your e-mail address.');
    },
  };
}
