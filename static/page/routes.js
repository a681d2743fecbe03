/**
 * Addresses: what is seen is what stands behind the # of the address, so that it can be kept, sent and gone back to.
 * @module
 */

/**
 * @typedef {'chats' | 'room' | 'feed' | 'topics' | 'topic' | 'post' | 'person' | 'people' | 'notifications'} Where
 */

/** @typedef {{where: Where, id: string, tab: string, query: URLSearchParams}} Route */

/** @type {[RegExp, Where][]} */
const ROUTES = [
  [/^#\/r\/([\w.~-]+)$/, 'room'],
  [/^#\/feed$/, 'feed'],
  [/^#\/topics$/, 'topics'],
  [/^#\/t\/([\w.~-]+)(?:\/(posts|rooms|members))?$/, 'topic'],
  [/^#\/p\/([\w.~-]+)(?:\/([\w.~-]+))?$/, 'post'],
  [/^#\/u\/([\w.~-]+)$/, 'person'],
  [/^#\/people$/, 'people'],
  [/^#\/notifications$/, 'notifications'],
];

/**
 * What an address leads to; what nobody knows leads to the chats.
 * @param {string} hash
 * @returns {Route}
 */
export function routeOf(hash) {
  const [address = '', search = ''] = hash.split('?', 2);
  const query = new URLSearchParams(search);
  for (const [pattern, where] of ROUTES) {
    const found = pattern.exec(address);
    if (found) return { where, id: found[1] ?? '', tab: found[2] ?? '', query };
  }
  return { where: 'chats', id: '', tab: '', query };
}

/** @param {string} id */
export const toRoom = (id) => `#/r/${id}`;

/**
 * @param {string} id
 * @param {string} [tab]
 */
export const toTopic = (id, tab = '') => `#/t/${id}${tab && `/${tab}`}`;

/**
 * @param {string} id
 * @param {string | null} [comment]  to show in its thread
 */
export const toPost = (id, comment = null) => `#/p/${id}${comment ? `/${comment}` : ''}`;

/** @param {string} id */
export const toPerson = (id) => `#/u/${id}`;

/**
 * Where a place is seen: a topic, or the page of a person, whose id is in its own.
 * @param {string} place
 */
export const toPlace = (place) => (place.startsWith('p_') ? toPerson(place.slice(2)) : toTopic(place));
