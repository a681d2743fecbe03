import { inWords } from '../../wire/refused.js';
import { personAvatar } from '../drawing/avatar.js';
import { h, keyed } from '../drawing/dom.js';
import { searchBox } from '../drawing/searchbox.js';
import { openDialog } from './dialog.js';

/** @import { Chat } from '../chat.js' */
/** @import { Person } from '../../types.js' */

const SHOWN = 50;
const PAUSE_MS = 300;
/** Words that are shorter find too many. */
const SHORTEST = 2;
const ROOMS_ASKED = 10;

/**
 * Choose somebody: among the people of my rooms, among all by name, or by id.
 * @param {Chat} chat
 * @param {object} how
 * @param {string} how.title
 * @param {string} how.action  what the button beside a person says
 * @param {(person: Person) => Promise<void>} how.run
 */
export function openPeople(chat, { title, action, run }) {
  const { input, box } = searchBox('Name or user id');
  const list = h('ul', { class: 'found' });
  const state = h('p', { class: 'hint', role: 'status' });
  const dialog = openDialog(title, box, state, list);

  /** @param {Person} person */
  const choose = async (person) => {
    try {
      await run(person);
      dialog.close();
    } catch (error) {
      state.textContent = inWords(error);
    }
  };
  /** Found among all, for what is typed. @type {Person[]} */
  let found = [];
  const draw = () => {
    const near = matching(chat, input.value);
    const people = [...near, ...found.filter(({ id }) => !near.some((person) => person.id === id))];
    state.textContent = people.length ? '' : 'Nobody has that name.';
    keyed(list, people, {
      key: (person) => person.id,
      look: (person) => person.username,
      make: (person) => personRow(person, action, () => choose(person)),
    });
  };
  const search = async () => {
    const words = input.value.trim();
    try {
      const { items } = await chat.forum.wire.findPeople(words, null);
      if (words !== input.value.trim()) return;
      found = items.filter(({ id }) => id !== chat.me.id);
      draw();
    } catch {
      // Those of my rooms are there.
    }
  };
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  input.addEventListener('input', () => {
    found = [];
    clearTimeout(timer);
    if (input.value.trim().length >= SHORTEST) timer = setTimeout(search, PAUSE_MS);
    draw();
  });
  draw();
  input.focus();
  meetMembers(chat).then(draw);
}

/**
 * @param {Chat} chat
 * @param {string} words
 * @returns {Person[]}
 */
function matching(chat, words) {
  const wanted = words.trim().toLowerCase();
  const found = chat.store.people.all
    .filter((person) => person.id !== chat.me.id && person.username.toLowerCase().includes(wanted))
    .slice(0, SHOWN);
  // An id is opaque: anything long and without spaces may be one.
  const id = words.trim();
  if (!found.length && /^[\w-]{16,64}$/.test(id)) return [{ id, username: id }];
  return found;
}

/**
 * @param {Person} person
 * @param {string} action
 * @param {() => void} choose
 */
function personRow(person, action, choose) {
  return h(
    'li',
    {},
    personAvatar(person),
    h('div', {}, h('strong', {}, person.username)),
    h(
      'button',
      { type: 'button', class: 'plain', 'aria-label': `${action} ${person.username}`, onclick: choose },
      action,
    ),
  );
}

/**
 * Ask for the members of my latest rooms: they are who one most likely looks for.
 * @param {Chat} chat
 */
async function meetMembers(chat) {
  const rooms = chat.store.rooms.slice(0, ROOMS_ASKED);
  await Promise.allSettled(
    rooms.map(async (room) => {
      const { items } = await chat.connection.request('room.members', { room: room.id, limit: 100 });
      for (const member of items) chat.store.people.meet(member.user);
    }),
  );
}
