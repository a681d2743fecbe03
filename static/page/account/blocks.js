import { personAvatar } from '../drawing/avatar.js';
import { h } from '../drawing/dom.js';
import { fetched, part, row, rowButton, rowList } from './desk.js';

/** @import { Desk } from './desk.js' */
/** @import { Person } from '../../types.js' */

/**
 * Whom somebody does not hear from.
 * @param {Desk} desk
 */
export function blocksSection(desk) {
  return h(
    'div',
    {},
    part(
      'Blocked people',
      'They cannot write to you, add you to rooms or call you. ' +
        'You block somebody in their conversation, or in the list of members.',
      fetched(
        () => desk.chat.blocks.load(),
        (people) => [
          rowList(
            people.map((person) => personRow(desk, person)),
            'You have blocked nobody.',
          ),
        ],
      ),
    ),
  );
}

/**
 * @param {Desk} desk
 * @param {Person} person
 */
function personRow(desk, person) {
  const { id, username } = person;
  const unblock = () =>
    desk.attempt(async () => {
      await desk.chat.blocks.set(person, false);
      desk.redraw();
    });
  const line = row(username || id, [], rowButton('Unblock', `Unblock ${username}`, unblock));
  line.prepend(personAvatar(person));
  return line;
}
