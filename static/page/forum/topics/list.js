import { inWords } from '../../../wire/refused.js';
import { h, hidden } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { searchBox } from '../../drawing/searchbox.js';
import { shortTime } from '../../drawing/time.js';
import { visible } from '../../drawing/words.js';
import { toTopic } from '../../routes.js';
import { Paged } from '../people/list.js';
import { choiceOf } from '../posts/list.js';
import { View } from '../view.js';
import { openNewTopic } from './form.js';
import { topicAvatar } from './avatar.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Route } from '../../routes.js' */
/** @import { Topic } from '../../../state/forum/types.js' */

const PAUSE_MS = 300;

/** All open topics, by an order or by words and tags; and mine. */
export class TopicsView extends View {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #order = 'active';

  /**
   * @param {Chat} chat
   * @param {Route} route
   */
  constructor(chat, { query }) {
    super(chat, 'Topics');
    this.isList = true;
    const add = h(
      'button',
      { type: 'button', class: 'primary', onclick: () => openNewTopic(chat) },
      icon('add'),
      'New topic',
    );
    this.drawHead({ actions: [add] });
    const { input, box } = searchBox('Search topics by words or #tags');
    this.input = input;
    input.value = query.get('tag') ? `#${query.get('tag')}` : '';
    input.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#load(), PAUSE_MS);
    });
    this.orders = choiceOf(
      'Order of topics',
      [
        ['active', 'Active'],
        ['members', 'Members'],
        ['new', 'New'],
        ['mine', 'Mine'],
      ],
      this.#order,
      (order) => {
        this.#order = order;
        this.input.value = '';
        this.#load();
      },
    );
    this.list = new Paged({
      label: 'Topics',
      fetch: (cursor) => this.#fetch(cursor),
      draw: (/** @type {Topic} */ topic) => this.#row(topic),
      none: 'No topic is found. You could make it!',
    });
    this.column.append(h('div', { class: 'bar' }, box, this.orders), this.list.element);
    this.endings.push(() => clearTimeout(this.#timer));
    this.fetchBy(() => this.list.load());
  }

  #load() {
    this.list.clear();
    this.list.load();
  }

  /** @param {string | null} cursor */
  #fetch(cursor) {
    const words = this.input.value.trim();
    const { wire } = this.chat.forum;
    if (!words) return this.#order === 'mine' ? wire.myTopics(cursor) : wire.topics({ order: this.#order, cursor });
    const parts = words.split(/\s+/);
    const tags = parts.filter((part) => /^#\w+$/.test(part)).map((part) => part.slice(1).toLowerCase());
    const q = parts.filter((part) => !part.startsWith('#')).join(' ');
    return wire.topics({ q, tags: tags.join(','), cursor });
  }

  /** @param {Topic} topic */
  #row(topic) {
    const { chat } = this;
    const isMine = Boolean(topic.role) || chat.store.room(topic.id) !== undefined;
    const name = visible(topic.name);
    const join = h('button', { type: 'button', class: 'plain' }, 'Join', hidden(` ${name}`));
    const state = h('p', { class: 'problem', role: 'alert' });
    join.addEventListener('click', async () => {
      join.disabled = true;
      try {
        await chat.connection.request('room.join', { room: topic.id });
        join.replaceWith(mark());
      } catch (error) {
        join.disabled = false;
        state.textContent = inWords(error);
      }
    });
    const mark = () => h('span', { class: 'mark' }, icon('check'), 'Joined');
    const members = `${topic.member_count} ${topic.member_count === 1 ? 'member' : 'members'}`;
    const active = topic.active_at ? ` · active ${shortTime(topic.active_at)}` : '';
    return h(
      'li',
      { class: 'entry' },
      topicAvatar(topic),
      h(
        'div',
        { class: 'what' },
        h('h2', { dir: 'auto' }, h('a', { href: toTopic(topic.id), 'data-focus': topic.id }, name)),
        topic.description && h('p', { class: 'preview', dir: 'auto' }, topic.description),
        h('p', { class: 'about' }, members, active),
        tagLinks(topic),
        state,
      ),
      isMine ? mark() : join,
    );
  }
}

/** @param {Topic} topic */
export function tagLinks({ tags }) {
  if (!tags?.length) return null;
  const links = tags.map((tag) => h('li', {}, h('a', { href: `#/topics?tag=${encodeURIComponent(tag)}` }, `#${tag}`)));
  return h('ul', { class: 'tags', 'aria-label': 'Tags' }, ...links);
}
