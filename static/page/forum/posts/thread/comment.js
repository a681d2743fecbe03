import { DEEPEST } from '../../../../state/forum/thread.js';
import { iconButton } from '../../../drawing/button.js';
import { h, hidden } from '../../../drawing/dom.js';
import { icon } from '../../../drawing/icons.js';
import { menuButton } from '../../../drawing/menu.js';
import { linked } from '../../../drawing/words.js';
import { toPost } from '../../../routes.js';
import { change, goneWords, isKeeper, isMine, share } from '../acts.js';
import { authorName, authorPicture, whenSaid } from '../author.js';
import { postPicture } from '../card.js';
import { askReason } from '../reason.js';
import { openReport } from '../report.js';
import { voteButtons, votesLook } from '../votes.js';

/** @import { Choice } from '../../../drawing/menu.js' */
/** @import { Comment } from '../../../../state/forum/types.js' */
/** @import { Gap, Row } from '../../../../state/forum/thread.js' */
/** @import { ThreadPane } from './pane.js' */

/**
 * What of a comment changes how it looks.
 * @param {ThreadPane} thread
 * @param {Row} row
 */
export function commentLook(thread, { item, below, isFolded }) {
  return [item.rev, below, isFolded, thread.isOpen, votesLook(thread.chat, item)].join('\n');
}

/**
 * One comment in its thread.
 * @param {ThreadPane} thread
 * @param {Row} row
 */
export function drawComment(thread, { item, below, isFolded }) {
  const { chat, tree } = thread;
  const words = isFolded ? `Show ${below} below` : 'Fold what is below';
  const fold = iconButton(isFolded ? 'unfold' : 'fold', words, () => tree.fold(item.id, !isFolded), {
    class: 'quiet fold',
    'aria-expanded': String(!isFolded),
    'data-focus': 'fold',
  });
  const head = h(
    'div',
    { class: 'origin' },
    authorPicture(item.deleted ? null : item.author),
    h('p', {}, item.deleted ? 'Deleted' : authorName(item.author, item.id), ' · ', whenSaid(item)),
    hidden(item.depth ? `, answer at level ${item.depth}` : ''),
    below > 0 && fold,
  );
  const body = item.deleted
    ? [goneWords(item, 'This comment'), h('div', { class: 'does' }, commentMenu(thread, item))]
    : [
        h('p', { class: 'text', dir: 'auto' }, ...linked(item.text)),
        postPicture(item),
        h('div', { class: 'does' }, voteButtons(chat, item), replyButton(thread, item), commentMenu(thread, item)),
      ];
  return h(
    'li',
    { class: 'comment', 'data-depth': Math.min(item.depth, DEEPEST), tabindex: '-1' },
    head,
    ...body,
    isFolded &&
      below > 0 &&
      h('button', { type: 'button', class: 'link', onclick: () => tree.fold(item.id, false) }, words),
  );
}

/**
 * Answers that are not loaded.
 * @param {ThreadPane} thread
 * @param {Gap} gap
 */
export function drawGap(thread, { more, count }) {
  const words = count === 1 ? 'Show 1 more answer' : `Show ${count} more answers`;
  return h(
    'li',
    { class: 'comment gap', 'data-depth': Math.min(more.depth + 1, DEEPEST) },
    h('button', { type: 'button', class: 'link', 'data-focus': 'gap', onclick: () => thread.fill(more) }, words),
  );
}

/**
 * @param {ThreadPane} thread
 * @param {Comment} item
 */
function replyButton(thread, item) {
  if (!thread.isOpen || item.depth >= DEEPEST) return null;
  return h(
    'button',
    { type: 'button', class: 'talk', 'data-focus': 'reply', onclick: () => thread.reply(item) },
    icon('reply'),
    h('span', {}, 'Reply'),
    hidden(` to ${item.author?.username ?? 'this comment'}`),
  );
}

/**
 * @param {ThreadPane} thread
 * @param {Comment} item
 */
function commentMenu(thread, item) {
  return menuButton({
    label: 'Comment actions',
    focus: 'more',
    face: icon('more'),
    choices: () => commentChoices(thread, item),
  });
}

/**
 * @param {ThreadPane} thread
 * @param {Comment} item
 * @returns {Choice[]}
 */
function commentChoices(thread, item) {
  const { chat, post } = thread;
  const { wire } = chat.forum;
  const mine = isMine(chat, item);
  const keeps = isKeeper(chat, thread.of()?.room ?? '');
  /** @type {Choice[]} */
  const choices = [{ label: 'Copy link', icon: 'link', run: () => share(chat, toPost(post, item.id)) }];
  if (item.deleted) {
    if (mine || keeps)
      choices.push({
        label: 'Restore',
        icon: 'retry',
        run: () => change(chat, () => wire.restoreComment(post, item.id)),
      });
    return choices;
  }
  if (mine) choices.push({ label: 'Edit', icon: 'edit', run: () => thread.edit(item) });
  if (!mine)
    choices.push({ label: 'Report…', icon: 'flag', run: () => openReport(chat, 'comment', item.id, { post }) });
  if (mine || keeps)
    choices.push({ label: 'Delete…', icon: 'trash', isDangerous: true, run: () => remove(thread, item) });
  return choices;
}

/**
 * @param {ThreadPane} thread
 * @param {Comment} item
 */
function remove({ chat, post }, item) {
  askReason({
    title: 'Delete this comment?',
    text: 'What was answered to it stays.',
    action: 'Delete',
    isDangerous: true,
    run: async (reason) => {
      const gone = await chat.forum.wire.deleteComment(post, item.id, reason);
      if (gone?.kind) chat.forum.take(gone);
    },
  });
}
