import { inWords, Refused } from '../../../wire/refused.js';
import { focusIn, giveFocus, h, once } from '../../drawing/dom.js';
import { linked, visible } from '../../drawing/words.js';
import { toPlace } from '../../routes.js';
import { View } from '../view.js';
import { goneWords, postMenu } from './acts.js';
import { cardLook, postHead, postPicture, postTags } from './card.js';
import { ThreadPane } from './thread/pane.js';
import { voteButtons } from './votes.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Route } from '../../routes.js' */
/** @import { Comment, Post } from '../../../state/forum/types.js' */

/** One post, and what is said about it; both are told of as they change. */
export class PostView extends View {
  /** @type {Post | null} */
  #post = null;
  #look = '';
  /** @type {(() => void) | null} */
  #unwatchPlace = null;

  /**
   * @param {Chat} chat
   * @param {Route} route
   */
  constructor(chat, { id, tab }) {
    super(chat, 'Post');
    this.id = id;
    this.card = h('article', { class: 'post', 'aria-label': 'Post' });
    this.state = h('p', { class: 'empty', role: 'status' }, 'Loading…');
    this.thread = new ThreadPane(chat, { post: id, comment: tab, of: () => this.#post });
    this.thread.element.hidden = true;
    this.column.append(this.card, this.state, this.thread.element);
    this.drawHead({ back: '#/feed' });
    const draw = once(() => this.#draw());
    this.endings.push(
      () => this.thread.close(),
      () => this.#unwatchPlace?.(),
      chat.forum.item.listen((item) => this.#take(item)),
      chat.forum.votes.changed.listen(draw),
      chat.forum.places.changed.listen(draw),
      chat.forum.watching.watch(id, { fresh: () => this.#load(), refused: (error) => this.#refused(error) }),
    );
  }

  async #load() {
    try {
      const post = await this.chat.forum.wire.post(this.id);
      this.chat.forum.take(post);
      this.chat.forum.votes.want([post.id]);
      this.chat.forum.loadStance(post.id);
      // What becomes of the post itself is told where it stands.
      this.#unwatchPlace ??= this.chat.forum.watching.watch(post.room, {
        fresh: () => this.#again(),
        refused: () => undefined,
      });
      this.thread.load();
    } catch (error) {
      this.#refused(error);
    }
  }

  /** Whatever changed before its place was watched. */
  async #again() {
    try {
      this.chat.forum.take(await this.chat.forum.wire.post(this.id));
    } catch (error) {
      this.#refused(error);
    }
  }

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof Refused && error.isPassing) return; // asked anew when we are back
    this.card.replaceChildren();
    this.thread.element.hidden = true;
    this.state.textContent = inWords(error);
  }

  /** @param {Post | Comment} item */
  #take(item) {
    if (item.kind !== 'post' || item.id !== this.id) return;
    if (this.#post && this.#post.rev > item.rev) return;
    this.#post = item;
    this.#draw();
    this.thread.draw();
  }

  #draw() {
    const { chat } = this;
    const post = this.#post;
    if (!post) return;
    const look = cardLook(chat, post, true);
    if (look === this.#look) return;
    this.#look = look;
    this.state.textContent = '';
    this.thread.element.hidden = false;
    const place = chat.forum.places.name(post.room);
    this.drawHead({ back: toPlace(post.room) });
    this.entitle(post.deleted ? 'Post' : visible(post.title), place);
    const focus = focusIn(this.card);
    this.card.replaceChildren(...(post.deleted ? this.#gone(post) : this.#whole(post)));
    if (focus) giveFocus(this.card, focus);
  }

  /** @param {Post} post */
  #gone(post) {
    return [goneWords(post, 'This post'), h('div', { class: 'does' }, postMenu(this.chat, post))];
  }

  /** @param {Post} post */
  #whole(post) {
    const { chat } = this;
    const parts = [
      postHead(chat, post, true),
      h('h2', { dir: 'auto' }, visible(post.title)),
      post.text && h('p', { class: 'text', dir: 'auto' }, ...linked(post.text)),
      postTags(post),
      postPicture(post),
      post.status === 'closed' &&
        h('p', { class: 'gone', dir: 'auto' }, post.reason ? `It is closed: ${post.reason}` : 'It is closed.'),
      h('div', { class: 'does' }, voteButtons(chat, post), postMenu(chat, post)),
    ];
    return parts.filter((part) => part instanceof Node);
  }
}
