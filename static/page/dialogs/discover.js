import { inWords } from '../../wire/refused.js';
import { empty, h, hidden } from '../drawing/dom.js';
import { searchBox } from '../drawing/searchbox.js';
import { visible } from '../drawing/words.js';
import { openDialog } from './dialog.js';

/** @import { Chat } from '../chat.js' */
/** @import { RoomData } from '../../types.js' */

const PAUSE_MS = 250;

/**
 * Find and join public rooms.
 * @param {Chat} chat
 */
export function openDiscover(chat) {
  const { input, box } = searchBox('Search public rooms');
  const list = h('ul', { class: 'found' });
  const state = h('p', { class: 'hint', role: 'status' });
  const more = h('button', { type: 'button', class: 'plain', hidden: true, onclick: () => load(next) }, 'Show more');
  /** @type {string | null} */
  let next = null;
  let turn = 0;

  /** @param {string | null} cursor */
  async function load(cursor) {
    const mine = ++turn;
    const query = new URLSearchParams({ scope: 'public', limit: '50' });
    if (input.value) query.set('q', input.value);
    if (cursor) query.set('cursor', cursor);
    try {
      const page = await chat.account.call('GET', `rooms?${query}`);
      if (mine !== turn) return;
      if (!cursor) empty(list);
      next = page.next;
      for (const room of page.items) list.append(foundRoom(chat, room, () => dialog.close(), state));
      more.hidden = !next;
      state.textContent = list.children.length ? '' : 'No public room matches. You could create it!';
    } catch (error) {
      if (mine === turn) state.textContent = inWords(error);
    }
  }

  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => load(null), PAUSE_MS);
  });
  const dialog = openDialog('Discover rooms', box, state, list, more);
  input.focus();
  load(null);
}

/**
 * @param {Chat} chat
 * @param {RoomData} data
 * @param {() => void} close
 * @param {HTMLElement} state
 */
function foundRoom(chat, data, close, state) {
  const isMine = chat.store.room(data.id) !== undefined;
  const button = h(
    'button',
    { type: 'button', class: isMine ? 'plain' : 'primary' },
    isMine ? 'Open' : 'Join',
    hidden(` ${visible(data.name)}`),
  );
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      if (!isMine) await chat.connection.request('room.join', { room: data.id });
      close();
      chat.enter(data);
    } catch (error) {
      button.disabled = false;
      state.textContent = inWords(error);
    }
  });
  const count = `${data.member_count} ${data.member_count === 1 ? 'member' : 'members'}`;
  return h(
    'li',
    {},
    h(
      'div',
      {},
      h('strong', { dir: 'auto' }, visible(data.name)),
      h('span', { dir: 'auto' }, data.description ? `${count} · ${data.description}` : count),
    ),
    button,
  );
}
