import { checkField, selectField } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { part } from '../desk.js';

/** @import { Desk } from '../desk.js' */

/** @type {['mail_follow' | 'mail_like' | 'mail_comment', string][]} */
const LETTERS = [
  ['mail_follow', 'When somebody follows me'],
  ['mail_like', 'When somebody votes for what I said'],
  ['mail_comment', 'When somebody comments on what I posted, or answers me'],
];

/**
 * Of what somebody wants letters. What is chosen holds at once.
 * @param {Desk} desk
 * @param {(change: object) => Promise<void>} save
 */
export function lettersPart(desk, save) {
  const { preferences } = desk.me;
  const boxes = LETTERS.map(([name, words]) => {
    const { input, box } = checkField(words, { name, checked: preferences?.[name] ?? false });
    input.addEventListener('change', () => desk.attempt(() => save({ [name]: input.checked })));
    return box;
  });
  const digest = selectField(
    'A summary of what I have not read',
    'mail_digest',
    [
      ['off', 'Never'],
      ['daily', 'Once a day'],
      ['weekly', 'Once a week'],
    ],
    preferences?.mail_digest ?? 'off',
  );
  digest.input.addEventListener('change', () => desk.attempt(() => save({ mail_digest: digest.input.value })));
  return part('Letters', 'To your e-mail address.', h('div', { class: 'form' }, ...boxes, digest.box));
}
