import { roomTile } from '../../drawing/avatar.js';

/**
 * The tile of a topic: open to all, or for those who were invited.
 * @param {{id: string, open?: boolean}} topic
 */
export function topicAvatar({ id, open }) {
  return roomTile(id, open ? 'topics' : 'lock');
}
