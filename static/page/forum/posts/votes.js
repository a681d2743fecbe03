import { inWords } from '../../../wire/refused.js';
import { h, hidden } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Said, Value } from '../../../state/forum/types.js' */

/**
 * What of the votes changes how they look.
 * @param {Chat} chat
 * @param {Said} item
 */
export function votesLook(chat, item) {
  const { up, down, mine } = chat.forum.votes.shown(item);
  return `${up} ${down} ${mine}`;
}

/**
 * The votes on something, and mine. A press shows at once, and is taken back where the server refuses it.
 * @param {Chat} chat
 * @param {Said} item
 */
export function voteButtons(chat, item) {
  const { up, down, score, mine } = chat.forum.votes.shown(item);
  /** @param {Value} value */
  const vote = async (value) => {
    try {
      await chat.forum.votes.vote(item, chat.forum.votes.mine(item.id) === value ? 0 : value);
    } catch (error) {
      chat.toasts.show(inWords(error), 'error');
    }
  };
  /**
   * @param {'up' | 'down'} face
   * @param {string} label
   * @param {Value} value
   */
  const button = (face, label, value) =>
    h(
      'button',
      {
        type: 'button',
        class: face,
        'aria-label': label,
        title: label,
        'aria-pressed': String(mine === value),
        'data-focus': `${face} ${item.id}`,
        onclick: () => vote(value),
      },
      icon(face),
    );
  return h(
    'div',
    { class: 'votes', role: 'group', 'aria-label': 'Votes' },
    button('up', 'Vote for it', 1),
    h(
      'span',
      { class: 'score', title: `${up} for it, ${down} against it` },
      score,
      hidden(score === 1 ? ' point' : ' points'),
    ),
    button('down', 'Vote against it', -1),
  );
}
