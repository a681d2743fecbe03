/**
 * Texts of people as nodes, and words for things that happened.
 * @module
 */

import { nameOf } from '../../state/people.js';
import { callWords } from '../calls/words.js';
import { h } from './dom.js';
import { pastWords } from './time.js';

/** @import { Item, Presence } from '../../types.js' */
/** @import { People } from '../../state/people.js' */
/** @import { Room } from '../../state/room.js' */

const LINK = /https?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence rather than an address. */
const AFTER_LINK = new Set('.,;:!?…*_~');

/**
 * A text as nodes: http and https addresses become links, all else stays text.
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function linked(text) {
  /** @type {(Node | string)[]} */
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTail(match[0]);
    const href = safe(address);
    if (!href) continue;
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push(h('a', { href, target: '_blank', rel: 'noopener noreferrer' }, address));
    from = match.index + address.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

/**
 * @param {string} address
 * @returns {string}
 */
function withoutTail(address) {
  const strange = new Set(AFTER_LINK);
  // A closing bracket belongs to the address only if it opened there.
  if (!address.includes('(')) strange.add(')');
  if (!address.includes('[')) strange.add(']');
  let end = address.length;
  while (end > 0 && strange.has(address.charAt(end - 1))) end -= 1;
  return address.slice(0, end);
}

/**
 * @param {string} address
 * @returns {string | null}
 */
function safe(address) {
  try {
    const { protocol, href } = new URL(address);
    return protocol === 'https:' || protocol === 'http:' ? href : null;
  } catch {
    return null;
  }
}

/**
 * Whether a text is nothing but a few emoji, which are shown large.
 * @param {string} text
 */
export function isFewEmoji(text) {
  return (
    text.length <= 24 &&
    /^(?:\p{Extended_Pictographic}|\p{Emoji_Component}|\s){1,12}$/u.test(text) &&
    /\p{Extended_Pictographic}/u.test(text)
  );
}

/**
 * What happened, in a sentence.
 * @param {Item} item
 * @param {People} people
 * @returns {string}
 */
export function noticeWords(item, people) {
  const who = people.name(item.user ?? item.author);
  const by = people.name(item.by ?? item.author);
  const isOwn = !item.by || idOf(item.by) === idOf(item.user);
  switch (item.type) {
    case 'joined':
      return isOwn ? `${who} joined` : `${by} added ${who}`;
    case 'left':
      return `${who} left`;
    case 'removed':
      return `${by} removed ${who}`;
    case 'banned':
      return `${by} banned ${who}`;
    case 'role':
      return item.role ? `${by} made ${who} ${article(item.role)}` : `${by} changed the role of ${who}`;
    case 'renamed':
      return item.name ? `${by} renamed the room to “${item.name}”` : `${by} renamed the room`;
    case 'created':
      return `${by} created the room`;
    default:
      return `${by} changed the room`;
  }
}

/** @param {string | {id: string} | null | undefined} who */
function idOf(who) {
  return typeof who === 'string' ? who : who?.id;
}

/** @param {string} role */
function article(role) {
  if (role === 'owner') return 'the owner';
  return `a ${role}`;
}

/**
 * The last item of a room, for the list of rooms.
 * @param {Item} item
 * @param {People} people
 * @param {string} me
 * @param {Room} room
 */
export function previewWords(item, people, me, room) {
  if (item.kind === 'notice') return noticeWords(item, people);
  if (item.kind === 'call') return callWords(item, me, room);
  if (item.kind === 'post') return item.deleted ? 'A post was deleted' : `Posted: ${(item.title ?? '').slice(0, 200)}`;
  if (item.deleted) return 'Message deleted';
  const text = (item.text ?? '').slice(0, 200);
  if (item.author?.id === me) return `You: ${text}`;
  return room.kind === 'direct' || !item.author ? text : `${nameOf(item.author)}: ${text}`;
}

const STATUSES = { online: 'Online', away: 'Away', busy: 'Busy', offline: 'Offline' };

/**
 * How somebody is; nothing where nothing is known.
 * @param {Presence | undefined} presence
 */
export function presenceWords(presence) {
  if (!presence) return '';
  const { status, last_seen: seen } = presence;
  if (status !== 'offline') return STATUSES[status] ?? STATUSES.online;
  return seen ? `Last seen ${pastWords(seen)}` : '';
}

/**
 * What a room is called; a name of nothing but invisible characters needs another word.
 * @param {Room} room
 * @param {string} me
 */
export function roomName(room, me) {
  if (room.kind === 'direct') {
    if (!room.peer) return 'Direct conversation';
    return room.peer.id === me ? 'Notes to myself' : nameOf(room.peer);
  }
  return visible(room.name);
}

/** @param {string} name */
export function visible(name) {
  return /[^\p{C}\p{Z}\u115f\u1160\u2800\u3164\uffa0]/u.test(name) ? name : '(no visible name)';
}
