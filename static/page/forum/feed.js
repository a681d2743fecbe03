import { h } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { openComposer } from './posts/composer.js';
import { choiceOf, PostsPane } from './posts/list.js';
import { View } from './view.js';

/** @import { Chat } from '../chat.js' */

/** How long new posts may come before they are asked for: a burst is asked for once. */
const PAUSE_MS = 300;

/** @type {[string, string][]} */
const WHICH = [
  ['mine', 'For me'],
  ['all', 'All'],
];

/** What those I follow posted, what was posted in my topics, and what I posted; or all that is open. Latest first. */
export class FeedView extends View {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #which = 'mine';

  /** @param {Chat} chat */
  constructor(chat) {
    super(chat, 'Feed');
    this.isList = true;
    const write = h(
      'button',
      {
        type: 'button',
        class: 'primary',
        onclick: () => openComposer(chat, { place: null, where: 'On your own page' }),
      },
      icon('edit'),
      'Post',
    );
    this.drawHead({ actions: [write] });
    const which = choiceOf('Which posts', WHICH, this.#which, (chosen) => {
      this.#which = chosen;
      this.posts.load();
    });
    this.posts = new PostsPane(chat, {
      order: 'new',
      fetch: (cursor) => (this.#which === 'all' ? chat.forum.wire.recent(cursor) : chat.forum.wire.feed(cursor)),
      takes: () => false,
      hasPlace: true,
      none: 'Nothing here yet. Follow people, or join topics: what is posted there comes here.',
    });
    this.posts.element.prepend(h('div', { class: 'bar' }, which));
    this.column.append(this.posts.element);
    this.endings.push(
      () => clearTimeout(this.#timer),
      () => this.posts.close(),
      chat.forum.fed.listen(() => this.#later()),
    );
    this.fetchBy(() => this.posts.load());
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.posts.look(), PAUSE_MS);
  }
}
