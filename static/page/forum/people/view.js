import { h } from '../../drawing/dom.js';
import { searchBox } from '../../drawing/searchbox.js';
import { View } from '../view.js';
import { Paged } from './list.js';
import { personRow } from './row.js';
import { attempt } from '../posts/acts.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Acquainted, Profile } from '../../../state/forum/types.js' */

const PAUSE_MS = 300;
const SHORTEST = 2;

/** People: those who ask to be friends, friends, whom I follow; and a search among all by name. */
export class PeopleView extends View {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Chat} chat */
  constructor(chat) {
    super(chat, 'People');
    const { input, box } = searchBox('Search people by name');
    input.addEventListener('input', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#search(input.value.trim()), PAUSE_MS);
    });
    this.found = new Paged({
      label: 'People found',
      fetch: (cursor) => chat.forum.wire.findPeople(input.value.trim(), cursor),
      draw: (/** @type {Profile} */ person) => personRow(person),
      none: 'Nobody is called so.',
    });
    this.found.clear();
    this.found.element.hidden = true;
    this.requests = this.#list('Who asks to be friends', 'friend.requests', { direction: 'in' }, '');
    this.sent = this.#list('Whom you asked', 'friend.requests', { direction: 'out' }, '');
    this.friends = this.#list('Friends', 'friend.list', {}, 'None yet.');
    this.following = this.#list('You follow', 'follow.following', { user: 'me' }, 'You follow nobody yet.');
    this.mine = h('div', { class: 'parts' }, ...this.lists.map(({ part }) => part));
    this.column.append(box, this.found.element, this.mine);
    this.endings.push(
      () => clearTimeout(this.#timer),
      chat.forum.tied.listen(() => this.#load()),
    );
    this.fetchBy(() => this.#load());
  }

  /** @type {{part: HTMLElement, paged: Paged<Acquainted>}[]} */
  lists = [];

  /**
   * @param {string} title
   * @param {'follow.following' | 'friend.list' | 'friend.requests'} which
   * @param {object} how
   * @param {string} none
   */
  #list(title, which, how, none) {
    const paged = new Paged({
      label: title,
      fetch: (cursor) => this.chat.forum.wire.acquainted(which, how, cursor),
      draw: (/** @type {Acquainted} */ { user }) => personRow(user, ...this.#actions(title, user)),
      none,
    });
    const part = h('section', { class: 'part', hidden: !none }, h('h2', {}, title), paged.element);
    this.lists.push({ part, paged });
    return paged;
  }

  /**
   * @param {string} title
   * @param {Profile} user
   */
  #actions(title, user) {
    if (title !== 'Who asks to be friends') return [];
    /** @param {'friend.accept' | 'friend.reject'} step */
    const answer = (step) => () =>
      attempt(this.chat, async () => {
        await this.chat.forum.wire.tie(step, user.id);
        this.#load();
      });
    return [
      h(
        'button',
        { type: 'button', class: 'primary', 'aria-label': `Accept ${user.username}`, onclick: answer('friend.accept') },
        'Accept',
      ),
      h(
        'button',
        { type: 'button', class: 'plain', 'aria-label': `Decline ${user.username}`, onclick: answer('friend.reject') },
        'Decline',
      ),
    ];
  }

  #load() {
    for (const { paged } of this.lists) paged.load();
  }

  /** @param {string} words */
  #search(words) {
    const isSearched = words.length >= SHORTEST;
    this.found.element.hidden = !isSearched;
    this.mine.hidden = isSearched;
    this.found.clear();
    if (isSearched) this.found.load();
  }
}
