import { Thread } from '../../../../state/forum/thread.js';
import { inWords } from '../../../../wire/refused.js';
import { h, keyed, once } from '../../../drawing/dom.js';
import { commentLook, drawComment, drawGap } from './comment.js';
import { orderChoice } from '../list.js';
import { SayForm } from './say.js';

/** @import { Chat } from '../../../chat.js' */
/** @import { Comment, Order, Post } from '../../../../state/forum/types.js' */
/** @import { Gap, Row } from '../../../../state/forum/thread.js' */
/** @import { Words } from './say.js' */

/** What is said about a post: a tree, in which comments appear as they are made. */
export class ThreadPane {
  /** @type {(() => void)[]} */
  #endings = [];
  /** @type {string | null} */
  #next = null;
  #turn = 0;
  /** Where the answers to a comment go on that are not loaded. @type {Map<string, string>} */
  #cursors = new Map();
  /** The comment that is answered or written anew. @type {{id: string, form: SayForm} | null} */
  #open = null;
  #wanted;
  draw = once(() => this.#drawNow());

  /**
   * @param {Chat} chat
   * @param {object} how
   * @param {string} how.post
   * @param {string} how.comment  to be shown; empty: none
   * @param {() => Post | null} how.of  the post as it is known now
   */
  constructor(chat, { post, comment, of }) {
    this.chat = chat;
    this.post = post;
    this.of = of;
    this.#wanted = comment;
    /** @type {Order} */
    this.order = 'top';
    this.tree = new Thread(this.order);
    this.heading = h('h2', {}, 'Comments');
    const orders = orderChoice('Order of comments', ['top', 'new', 'old'], this.order, (order) => this.#sort(order));
    this.say = new SayForm(chat, { label: 'Write a comment', send: (said) => this.#say(said, null) });
    this.rows = h('ol', { class: 'thread' });
    this.state = h('p', { class: 'empty', role: 'status' }, 'Loading…');
    this.more = h(
      'button',
      { type: 'button', class: 'plain', hidden: true, onclick: () => this.#page(this.#next) },
      'Show more',
    );
    this.element = h(
      'section',
      { class: 'discussion', 'aria-label': 'Comments' },
      h('header', {}, this.heading, orders),
      this.say.element,
      this.rows,
      this.state,
      this.more,
    );
    this.#endings = [
      this.tree.changed.listen(this.draw),
      chat.forum.votes.changed.listen(this.draw),
      chat.forum.item.listen((item) => {
        if (item.kind === 'comment' && item.room === post) this.tree.put(item);
      }),
    ];
  }

  close() {
    for (const end of this.#endings) end();
  }

  /** Fetch it anew; what was unfolded and is being written stays. */
  load() {
    return this.#page(null);
  }

  /** @param {Order} order */
  #sort(order) {
    this.order = order;
    this.tree.order = order;
    this.load();
  }

  /** @param {string | null} cursor */
  async #page(cursor) {
    const turn = ++this.#turn;
    const { wire } = this.chat.forum;
    try {
      const page = await wire.comments({ post: this.post, order: this.order, cursor });
      if (turn !== this.#turn) return;
      if (!cursor) this.#clear();
      this.#next = page.next;
      this.#put(page.items);
      this.state.textContent = '';
      this.#find();
    } catch (error) {
      if (turn === this.#turn) this.state.textContent = inWords(error);
    }
  }

  #clear() {
    this.tree.clear();
    this.#cursors.clear();
  }

  /** @param {{comment: Comment, below: number}[]} views */
  #put(views) {
    const { votes } = this.chat.forum;
    votes.want(views.map(({ comment }) => comment.id));
    for (const { comment } of views) votes.see(comment);
    this.tree.page(views);
  }

  /**
   * Fetch the answers to a comment that are not here yet.
   * @param {Comment} comment
   */
  async fill({ id }) {
    const { wire } = this.chat.forum;
    const how = { post: this.post, order: this.order, parent: id, cursor: this.#cursors.get(id) ?? null };
    try {
      const page = await wire.comments(how);
      this.#put(page.items);
      if (page.next) this.#cursors.set(id, page.next);
      else this.#cursors.delete(id);
      if (!page.next) this.tree.complete(id);
    } catch (error) {
      this.chat.toasts.show(inWords(error), 'error');
    }
  }

  /** Show the comment that the address names; one that is not on the first page is asked for by itself. */
  #find() {
    const id = this.#wanted;
    if (!id) return;
    if (!this.tree.get(id) && this.#next) {
      this.#page(this.#next);
      return;
    }
    this.#wanted = '';
    this.tree.reveal(id);
    this.#drawNow();
    const row = /** @type {HTMLElement | null} */ (this.rows.querySelector(`[data-key="${CSS.escape(id)}"]`));
    row?.scrollIntoView({ block: 'center' });
    row?.classList.add('shown');
    row?.focus({ preventScroll: true });
  }

  /**
   * @param {Words} said
   * @param {string | null} parent
   */
  async #say({ text, cid, anonymous }, parent) {
    const { forum } = this.chat;
    const item = await forum.wire.makeComment({ post: this.post, text, cid, parent, ...(anonymous && { anonymous }) });
    forum.aliases.learn(item);
    forum.take(item);
    if (parent) this.tree.fold(parent, false);
    this.#close();
  }

  /** @param {Comment} comment */
  reply(comment) {
    this.#show(comment.id, {
      label: `Answer ${comment.author?.username ?? 'it'}`,
      send: (said) => this.#say(said, comment.id),
    });
  }

