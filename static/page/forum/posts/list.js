import { PostList } from '../../../state/forum/posts.js';
import { inWords } from '../../../wire/refused.js';
import { h, keyed, once } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { cardLook, drawCard } from './card.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Listed, Order, Post } from '../../../state/forum/types.js' */

/** How near to the top somebody has to be for new posts to be put above. */
const NEAR_TOP = 80;

/** Posts in a list: those that are new appear in it, and all counts are those of now. */
export class PostsPane {
  /** @type {(() => void)[]} */
  #endings = [];
  #draw = once(() => this.#drawNow());
  #near = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) this.list.more();
  });

  /**
   * @param {Chat} chat
   * @param {object} how
   * @param {Order} how.order
   * @param {(cursor: string | null) => Promise<Listed<Post>>} how.fetch
   * @param {(post: Post) => boolean} how.takes  whether a new post belongs here
   * @param {boolean} how.hasPlace  whether cards say where they stand
   * @param {string} how.none  what is said where there is nothing
   */
  constructor(chat, { order, fetch, takes, hasPlace, none }) {
    this.chat = chat;
    this.hasPlace = hasPlace;
    this.none = none;
    this.list = new PostList({ order, takes, fetch: (cursor) => this.#fetch(fetch, cursor) });
    this.news = h('button', { type: 'button', class: 'news', hidden: true, onclick: () => this.#reveal() });
    this.rows = h('ol', { class: 'cards' });
    this.state = h('p', { class: 'empty', role: 'status' }, 'Loading…');
    this.again = h('button', { type: 'button', class: 'plain', hidden: true, onclick: () => this.load() }, 'Try again');
    this.more = h(
      'button',
      { type: 'button', class: 'plain', hidden: true, onclick: () => this.list.more() },
      'Show more',
    );
    this.element = h('div', { class: 'posts' }, this.news, this.rows, this.state, this.again, this.more);
    this.#endings = [
      this.list.changed.listen(this.#draw),
      chat.forum.item.listen((item) => {
        if (item.kind === 'post') this.list.take(item);
      }),
      chat.forum.votes.changed.listen(this.#draw),
      chat.forum.stances.changed.listen(this.#draw),
      chat.forum.places.changed.listen(this.#draw),
    ];
    this.#near.observe(this.more);
  }

  close() {
    for (const end of this.#endings) end();
    this.#near.disconnect();
  }

  load() {
    this.again.hidden = true;
    return this.list.load();
  }

  /** Look whether there are new ones. */
  look() {
    return this.list.look();
  }

  /**
   * Show them in another order.
   * @param {Order} order
   */
  sort(order) {
    this.list.order = order;
    return this.load();
  }

  /**
   * @param {(cursor: string | null) => Promise<Listed<Post>>} fetch
   * @param {string | null} cursor
   */
  async #fetch(fetch, cursor) {
    const page = await fetch(cursor);
    this.chat.forum.votes.want(page.items.map(({ id }) => id));
    for (const post of page.items) this.chat.forum.votes.see(post);
    return page;
  }

  #reveal() {
    const first = this.list.waiting[0]?.id;
    this.list.reveal();
    this.#drawNow();
    if (first)
      /** @type {HTMLElement | null} */ (this.rows.querySelector(`[data-key="${CSS.escape(first)}"] a`))?.focus();
  }

  /** Whether somebody looks at the top, and nothing would move away under them. */
  get #isAtTop() {
    const scroller = this.element.closest('.scroll');
    return scroller !== null && scroller.scrollTop < NEAR_TOP && !this.rows.contains(document.activeElement);
  }

  #drawNow() {
    const { list, chat } = this;
    if (list.waiting.length && list.isByTime && this.#isAtTop) list.reveal();
    const { length } = list.waiting;
    this.news.hidden = !length;
    const words = length === 1 ? 'Show 1 new post' : `Show ${length} new posts`;
    if (this.news.textContent !== words) this.news.replaceChildren(icon('arrowDown'), words);
    const shown = list.posts.filter(({ id }) => !chat.forum.stances.of(id).hidden);
    keyed(this.rows, shown, {
      key: (post) => post.id,
      look: (post) => cardLook(chat, post, this.hasPlace),
      make: (post) => drawCard(chat, post, this.hasPlace),
    });
    this.more.hidden = !list.next || list.error !== null;
    this.again.hidden = list.error === null;
    if (list.error) this.state.textContent = inWords(list.error);
    else if (!list.isLoaded) this.state.textContent = 'Loading…';
    else this.state.textContent = shown.length ? '' : this.none;
  }
}

/** @type {Record<Order, string>} */
const ORDERS = { hot: 'Hot', new: 'New', top: 'Top', old: 'Old' };

/**
 * A choice of orders.
 * @param {string} label
 * @param {Order[]} orders
 * @param {Order} chosen
 * @param {(order: Order) => void} choose
 */
export function orderChoice(label, orders, chosen, choose) {
  return choiceOf(
    label,
    orders.map((order) => [order, ORDERS[order]]),
    chosen,
    (value) => choose(/** @type {Order} */ (value)),
  );
}

/**
 * One of a few, all in sight.
 * @param {string} label
 * @param {[string, string][]} choices  value and words
 * @param {string} chosen
 * @param {(value: string) => void} choose
 */
export function choiceOf(label, choices, chosen, choose) {
  const group = h('div', { class: 'switch', role: 'group', 'aria-label': label });
  for (const [value, words] of choices) {
    const press = () => {
      for (const button of group.querySelectorAll('button'))
        button.setAttribute('aria-pressed', String(button.dataset.value === value));
      choose(value);
    };
    group.append(
      h(
        'button',
        { type: 'button', 'data-value': value, 'aria-pressed': String(value === chosen), onclick: press },
        words,
      ),
    );
  }
  return group;
}
