import { nameOf } from '../../../state/people.js';
import { inWords } from '../../../wire/refused.js';
import { onSubmit, openDialog } from '../../dialogs/dialog.js';
import { personAvatar } from '../../drawing/avatar.js';
import { h, uniqueId } from '../../drawing/dom.js';
import { searchBox } from '../../drawing/searchbox.js';
import { roomName } from '../../drawing/words.js';

/** @import { Chat } from '../../chat.js' */
/** @import { CallMedia, MemberData, Person } from '../../../types.js' */
/** @import { Room } from '../../../state/room.js' */

const PAUSE_MS = 300;
const MOST_SHOWN = 50;
/** In a smaller room nobody needs to search. */
const FEW = 8;

/**
 * Begin a call in a room of several: ring some of them, or nobody, and whoever wants comes in.
 * @param {Chat} chat
 * @param {Room} room
 * @param {CallMedia} media
 */
export function openStart(chat, room, media) {
  /** @type {Map<string, Person>} */
  const chosen = new Map();
  const { input, box } = searchBox('Search members');
  box.hidden = room.memberCount <= FEW;
  const list = h('ul', { class: 'found choose' });
  const state = h('p', { class: 'hint', role: 'status' });
  const submit = h('button', { type: 'submit', class: 'primary' });
  const form = h(
    'form',
    {},
    h('p', {}, 'Everybody in the room sees the call and can join it. Ring those who should know at once.'),
    box,
    h('fieldset', { class: 'choices' }, h('legend', {}, 'Ring'), list, state),
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, submit),
  );
  const count = () => {
    submit.textContent = chosen.size ? `Ring ${chosen.size} and start` : 'Start without ringing';
  };
  /** @param {MemberData} member */
  const row = ({ user }) => {
    const id = uniqueId();
    const check = h('input', { type: 'checkbox', id, checked: chosen.has(user.id) });
    check.addEventListener('change', () => {
      if (check.checked) chosen.set(user.id, user);
      else chosen.delete(user.id);
      count();
    });
    return h('li', {}, check, h('label', { for: id }, personAvatar(user), h('span', { dir: 'auto' }, nameOf(user))));
  };
  let turn = 0;
  const load = async () => {
    const now = ++turn;
    const q = input.value.trim();
    try {
      const d = { room: room.id, limit: MOST_SHOWN, ...(q && { q }) };
      const { items } = await chat.connection.request('room.members', d);
      if (now !== turn) return;
      const others = items.filter((/** @type {MemberData} */ { user }) => user.id !== chat.me.id);
      list.replaceChildren(...others.map(row));
      state.textContent = others.length ? '' : q ? 'Nobody here has that name.' : 'Nobody else is in this room yet.';
    } catch (error) {
      if (now === turn) state.textContent = inWords(error);
    }
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(load, PAUSE_MS);
  });
  onSubmit(form, async () => {
    dialog.close();
    chat.callViews.acts.start(room, media, [...chosen.keys()]);
  });
  count();
  const what = media === 'video' ? 'Video call' : 'Call';
  const dialog = openDialog(`${what} in ${roomName(room, chat.me.id)}`, form);
  submit.focus();
  load();
}