  /** @param {Comment} comment */
  edit(comment) {
    this.#show(comment.id, {
      label: 'Write it anew',
      text: comment.text,
      send: async ({ text }) => {
        this.chat.forum.take(await this.chat.forum.wire.editComment(this.post, comment.id, text));
        this.#close();
      },
    });
  }

  /**
   * @param {string} id
   * @param {{label: string, text?: string, send: (said: Words) => Promise<void>}} how
   */
  #show(id, how) {
    this.#open = { id, form: new SayForm(this.chat, { ...how, cancel: () => this.#close() }) };
    this.#drawNow();
    this.#open.form.mayHide(this.#mayHide);
    this.#open.form.focus();
  }

  #close() {
    const id = this.#open?.id;
    this.#open = null;
    this.#drawNow();
    if (id) /** @type {HTMLElement | null} */ (this.rows.querySelector(`[data-key="${CSS.escape(id)}"]`))?.focus();
  }

  get #mayHide() {
    const post = this.of();
    return post !== null && (this.chat.store.room(post.room)?.anonymous ?? false);
  }

  /** Whether anything may be said here. */
  get isOpen() {
    const post = this.of();
    return post !== null && !post.deleted && post.status === 'open';
  }

  #drawNow() {
    const post = this.of();
    this.say.element.hidden = !this.isOpen;
    this.say.mayHide(this.#mayHide);
    this.heading.textContent = post ? `Comments · ${post.comments}` : 'Comments';
    const rows = this.tree.rows;
    this.more.hidden = !this.#next;
    if (post && !rows.length && !this.state.textContent) this.state.textContent = 'Nobody has said anything yet.';
    else if (rows.length && !this.#next) this.state.textContent = '';
    keyed(this.rows, this.#withForm(rows), {
      key: (row) => ('form' in row ? 'form' : 'more' in row ? `more ${row.more.id}` : row.item.id),
      look: (row) => ('form' in row ? row.id : 'more' in row ? String(row.count) : commentLook(this, row)),
      make: (row) => {
        if ('form' in row) return h('li', { class: 'answering' }, row.form.element);
        return 'more' in row ? drawGap(this, row) : drawComment(this, row);
      },
    });
  }

  /**
   * The form stands below the comment that it is about.
   * @param {(Row | Gap)[]} rows
   * @returns {(Row | Gap | {id: string, form: SayForm})[]}
   */
  #withForm(rows) {
    const open = this.#open;
    const at = open ? rows.findIndex((row) => 'item' in row && row.item.id === open.id) : -1;
    return open && at >= 0 ? [...rows.slice(0, at + 1), open, ...rows.slice(at + 1)] : rows;
  }
}
