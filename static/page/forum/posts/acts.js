import { may } from '../../../state/room.js';
import { h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { menuButton } from '../../drawing/menu.js';
import { inWords } from '../../../wire/refused.js';
import { toPost } from '../../routes.js';
import { askReason } from './reason.js';
import { openReport } from './report.js';
import { openComposer } from './composer.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Choice } from '../../drawing/menu.js' */
/** @import { Comment, Post } from '../../../state/forum/types.js' */

/**
 * Do something, and tell where it failed.
 * @param {Chat} chat
 * @param {() => Promise<unknown>} work
 */
export async function attempt(chat, work) {
  try {
    await work();
  } catch (error) {
    chat.toasts.show(inWords(error), 'error');
  }
}

/**
 * Whether I said it, under whichever name.
 * @param {Chat} chat
 * @param {Post | Comment} item
 */
export function isMine(chat, { author }) {
  return chat.isMe(author?.id);
}

/**
 * Whether I may take away what others post in a place.
 * @param {Chat} chat
 * @param {string} place
 */
export function isKeeper(chat, place) {
  const { role } = chat.me;
  if (role === 'moderator' || role === 'admin' || place === `p_${chat.me.id}`) return true;
  return may(chat.store.room(place) ?? {}, 'manage_posts');
}

/**
 * Put the address of something where it can be pasted.
 * @param {Chat} chat
 * @param {string} address
 */
export async function share(chat, address) {
  const url = new URL(address, location.href).href;
  try {
    await navigator.clipboard.writeText(url);
    chat.toasts.show('The link was copied.');
  } catch {
    chat.toasts.show(url);
  }
}

/**
 * What can be done with a post.
 * @param {Chat} chat
 * @param {Post} post
 */
export function postMenu(chat, post) {
  return menuButton({
    label: 'Post actions',
    focus: 'more',
    face: icon('more'),
    choices: () => postChoices(chat, post),
  });
}

/**
 * @param {Chat} chat
 * @param {Post} post
 * @returns {Choice[]}
 */
function postChoices(chat, post) {
  const { wire, stances } = chat.forum;
  const mine = isMine(chat, post);
  const keeps = isKeeper(chat, post.room);
  /** @type {Choice[]} */
  const choices = [{ label: 'Copy link', icon: 'link', run: () => share(chat, toPost(post.id)) }];
  if (post.deleted) {
    if (mine || keeps)
      choices.push({ label: 'Restore', icon: 'retry', run: () => change(chat, () => wire.restorePost(post.id)) });
    return choices;
  }
  const isFollowed = stances.of(post.id).followed;
  choices.push({
    label: isFollowed ? 'Follow no more' : 'Follow',
    icon: isFollowed ? 'bellOff' : 'bell',
    run: () => attempt(chat, () => chat.forum.setStance(post.id, { follow: !isFollowed })),
  });
  choices.push({
    label: 'Hide from me',
    icon: 'eye',
    run: () =>
      attempt(chat, async () => {
        await chat.forum.setStance(post.id, { hide: true });
        chat.toasts.show('It is hidden from you. Your account, Silenced and hidden, brings it back.');
      }),
  });
  if (mine) choices.push({ label: 'Edit…', icon: 'edit', run: () => openComposer(chat, { place: post.room, post }) });
  if (mine || keeps) {
    if (post.status === 'open') choices.push({ label: 'Close…', icon: 'lock', run: () => close(chat, post) });
    else choices.push({ label: 'Open again', icon: 'check', run: () => change(chat, () => wire.openPost(post.id)) });
    choices.push({ label: 'Delete…', icon: 'trash', isDangerous: true, run: () => remove(chat, post, mine) });
  }
  if (!mine) choices.push({ label: 'Report…', icon: 'flag', run: () => openReport(chat, 'post', post.id) });
  return choices;
}

/**
 * Change something, and show it as the server has it then.
 * @param {Chat} chat
 * @param {() => Promise<Post | Comment | undefined>} work
 */
export function change(chat, work) {
  return attempt(chat, async () => {
    const item = await work();
    if (item?.kind) chat.forum.take(item);
  });
}

/**
 * @param {Chat} chat
 * @param {Post} post
 */
function close(chat, post) {
  askReason({
    title: 'Close this post?',
    text: 'It stays to be read; no comments are taken any more.',
    action: 'Close post',
    isNeeded: true,
    run: async (reason) => chat.forum.take(await chat.forum.wire.closePost(post.id, reason)),
  });
}

/**
 * @param {Chat} chat
 * @param {Post} post
 * @param {boolean} isOwn
 */
function remove(chat, post, isOwn) {
  askReason({
    title: 'Delete this post?',
    text: isOwn ? 'Its comments are not seen any more either.' : 'Whoever wrote it is told why.',
    action: 'Delete',
    isDangerous: true,
    isNeeded: !isOwn,
    run: async (reason) => {
      const gone = await chat.forum.wire.deletePost(post.id, reason);
      if (gone?.kind) chat.forum.take(gone);
    },
  });
}

/**
 * What stands where there is nothing to be seen any more.
 * @param {{reason: string | null}} item
 * @param {string} what
 */
export function goneWords({ reason }, what) {
  return h('p', { class: 'gone', dir: 'auto' }, reason ? `${what} was deleted: ${reason}` : `${what} was deleted.`);
}
