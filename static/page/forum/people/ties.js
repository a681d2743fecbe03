import { h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { attempt } from '../posts/acts.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Icon } from '../../drawing/icons.js' */
/** @import { Tie } from '../../../state/forum/types.js' */
/** @typedef {Parameters<Chat['forum']['wire']['tie']>[0]} Step */

/**
 * What I can do about somebody, as we stand to each other.
 * @param {Chat} chat
 * @param {{id: string, username: string}} person
 * @param {Tie} tie
 * @param {(tie: Tie) => void} changed
 */
export function tieButtons(chat, person, tie, changed) {
  /**
   * @param {Step} step
   * @param {Icon} face
   * @param {string} words
   * @param {boolean} [isMain]
   */
  const button = (step, face, words, isMain = false) =>
    h(
      'button',
      {
        type: 'button',
        class: isMain ? 'primary' : 'plain',
        'aria-label': `${words} ${person.username}`,
        'data-focus': step.split('.')[0],
        onclick: () => attempt(chat, async () => changed(await chat.forum.wire.tie(step, person.id))),
      },
      icon(face),
      words,
    );
  const follow = tie.following
    ? button('follow.take', 'check', 'Unfollow')
    : button('follow.put', 'add', 'Follow', true);
  if (tie.friends) return [follow, button('friend.remove', 'people', 'Unfriend')];
  if (tie.requested) return [follow, button('friend.cancel', 'clock', 'Withdraw the request to')];
  if (tie.asked)
    return [follow, button('friend.accept', 'personAdd', 'Accept', true), button('friend.reject', 'close', 'Decline')];
  return [follow, button('friend.request', 'personAdd', 'Befriend')];
}
