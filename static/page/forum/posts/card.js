import { h, hidden } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { linked, visible } from '../../drawing/words.js';
import { toPlace, toPost } from '../../routes.js';
import { postMenu } from './acts.js';
import { authorName, authorPicture, whenSaid } from './author.js';
import { voteButtons, votesLook } from './votes.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Post } from '../../../state/forum/types.js' */

/** More characters than lines of a card hold. */
const EXCERPT = 600;

/**
 * What of a post changes how its card looks.
 * @param {Chat} chat
 * @param {Post} post
 * @param {boolean} hasPlace
 */
export function cardLook(chat, post, hasPlace) {
  const place = hasPlace ? chat.forum.places.name(post.room) : '';
  return [post.rev, post.deleted, votesLook(chat, post), place].join('\n');
}

/**
 * A post in a list.
 * @param {Chat} chat
 * @param {Post} post
 * @param {boolean} hasPlace  whether it says where it stands
 */
export function drawCard(chat, post, hasPlace) {
  const title = h('h2', { dir: 'auto' }, h('a', { href: toPost(post.id), 'data-focus': 'title' }, visible(post.title)));
  return h(
    'li',
    { class: 'card' },
    postHead(chat, post, hasPlace),
    title,
    post.text && h('p', { class: 'excerpt', dir: 'auto' }, ...linked(excerptOf(post.text))),
    postTags(post),
    postPicture(post),
    h('div', { class: 'does' }, voteButtons(chat, post), commentsLink(post), postMenu(chat, post)),
  );
}

/**
 * Who posted it, where and when, and what has become of it.
 * @param {Chat} chat
 * @param {Post} post
 * @param {boolean} hasPlace
 */
export function postHead(chat, post, hasPlace) {
  const place = chat.forum.places.name(post.room);
  return h(
    'div',
    { class: 'origin' },
    authorPicture(post.author),
    h(
      'p',
      {},
      authorName(post.author, post.id),
      hasPlace &&
        place &&
        h('span', {}, ' in ', h('a', { href: toPlace(post.room), 'data-focus': 'place', dir: 'auto' }, place)),
      ' · ',
      whenSaid(post),
    ),
    post.status === 'closed' && h('span', { class: 'mark' }, icon('lock'), 'Closed'),
  );
}

/** @param {Post} post */
export function postTags({ tags }) {
  return (
    tags.length > 0 &&
    h('ul', { class: 'tags', 'aria-label': 'Tags' }, ...tags.map((tag) => h('li', { dir: 'auto' }, tag)))
  );
}

/**
 * A picture's address. The picture itself is not fetched: its server would learn who looks, and when.
 * @param {{picture: string | null}} item
 */
export function postPicture({ picture }) {
  if (!picture || !/^https?:\/\//i.test(picture)) return null;
  const host = URL.canParse(picture) ? new URL(picture).host : picture;
  return h(
    'a',
    { class: 'picture', href: picture, target: '_blank', rel: 'noopener noreferrer' },
    icon('screen'),
    `Picture at ${host}`,
  );
}

/** @param {Post} post */
function commentsLink({ id, comments }) {
  return h(
    'a',
    { class: 'talk', href: toPost(id), 'data-focus': 'comments' },
    icon('chat'),
    h('span', {}, comments),
    hidden(comments === 1 ? ' comment' : ' comments'),
  );
}

/**
 * The beginning of a text, for a list: empty lines would take the place of words.
 * @param {string} text
 */
function excerptOf(text) {
  return text.slice(0, EXCERPT).replace(/\n\s*\n/g, '\n');
}
