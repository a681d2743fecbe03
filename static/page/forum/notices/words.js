import { nameOf } from '../../../state/people.js';
import { toPerson, toPost, toRoom, toTopic } from '../../routes.js';

/** @import { Icon } from '../../drawing/icons.js' */
/** @import { People } from '../../../state/people.js' */
/** @import { Notification } from '../../../state/forum/types.js' */

/** @type {Record<string, Icon>} */
const FACES = {
  mention: 'person',
  everyone: 'people',
  reply: 'reply',
  comment: 'chat',
  vote: 'up',
  follow: 'personAdd',
  friend_request: 'personAdd',
  friend_accepted: 'people',
  invitation: 'door',
  post: 'feed',
  missed_call: 'phoneMissed',
  warned: 'warning',
};

/** @type {Record<string, string>} */
const WORDS = {
  mention: 'mentioned you',
  everyone: 'spoke to everyone',
  reply: 'answered you',
  comment: 'commented on a post of yours',
  vote: 'voted for what you said',
  follow: 'follows you',
  friend_request: 'asks to be your friend',
  friend_accepted: 'is your friend now',
  invitation: 'invites you',
  post: 'posted',
  missed_call: 'called you',
  warned: 'warned you',
};

/** Of more the server names no more. */
const PEOPLE_SHOWN = 20;

/** @type {Record<string, string>} */
const MANY = {
  follow: 'follow you',
  friend_request: 'ask to be your friends',
  friend_accepted: 'are your friends now',
};

/** @param {Notification} item */
export function noticeFace({ type }) {
  return FACES[type] ?? 'bell';
}

/**
 * How many people did it, who may have done it several times each.
 * @param {Notification} item
 */
function crowd({ people, count }) {
  return people.length < PEOPLE_SHOWN ? people.length : Math.max(people.length, count);
}

/**
 * Who did it: one, two, or one and how many more.
 * @param {Notification} item
 * @param {People} known
 */
export function noticeWho(item, known) {
  const [first, second] = item.people.map((person) => (person.username ? nameOf(person) : known.name(person.id)));
  const many = crowd(item);
  if (!first) return 'Somebody';
  if (many === 2) return `${first} and ${second}`;
  return many > 2 ? `${first} and ${many - 1} others` : first;
}

/** @param {Notification} item */
export function noticeDid(item) {
  return (crowd(item) > 1 ? MANY[item.type] : undefined) ?? WORDS[item.type] ?? 'did something';
}

/**
 * How often, where that is more than once each.
 * @param {Notification} item
 */
export function noticeTimes(item) {
  if (item.count <= Math.max(1, crowd(item))) return '';
  return item.count === 2 ? ', twice' : `, ${item.count} times`;
}

/**
 * What happened, in a sentence.
 * @param {Notification} item
 * @param {People} known
 */
export function noticeWords(item, known) {
  return `${noticeWho(item, known)} ${noticeDid(item)}${noticeTimes(item)}`;
}

/**
 * Where one sees what it is about.
 * @param {Notification} item
 */
export function noticeAddress({ type, people, place, post, item }) {
  if (post) return toPost(post, item === post ? null : item);
  if (type === 'friend_request') return '#/people';
  const first = people[0];
  if ((type === 'follow' || type === 'friend_accepted') && first && !first.anonymous) return toPerson(first.id);
  if (type === 'invitation' && place) return toTopic(place);
  if (place) return toRoom(place);
  return '#/notifications';
}
