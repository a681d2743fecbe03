import { given } from './given.js';
import { Personal } from './personal.js';

/** @import { Comment, Listed, Order, Post, Said, Topic, Value } from '../types.js' */

const PAGE = 20;
const THREAD_PAGE = 50;

/** What the page asks of topics, posts and comments: each operation once, so that its shape stands here alone. */
export class Wire extends Personal {
  // Topics

  /**
   * @param {{order?: string, q?: string, tags?: string, cursor?: string | null}} how
   * @returns {Promise<Listed<Topic>>}
   */
  topics(how) {
    return this.ask('topic.list', given({ ...how, limit: PAGE }));
  }

  /**
   * @param {string | null} cursor
   * @returns {Promise<Listed<Topic>>}
   */
  myTopics(cursor) {
    return this.ask('topic.mine', given({ cursor }));
  }

  /**
   * @param {object} topic
   * @returns {Promise<Topic>}
   */
  makeTopic(topic) {
    return this.ask('topic.create', topic);
  }

  /**
   * @param {string} topic
   * @returns {Promise<Topic>}
   */
  async topic(topic) {
    return whole(await this.ask('topic.get', { topic }));
  }

  /**
   * @param {string} topic
   * @param {object} changes
   * @returns {Promise<Topic>}
   */
  async changeTopic(topic, changes) {
    return whole(await this.ask('topic.update', { topic, ...changes }));
  }

  /** @param {string} topic */
  deleteTopic(topic) {
    return this.ask('topic.delete', { topic });
  }

  /**
   * @param {string} topic
   * @param {string | null} cursor
   * @returns {Promise<Listed<Topic>>}
   */
  rooms(topic, cursor) {
    return this.ask('topic.rooms', given({ topic, cursor }));
  }

  /**
   * @param {object} room
   * @returns {Promise<Topic>}
   */
  makeRoom(room) {
    return this.ask('topic.rooms.create', room);
  }

  // Posts

  /**
   * @param {{topic: string, order: Order, cursor?: string | null}} how
   * @returns {Promise<Listed<Post>>}
   */
  posts(how) {
    return this.ask('post.list', given({ ...how, limit: PAGE }));
  }

  /**
   * What somebody posted under their own name.
   * @param {string} user
   * @param {string | null} cursor
   * @returns {Promise<Listed<Post>>}
   */
  postsOf(user, cursor) {
    return this.ask('post.written', given({ user, limit: PAGE, cursor }));
  }

  /**
   * @param {string} post
   * @returns {Promise<Post>}
   */
  post(post) {
    return this.ask('post.get', { post });
  }

  /**
   * @param {string | null} cursor
   * @returns {Promise<Listed<Post>>}
   */
  feed(cursor) {
    return this.ask('feed.list', given({ limit: PAGE, cursor }));
  }

  /**
   * The latest of all that everybody may see.
   * @param {string | null} cursor
   * @returns {Promise<Listed<Post>>}
   */
  recent(cursor) {
    return this.ask('post.recent', given({ limit: PAGE, cursor }));
  }

  /**
   * @param {string | null} topic  null: one's own page
   * @param {object} post
   * @returns {Promise<Post>}
   */
  makePost(topic, post) {
    return topic ? this.ask('post.create', given({ topic, ...post })) : this.ask('post.publish', given({ ...post }));
  }

  /**
   * @param {string} post
   * @param {object} changes
   * @returns {Promise<Post>}
   */
  editPost(post, changes) {
    return this.ask('post.edit', { post, ...changes });
  }

  /**
   * @param {string} post
   * @param {string} reason
   * @returns {Promise<Post>}
   */
  deletePost(post, reason) {
    return this.ask('post.delete', given({ post, reason }));
  }

  /**
   * @param {string} post
   * @returns {Promise<Post>}
   */
  restorePost(post) {
    return this.ask('post.restore', { post });
  }

  /**
   * @param {string} post
   * @param {string} reason
   * @returns {Promise<Post>}
   */
  closePost(post, reason) {
    return this.ask('post.status', { post, status: 'closed', reason });
  }

  /**
   * @param {string} post
   * @returns {Promise<Post>}
   */
  openPost(post) {
    return this.ask('post.status', { post, status: 'open' });
  }

  // Comments

  /**
   * @param {{post: string, order: Order, parent?: string, cursor?: string | null}} how
   * @returns {Promise<Listed<{comment: Comment, below: number}>>}
   */
  comments(how) {
    return this.ask('comment.list', given({ ...how, limit: THREAD_PAGE }));
  }

  /**
   * @param {object} comment
   * @returns {Promise<Comment>}
   */
  makeComment(comment) {
    return this.ask('comment.create', given({ ...comment }));
  }

  /**
   * @param {string} post
   * @param {string} comment
   * @param {string} text
   * @returns {Promise<Comment>}
   */
  editComment(post, comment, text) {
    return this.ask('comment.edit', { post, comment, text });
  }

  /**
   * @param {string} post
   * @param {string} comment
   * @param {string} reason
   * @returns {Promise<Comment>}
   */
  deleteComment(post, comment, reason) {
    return this.ask('comment.delete', given({ post, comment, reason }));
  }

  /**
   * @param {string} post
   * @param {string} comment
   * @returns {Promise<Comment>}
   */
  restoreComment(post, comment) {
    return this.ask('comment.restore', { post, comment });
  }

  // Votes

  /**
   * @param {Said} item
   * @param {Value} value
   */
  vote({ kind, id, room }, value) {
    if (kind === 'post') return this.ask('post.vote', { post: id, value });
    return this.ask('comment.vote', { post: room, comment: id, value });
  }

  /**
   * @param {string[]} items
   * @returns {Promise<Record<string, Value>>}
   */
  async myVotes(items) {
    return (await this.ask('vote.mine', { ids: items.join(',') })).votes;
  }
}

/**
 * A topic with what is left out on the wire, since it is nothing out of the ordinary.
 * @param {Topic} topic
 * @returns {Topic}
 */
export function whole(topic) {
  return { open: false, tags: [], anonymous: false, links: 'allow', ...topic };
}
