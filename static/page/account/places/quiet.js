import { h } from '../../drawing/dom.js';
import { roomName } from '../../drawing/words.js';
import { toPerson, toPost, toRoom, toTopic } from '../../routes.js';
import { fetched, part, row, rowButton, rowList } from '../desk.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Desk } from '../desk.js' */
/** @import { Stance } from '../../../state/forum/own/stances.js' */

/** @typedef {'muted' | 'silenced' | 'hidden' | 'followed'} What */

/** @type {{what: What, title: string, words: string, none: string, undo: string, change: object}[]} */
const LISTS = [
  {
    what: 'muted',
    title: 'Muted',
    words: 'You are not told of what happens there.',
    none: 'You have muted nothing.',
    undo: 'Unmute',
    change: { mute: 0 },
  },
  {
    what: 'silenced',
    title: 'Silenced',
    words: 'You are told of nothing that they cause.',
    none: 'You have silenced nobody, and nothing.',
    undo: 'Silence no more',
    change: { silence: 0 },
  },
  {
    what: 'hidden',
    title: 'Hidden',
    words: 'Lists leave them out for you.',
    none: 'You have hidden nothing.',
    undo: 'Show',
    change: { hide: false },
  },
  {
    what: 'followed',
    title: 'Followed',
    words: 'You are told of all that is new there.',
    none: 'You follow no topic, and no post, by itself.',
    undo: 'Unfollow',
    change: { follow: false },
  },
];

/**
 * What somebody wants to be told of less, or more; for others nothing of it changes.
 * @param {Desk} desk
 */
export function quietSection(desk) {
  return h('div', {}, ...LISTS.map((list) => listPart(desk, list)));
}

/**
 * @param {Desk} desk
 * @param {typeof LISTS[number]} list
 */
function listPart(desk, { what, title, words, none, undo, change }) {
  const { forum } = desk.chat;
  const found = fetched(
    async () => (await forum.wire.stances(what, null)).items,
    (/** @type {Stance[]} */ stances) => [
      rowList(
        stances.map((stance) => {
          const { name, href } = called(desk.chat, stance);
          const lift = () =>
            desk.attempt(async () => {
              await forum.setStance(stance.target, change);
              desk.redraw();
            });
          return row(h('a', { href }, name), [], rowButton(undo, `${undo}: ${name}`, lift));
        }),
        none,
      ),
    ],
  );
  return part(title, words, found);
}

/**
 * What something is called that one took a stance to, and where it is seen.
 * @param {Chat} chat
 * @param {Stance} stance
 */
function called(chat, { target, kind }) {
  const room = chat.store.room(target);
  switch (kind) {
    case 'topic':
      return { name: room?.name || chat.forum.places.name(target) || 'A topic', href: toTopic(target) };
    case 'room':
      return { name: room ? roomName(room, chat.me.id) : 'A room', href: toRoom(target) };
    case 'post':
      return { name: 'A post', href: toPost(target) };
    case 'person':
      return { name: chat.store.people.name(target), href: toPerson(target) };
    default:
      return { name: kind === 'comment' ? 'A comment' : 'A message', href: location.hash };
  }
}
