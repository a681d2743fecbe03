import { h } from './dom.js';
import { icon } from './icons.js';
import { roomName, visible } from './words.js';

/** @import { Icon } from './icons.js' */
/** @import { Room } from '../../state/room.js' */
/** @import { Person, Presence } from '../../types.js' */

const HUES = 8;

/**
 * The same colour for the same id, everywhere.
 * @param {string} id
 */
function hue(id) {
  let hash = 0;
  for (let index = 0; index < id.length; index++) hash = (hash * 31 + id.charCodeAt(index)) >>> 0;
  return String(hash % HUES);
}

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @param {string} name */
function initial(name) {
  const first = letters
    .segment(visible(name).replace(/^[^\p{L}\p{N}]+/u, ''))
    [Symbol.iterator]()
    .next();
  return first.done ? '•' : first.value.segment.slice(0, 8).toLocaleUpperCase();
}

/** @param {Person} person */
export function personAvatar(person) {
  return h('span', { class: 'avatar', 'data-hue': hue(person.id), 'aria-hidden': 'true' }, initial(person.username));
}

/**
 * A person with a mark of how they are: its shape tells as much as its colour, and the words beside it tell it all.
 * @param {Person} person
 * @param {Presence | undefined} presence
 */
export function portrait(person, presence) {
  const status = presence?.status ?? 'offline';
  return h(
    'span',
    { class: 'portrait', 'aria-hidden': 'true' },
    personAvatar(person),
    status !== 'offline' && h('span', { class: `dot ${status}` }),
  );
}

/**
 * @param {Room} room
 * @param {string} me
 * @param {Presence} [presence]  of the other one in a direct room
 */
export function roomAvatar(room, me, presence) {
  if (room.kind === 'direct') return portrait(room.peer ?? { id: room.id, username: roomName(room, me) }, presence);
  if (room.kind === 'topic') return roomTile(room.id, room.isOpen ? 'topics' : 'lock');
  return roomTile(room.id, room.kind === 'public' || room.isOpen ? 'hash' : 'lock');
}

/**
 * The square that stands for a room or a topic.
 * @param {string} id
 * @param {Icon} face
 */
export function roomTile(id, face) {
  return h('span', { class: 'avatar square', 'data-hue': hue(id), 'aria-hidden': 'true' }, icon(face));
}
