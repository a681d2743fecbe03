import { nameOf } from '../../state/people.js';
import { inWords } from '../../wire/refused.js';
import { openDialog } from '../dialogs/dialog.js';
import { h } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { pastWords } from '../drawing/time.js';
import { callWords, isMissed } from './words.js';

/** @import { Chat } from '../chat.js' */
/** @import { Call, Item } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */

/**
 * The calls that there were in a room, the latest first.
 * @param {Chat} chat
 * @param {Room} room
 */
export function openCalls(chat, room) {
  const list = h('ul', { class: 'found calls' });
  const state = h('p', { class: 'hint', role: 'status' }, 'Loading…');
  const more = h('button', { type: 'button', class: 'plain', hidden: true, onclick: () => load() }, 'Show more');
  openDialog('Calls in this room', list, state, more);
  /** @type {string | null} */
  let next = null;
  const load = async () => {
    try {
      const query = next ? `&cursor=${encodeURIComponent(next)}` : '';
      const page = await chat.account.call('GET', `rooms/${room.id}/calls?limit=30${query}`);
      next = page.next ?? null;
      list.append(...page.items.map((/** @type {Call} */ call) => row(chat, room, call)));
      state.textContent = list.children.length ? '' : 'Nobody has called here yet.';
    } catch (error) {
      state.textContent = inWords(error);
    }
    more.hidden = !next;
  };
  load();
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {Call} call
 */
function row(chat, room, call) {
  /** @type {Item} */
  const item = {
    id: call.id,
    room: call.room,
    seq: 0,
    rev: 0,
    kind: 'call',
    author: call.started_by,
    cid: '',
    created_at: call.started_at,
    edited_at: null,
    deleted: false,
    media: call.media,
    outcome: call.state === 'ended' ? (call.reason ?? 'completed') : null,
    seconds: call.seconds ?? null,
  };
  const missed = isMissed(item, chat.me.id, room);
  const names = [...new Set(call.legs.filter(({ order }) => order > 0).map(({ user }) => nameOf(user)))];
  const words = [pastWords(call.started_at), names.length > 1 ? names.join(', ') : ''].filter(Boolean).join(' · ');
  return h(
    'li',
    { class: missed ? 'missed' : '' },
    icon(missed ? 'phoneMissed' : call.media === 'video' ? 'camera' : 'phone'),
    h('div', {}, h('strong', { dir: 'auto' }, callWords(item, chat.me.id, room)), h('span', { dir: 'auto' }, words)),
  );
}
