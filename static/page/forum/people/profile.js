import { nameOf } from '../../../state/people.js';
import { inWords, Refused } from '../../../wire/refused.js';
import { blockChoice } from '../../dialogs/block.js';
import { openDialog } from '../../dialogs/dialog.js';
import { personAvatar } from '../../drawing/avatar.js';
import { focusIn, giveFocus, h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { menuButton } from '../../drawing/menu.js';
import { dateWords, pastWords } from '../../drawing/time.js';
import { linked } from '../../drawing/words.js';
import { attempt, share } from '../posts/acts.js';
import { openComposer } from '../posts/composer.js';
import { PostsPane } from '../posts/list.js';
import { openReport } from '../posts/report.js';
import { stanceChoices } from '../notices/stance.js';
import { View } from '../view.js';
import { Paged } from './list.js';
import { personRow } from './row.js';
import { tieButtons } from './ties.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Choice } from '../../drawing/menu.js' */
/** @import { Route } from '../../routes.js' */
/** @import { Acquainted, Counts, Profile, Tie } from '../../../state/forum/types.js' */

/** @typedef {Profile & Counts & {last_seen: string | null, tie: Tie | null}} Seen */

/** Somebody: who they are, how we stand to each other, and what they posted under their own name. */
export class ProfileView extends View {
  /** @type {Seen | null} */
  #seen = null;

  /**
   * @param {Chat} chat
   * @param {Route} route
   */
  constructor(chat, { id }) {
    super(chat, 'Profile');
    this.isList = true;
    this.id = id === 'me' ? chat.me.id : id;
    this.card = h('section', { class: 'profile', 'aria-label': 'Profile' });
    this.posts = new PostsPane(chat, {
      order: 'new',
      fetch: (cursor) => chat.forum.wire.postsOf(this.id, cursor),
      takes: ({ author }) => author?.id === this.id,
      hasPlace: true,
      none: 'Nothing posted yet.',
    });
    this.drawHead({ back: '#/people' });
    this.column.append(this.card, h('h2', {}, 'Posts'), this.posts.element);
    this.endings.push(
      () => this.posts.close(),
      chat.forum.tied.listen(({ tie, counts }) => this.#tied(tie, counts)),
      chat.forum.stances.changed.listen(() => this.#draw()),
      chat.blocks.changed.listen(() => this.#load()),
      chat.forum.watching.watch(`p_${this.id}`, {
        fresh: () => {
          this.#load();
          this.posts.load();
        },
        refused: (error) => this.#refused(error),
      }),
    );
  }

  opened() {
    super.opened();
    // Who comes back to it may have posted, or followed somebody, meanwhile.
    if (this.#seen) this.#load();
  }

  async #load() {
    if (this.id !== this.chat.me.id) this.chat.forum.loadStance(this.id);
    try {
      this.#seen = await this.chat.forum.wire.profile(this.id);
      this.#draw();
    } catch (error) {
      this.#refused(error);
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof Refused && error.isPassing && this.#seen) return;
    this.card.replaceChildren(h('p', { class: 'empty', role: 'status' }, inWords(error)));
  }

  /**
   * What is between us changed, here or elsewhere; the counts are mine.
   * @param {Tie} tie
   * @param {Counts} counts
   */
  #tied(tie, counts) {
    if (!this.#seen) return;
    if (this.id === this.chat.me.id) this.#seen = { ...this.#seen, ...counts };
    else if (tie.user === this.id) this.#load();
    this.#draw();
  }

  #draw() {
    const seen = this.#seen;
    if (!seen) return;
    const { chat } = this;
    const name = nameOf(seen);
    this.entitle(name, seen.name === name ? '' : seen.name);
    const focus = focusIn(this.card);
    const about = [
      `Here since ${dateWords(seen.created_at)}`,
      seen.country,
      seen.last_seen && `last seen ${pastWords(seen.last_seen)}`,
    ];
    this.card.replaceChildren(
      personAvatar(seen),
      h(
        'div',
        { class: 'known' },
        h('p', { class: 'whole-name', dir: 'auto' }, name),
        h('p', {}, about.filter(Boolean).join(' · ')),
        h('p', { dir: 'auto' }, ...(seen.links ?? []).flatMap((link) => [...linked(link), ' '])),
      ),
      h(
        'ul',
        { class: 'counts' },
        this.#count(seen.followers, 'follower', 'follow.followers'),
        this.#count(seen.following, 'following', 'follow.following'),
        h('li', {}, h('strong', {}, seen.friends), seen.friends === 1 ? ' friend' : ' friends'),
        h('li', {}, h('strong', {}, seen.posts), seen.posts === 1 ? ' post on this page' : ' posts on this page'),
      ),
      h('div', { class: 'does' }, ...this.#acts(seen)),
    );
    if (focus) giveFocus(this.card, focus);
    this.drawHead({
      back: '#/people',
      actions: [menuButton({ label: 'Profile actions', face: icon('more'), choices: () => this.#choices(seen) })],
    });
    chat.shell?.entitle();
  }

  /**
   * @param {number} count
   * @param {string} word
   * @param {'follow.followers' | 'follow.following'} which
   */
  #count(count, word, which) {
    const words = word === 'follower' && count !== 1 ? 'followers' : word;
    return h(
      'li',
      {},
      h(
        'button',
        { type: 'button', class: 'link', 'data-focus': which, onclick: () => this.#people(which) },
        h('strong', {}, count),
        ` ${words}`,
      ),
    );
  }

  /** @param {'follow.followers' | 'follow.following'} which */
  #people(which) {
    const paged = new Paged({
      label: 'People',
      fetch: (cursor) => this.chat.forum.wire.acquainted(which, { user: this.id }, cursor),
      draw: (/** @type {Acquainted} */ { user }) => {
        const row = personRow(user);
        row.addEventListener('click', () => dialog.close());
        return row;
      },
      none: 'Nobody yet.',
    });
    const dialog = openDialog(which === 'follow.followers' ? 'Followers' : 'Following', paged.element);
    paged.load();
  }

  /** @param {Seen} seen */
  #acts(seen) {
    const { chat } = this;
    if (seen.id === chat.me.id) {
      const write = () => openComposer(chat, { place: null, where: 'On your own page' });
      return [h('button', { type: 'button', class: 'primary', onclick: write }, icon('edit'), 'Post')];
    }
    const talk = h(
      'button',
      { type: 'button', class: 'plain', onclick: () => attempt(chat, () => chat.talkTo(seen)) },
      icon('chat'),
      'Message',
    );
    if (!seen.tie) return [talk];
    const changed = (/** @type {Tie} */ tie) => {
      this.#seen = { ...seen, tie };
      this.#draw();
      this.#load();
    };
    return [...tieButtons(chat, seen, seen.tie, changed), talk];
  }

  /**
   * @param {Seen} seen
   * @returns {Choice[]}
   */
  #choices(seen) {
    const { chat } = this;
    /** @type {Choice[]} */
    const choices = [{ label: 'Copy link', icon: 'link', run: () => share(chat, `#/u/${seen.id}`) }];
    if (seen.id === chat.me.id) return choices;
    choices.push(...stanceChoices(chat, seen.id, ['silence']), blockChoice(chat, seen));
    choices.push({ label: 'Report…', icon: 'flag', run: () => openReport(chat, 'user', seen.id) });
    return choices;
  }
}
