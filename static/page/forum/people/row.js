import { nameOf } from '../../../state/people.js';
import { personAvatar } from '../../drawing/avatar.js';
import { h } from '../../drawing/dom.js';
import { toPerson } from '../../routes.js';

/** @import { Child } from '../../drawing/dom.js' */

/**
 * Somebody in a list: a way to their profile, and what can be done.
 * @param {{id: string, username: string, name?: string}} person
 * @param {...Child} actions
 */
export function personRow(person, ...actions) {
  const name = nameOf(person);
  return h(
    'li',
    { class: 'person' },
    personAvatar(person),
    h(
      'a',
      { href: toPerson(person.id), 'data-focus': person.id },
      h('strong', { dir: 'auto' }, name),
      person.name && person.name !== name && h('span', { dir: 'auto' }, person.name),
    ),
    ...actions,
  );
}
