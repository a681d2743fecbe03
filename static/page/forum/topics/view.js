import { whole } from '../../../state/forum/wire/wire.js';
import { inWords, Refused } from '../../../wire/refused.js';
import { h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { menuButton } from '../../drawing/menu.js';
import { visible } from '../../drawing/words.js';
import { toRoom, toTopic } from '../../routes.js';
import { attempt } from '../posts/acts.js';
import { openComposer } from '../posts/composer.js';
import { orderChoice, PostsPane } from '../posts/list.js';
import { View } from '../view.js';
import { topicChoices } from './acts.js';
import { topicAvatar } from './avatar.js';
import { InsidePane } from './inside.js';
import { tagLinks } from './list.js';
import { TopicMembers } from './members.js';

/** @import { Chat } from '../../chat.js' */
/** @import { EventFrame } from '../../../types.js' */
/** @import { Route } from '../../routes.js' */
/** @import { Order, Topic } from '../../../state/forum/types.js' */

/** @type {Order[]} */
const ORDERS = ['hot', 'new', 'top', 'old'];

/** @typedef {{element: HTMLElement, load: () => unknown, close: () => void}} Pane */

/** One topic: what was posted in it, its rooms, its members; its chat is a conversation like others. */
export class TopicView extends View {
  /** @type {Topic | null} */
  #topic = null;

  /**
   * @param {Chat} chat
   * @param {Route} route
   */
  constructor(chat, { id, tab, query }) {
    super(chat, 'Topic');
    this.isList = true;
    this.id = id;
    this.tab = tab || 'posts';
    const order = /** @type {Order} */ (query.get('order'));
    this.order = ORDERS.includes(order) ? order : 'hot';
    this.intro = h('div', { class: 'intro' });
    this.tabs = h('nav', { class: 'tabs', 'aria-label': 'Parts of the topic' });
    /** @type {Pane} */
    this.pane = this.#makePane();
    this.drawHead({ back: '#/topics' });
    this.column.append(this.intro, this.tabs, this.pane.element);
    this.endings.push(
      () => this.pane.close(),
      chat.connection.event.listen((frame) => this.#event(frame)),
      chat.store.changed.listen(() => this.#roleChanged()),
      chat.forum.stances.changed.listen((target) => {
        if (target === id) this.#draw();
      }),
      chat.forum.watching.watch(id, { fresh: () => this.#load(), refused: (error) => this.#refused(error) }),
    );
  }

  /** @returns {Pane} */
  #makePane() {
    const { chat, id } = this;
    if (this.tab === 'rooms') return new InsidePane(chat, id);
    if (this.tab === 'members') return new TopicMembers(chat, id);
    const posts = new PostsPane(chat, {
      order: this.order,
      fetch: (cursor) => chat.forum.wire.posts({ topic: id, order: this.order, cursor }),
      takes: (post) => post.room === id,
      hasPlace: false,
      none: 'Nothing was posted here yet.',
    });
    const orders = orderChoice('Order of posts', ORDERS, this.order, (order) => {
      history.replaceState(null, '', `${toTopic(id, 'posts')}?order=${order}`);
      this.order = order;
      posts.sort(order);
    });
    posts.element.prepend(h('div', { class: 'bar' }, orders));
    return posts;
  }

  async #load() {
    this.chat.forum.loadStance(this.id);
    try {
      const topic = await this.chat.forum.wire.topic(this.id);
      this.chat.store.room(this.id)?.describe({ member_count: topic.member_count });
      this.#put(topic);
      this.pane.load();
    } catch (error) {
      this.#refused(error);
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof Refused && error.isPassing) return; // asked anew when we are back
    this.pane.element.hidden = true;
    this.tabs.replaceChildren();
    this.intro.replaceChildren(h('p', { class: 'empty', role: 'status' }, inWords(error)));
  }

  /** @param {Topic} topic */
  #put(topic) {
    this.#topic = topic;
    this.chat.forum.places.know(topic);
    this.#draw();
  }

  /** @param {EventFrame} frame */
  #event({ ev, room, d }) {
    if (room !== this.id || !this.#topic || (ev !== 'room' && ev !== 'member_count')) return;
    // Frames are the same for everybody: what I am here is not in them.
    const changed = ev === 'room' ? whole(d) : d;
    this.#put({ ...this.#topic, ...changed, role: this.#topic.role });
  }

  /** I joined or left it, here or elsewhere, or may do more or less than before. */
  #roleChanged() {
    const before = this.#topic;
    if (!before) return;
    const room = this.chat.store.room(this.id);
    const { role = null, permissions = null, memberCount: member_count = before.member_count } = room ?? {};
    /** @param {Topic} topic */
    const look = (topic) => [topic.role, topic.permissions ?? '*', topic.member_count].join('\n');
    const topic = { ...before, role, permissions, member_count };
    if (look(topic) === look(before)) return;
    this.#put(topic);
    // What is seen may be more now, or less.
    if (before.role !== role) this.pane.load();
  }

  #draw() {
    const topic = this.#topic;
    if (!topic) return;
    const { chat } = this;
    const name = visible(topic.name);
    this.entitle(name, `${topic.member_count} ${topic.member_count === 1 ? 'member' : 'members'}`);
    const more = menuButton({
      label: 'Topic actions',
      focus: 'more',
      face: icon('more'),
      choices: () => topicChoices(chat, topic, (changed) => this.#put(changed)),
    });
    this.drawHead({ back: '#/topics', before: topicAvatar(topic), actions: [this.#main(topic), more] });
    this.intro.replaceChildren();
    if (topic.description) this.intro.append(h('p', { dir: 'auto' }, topic.description));
    const tags = tagLinks(topic);
    if (tags) this.intro.append(tags);
    this.#drawTabs(topic);
  }

  /**
   * What one most likely wants to do here.
   * @param {Topic} topic
   */
  #main(topic) {
    const { chat, id } = this;
    if (topic.role) {
      const how = { place: id, where: `In ${visible(topic.name)}`, mayHide: topic.anonymous ?? false };
      return h(
        'button',
        { type: 'button', class: 'primary', 'data-focus': 'main', onclick: () => openComposer(chat, how) },
        icon('edit'),
        'Post',
      );
    }
    const join = () => attempt(chat, () => chat.connection.request('room.join', { room: id }));
    return h('button', { type: 'button', class: 'primary', 'data-focus': 'main', onclick: join }, icon('add'), 'Join');
  }

  /** @param {Topic} topic */
  #drawTabs(topic) {
    /** @type {[string, string, string][]} */
    const tabs = [
      ['posts', 'Posts', toTopic(this.id)],
      ['rooms', 'Rooms', toTopic(this.id, 'rooms')],
    ];
    if (topic.role) {
      tabs.splice(1, 0, ['chat', 'Chat', toRoom(this.id)]);
      tabs.push(['members', 'Members', toTopic(this.id, 'members')]);
    }
    this.tabs.replaceChildren(
      ...tabs.map(([tab, words, href]) => h('a', { href, 'aria-current': tab === this.tab && 'page' }, words)),
    );
  }
}
