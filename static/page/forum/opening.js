import { FeedView } from './feed.js';
import { NotificationsView } from './notices/view.js';
import { PeopleView } from './people/view.js';
import { ProfileView } from './people/profile.js';
import { PostView } from './posts/view.js';
import { TopicView } from './topics/view.js';
import { TopicsView } from './topics/list.js';

/** @import { Chat } from '../chat.js' */
/** @import { Route } from '../routes.js' */
/** @import { View } from './view.js' */

/**
 * The view that an address leads to.
 * @param {Chat} chat
 * @param {Route} route  to anything but chats and rooms
 * @returns {View}
 */
export function openView(chat, route) {
  switch (route.where) {
    case 'topics':
      return new TopicsView(chat, route);
    case 'topic':
      return new TopicView(chat, route);
    case 'post':
      return new PostView(chat, route);
    case 'person':
      return new ProfileView(chat, route);
    case 'people':
      return new PeopleView(chat);
    case 'notifications':
      return new NotificationsView(chat);
    default:
      return new FeedView(chat);
  }
}
