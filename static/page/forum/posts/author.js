import { nameOf } from '../../../state/people.js';
import { personAvatar } from '../../drawing/avatar.js';
import { h, hidden } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { fullTime, pastWords, shortTime } from '../../drawing/time.js';
import { toPerson } from '../../routes.js';

/** @import { Author, Said } from '../../../state/forum/types.js' */

const GONE = '~deleted';

/**
 * Whoever said something: a way to them, unless it is another name of somebody.
 * @param {Author | null} author
 * @param {string} focus
 */
export function authorName(author, focus) {
  if (!author) return h('span', { class: 'by' }, 'Somebody');
  const name = nameOf(author);
  if (author.anonymous) return h('span', { class: 'by other' }, icon('mask'), name, hidden(' (another name)'));
  if (author.username === GONE) return h('span', { class: 'by' }, name);
  return h('a', { class: 'by', href: toPerson(author.id), 'data-focus': `by ${focus}` }, name);
}

/** @param {Author | null} author */
export function authorPicture(author) {
  return personAvatar(author ?? { id: '', username: '?' });
}

/**
 * When something was said, and whether it was changed.
 * @param {Said} item
 */
export function whenSaid({ created_at: at, edited_at: edited, deleted }) {
  return h(
    'span',
    { class: 'when' },
    h('time', { datetime: at, title: fullTime(at) }, shortTime(at), hidden(`, ${pastWords(at)}`)),
    edited && !deleted && h('span', { title: `Edited ${fullTime(edited)}` }, ' · edited'),
  );
}
