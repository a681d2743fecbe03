/**
 * Words for calls: what became of them, and how long they were.
 * @module
 */

import { nameOf } from '../../state/people.js';

/** @import { Item } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */

/** Nobody who was rung came in, whatever the reason. */
const UNANSWERED = new Set(['missed', 'cancelled', 'busy', 'unreachable']);

/** What the one who called hears, of one other person. @type {Record<string, string>} */
const OUTCOMES = {
  missed: 'no answer',
  cancelled: 'cancelled',
  declined: 'declined',
  busy: 'busy',
  unreachable: 'not reachable',
  failed_media: 'could not be connected',
};

/**
 * How long, in short words.
 * @param {number} seconds
 */
export function lengthWords(seconds) {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/**
 * The time since a call began, as a clock shows it.
 * @param {number} seconds
 */
export function clockWords(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60];
  const hours = Math.floor(whole / 3600);
  const tail = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return hours ? `${hours}:${tail}` : tail;
}

/**
 * Whether a call rang here and was not answered, as far as its item tells.
 * @param {Item} item
 * @param {string} me
 * @param {Room} room
 */
export function isMissed(item, me, room) {
  if (item.kind !== 'call' || item.author?.id === me) return false;
  return room.kind === 'direct' && UNANSWERED.has(item.outcome ?? '');
}

/**
 * Whether nobody came in, or those who did could not be connected.
 * @param {Item} item
 */
export function isUnanswered({ outcome }) {
  return UNANSWERED.has(outcome ?? '') || outcome === 'declined' || outcome === 'failed_media';
}

/**
 * A call in a sentence.
 * @param {Item} item
 * @param {string} me
 * @param {Room} room
 * @returns {string}
 */
export function callWords(item, me, room) {
  const isMine = item.author?.id === me;
  const who = isMine ? 'You' : item.author ? nameOf(item.author) : 'Somebody';
  const kind = item.media === 'video' ? 'Video call' : 'Call';
  const { outcome } = item;
  if (!outcome) return `${kind} in progress`;
  if (isMissed(item, me, room)) return `Missed ${kind.toLowerCase()} from ${who}`;
  const said = item.media === 'video' ? `${who} called by video` : `${who} called`;
  if (item.seconds) return `${said} · ${lengthWords(item.seconds)}`;
  if (outcome === 'missed' && room.kind !== 'direct') return `${said} · nobody answered`;
  return OUTCOMES[outcome] ? `${said} · ${OUTCOMES[outcome]}` : said;
}

/**
 * What became of a call that I began.
 * @param {string | null} reason  why it ended
 * @param {string} whom  who was rung
 */
export function outcomeWords(reason, whom) {
  switch (reason) {
    case 'declined':
      return `${whom} declined.`;
    case 'busy':
      return `${whom} is in another call.`;
    case 'missed':
      return `${whom} did not answer.`;
    case 'unreachable':
      return `${whom} cannot be reached right now.`;
    case 'failed_media':
      return 'The call could not be connected.';
    case 'removed':
      return 'The call was ended.';
    case 'max_duration':
      return 'The call ended: it was as long as calls may be.';
    case 'shutdown':
      return 'The call ended: the server went away.';
    default:
      return 'The call ended.';
  }
}

/**
 * Why somebody is out of a call, where they did not choose it.
 * @param {import('../../calls/calls.js').Parting} why
 * @param {string | null} reason  why the call ended
 */
export function partingWords(why, reason) {
  if (why === 'left') return '';
  if (why === 'elsewhere') return 'The call goes on in another window.';
  if (why === 'removed') return 'You were taken out of the call.';
  if (why === 'failed') return 'The call could not be connected.';
  return outcomeWords(reason, 'The other side');
}
