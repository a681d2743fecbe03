import { attempt } from '../posts/acts.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Choice } from '../../drawing/menu.js' */

const FOR_EVER = -1;
const HOUR = 60;
const WEEK = 7 * 24 * HOUR;

/**
 * What to choose about something one may be told of less: for others nothing changes.
 * @param {Chat} chat
 * @param {string} target
 * @param {('follow' | 'mute' | 'silence' | 'hide')[]} which
 * @returns {Choice[]}
 */
export function stanceChoices(chat, target, which) {
  const { stances } = chat.forum;
  /** @param {Parameters<Chat['forum']['setStance']>[1]} change */
  const set = (change) => () => attempt(chat, () => chat.forum.setStance(target, change));
  const { followed, hidden } = stances.of(target);
  /** @type {Choice[]} */
  const choices = [];
  if (which.includes('follow'))
    choices.push(
      followed
        ? { label: 'Follow no more', icon: 'bellOff', run: set({ follow: false }) }
        : { label: 'Follow', icon: 'bell', run: set({ follow: true }) },
    );
  if (which.includes('mute') && stances.isMuted(target))
    choices.push({ label: 'Unmute', icon: 'bell', run: set({ mute: 0 }) });
  else if (which.includes('mute'))
    choices.push(
      { label: 'Mute for an hour', icon: 'bellOff', run: set({ mute: HOUR }) },
      { label: 'Mute for a week', icon: 'bellOff', run: set({ mute: WEEK }) },
      { label: 'Mute', icon: 'bellOff', run: set({ mute: FOR_EVER }) },
    );
  if (which.includes('silence'))
    choices.push(
      stances.isSilenced(target)
        ? { label: 'Silence no more', icon: 'speaker', run: set({ silence: 0 }) }
        : { label: 'Silence', icon: 'bellOff', run: set({ silence: FOR_EVER }) },
    );
  if (which.includes('hide'))
    choices.push(
      hidden
        ? { label: 'Hide no more', icon: 'eye', run: set({ hide: false }) }
        : { label: 'Hide from me', icon: 'eye', run: set({ hide: true }) },
    );
  return choices;
}
