import { Refused } from '../../wire/refused.js';
import { onSubmit, openDialog } from '../dialogs/dialog.js';
import { h } from '../drawing/dom.js';
import { searchBox } from '../drawing/searchbox.js';
import { Desk, part, row, rowButton, rowList } from '../account/desk.js';
import { auditPart } from './audit.js';
import { personCard } from './person.js';

/** @import { Chat } from '../chat.js' */

/**
 * What moderators and admins may do with people: find somebody, and decide about them.
 * @param {Chat} chat
 */
export function openModeration(chat) {
  const { input, box } = searchBox('Username');
  const state = h('p', { class: 'problem', role: 'alert' });
  const found = h('div', { class: 'found-person' });
  const desk = new Desk(chat, () => desk.attempt(show));
  /** @type {string | null} */
  let id = null;
  const show = async () => {
    if (id) found.replaceChildren(personCard(desk, await desk.ask('GET', `admin/users/${encodeURIComponent(id)}`)));
  };
  /** @param {string} wanted */
  const choose = (wanted) => {
    id = wanted;
    return desk.attempt(show);
  };
  const form = h(
    'form',
    { class: 'finding', role: 'search' },
    box,
    h('button', { type: 'submit', class: 'primary' }, 'Find'),
    state,
  );
  onSubmit(form, async () => {
    const username = input.value.trim();
    found.replaceChildren();
    if (!username) throw new Refused('', 'Enter a username.');
    const { items } = await desk.ask('GET', `admin/users?${new URLSearchParams({ username })}`);
    if (!items.length) throw new Refused('', 'There is nobody of that name.');
    /** @type {{id: string, username: string}[]} */
    const people = items;
    const [only] = people.filter((person) => person.username.toLowerCase() === username.toLowerCase());
    if (only) await choose(only.id);
    else found.replaceChildren(foundRows(people, choose));
  });
  input.name = 'username';
  const body = h(
    'div',
    { class: 'panel moderation' },
    part('Find somebody', '', form, found),
    chat.me.role === 'admin' && auditPart(desk),
  );
  openDialog('Moderation', body).classList.add('wide');
  input.focus();
}

/**
 * @param {{id: string, username: string}[]} people
 * @param {(id: string) => void} choose
 */
function foundRows(people, choose) {
  return rowList(
    people.map(({ id, username }) => row(username, [], rowButton('Open', `Open ${username}`, () => choose(id)))),
    '',
  );
}
