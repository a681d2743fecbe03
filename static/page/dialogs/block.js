import { inWords } from '../../wire/refused.js';
import { confirm } from './confirm.js';

/** @import { Chat } from '../chat.js' */
/** @import { Choice } from '../drawing/menu.js' */
/** @import { Person } from '../../types.js' */

/**
 * What to choose in a person's menu: block them, or hear from them again.
 * @param {Chat} chat
 * @param {Person} person
 * @returns {Choice}
 */
export function blockChoice(chat, person) {
  if (chat.blocks.has(person.id)) {
    const run = () =>
      chat.blocks.set(person, false).catch((error) => {
        chat.toasts.show(inWords(error), 'error');
      });
    return { label: `Unblock ${person.username}`, icon: 'check', run };
  }
  const run = () =>
    confirm({
      title: `Block ${person.username}?`,
      text:
        'They cannot write to you, add you to rooms or call you, and are not told. ' +
        'You cannot write to them either.',
      action: 'Block',
      run: () => chat.blocks.set(person, true),
    });
  return { label: `Block ${person.username}…`, icon: 'ban', isDangerous: true, run };
}
