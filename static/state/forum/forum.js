import { Signal } from '../../signal.js';
import { Aliases } from './own/aliases.js';
import { isNotification, Notifications } from './own/notifications.js';
import { Places } from './places.js';
import { Stances } from './own/stances.js';
import { Votes } from './votes.js';
import { Watching } from './wire/watching.js';
import { Wire } from './wire/wire.js';

/** @import { Connection } from '../../wire/connection.js' */
/** @import { Store } from '../store.js' */
/** @import { EventFrame } from '../../types.js' */
/** @import { Comment, Counts, Post, Tie } from './types.js' */
/** @import { Call } from './wire/personal.js' */

/** How long to wait for further ones before the unread are counted. */
const COUNT_MS = 1000;
/** Within which time what can wait is asked for after a loss of the connection. */
const LATER_MS = 8000;

/** Topics, posts and what people make of them: what all views of them share, kept in step by events. */
export class Forum {
  /** A post or a comment is new, or is another way. @type {Signal<Post | Comment>} */
  item = new Signal();
  /** There is something new in my feed. @type {Signal<{post: string, place: string}>} */
  fed = new Signal();
  /** Something has changed between somebody and me. @type {Signal<{tie: Tie, counts: Counts}>} */
  tied = new Signal();
  /** We are connected: whatever is shown may have changed without a word. @type {Signal} */
  back = new Signal();

  aliases = new Aliases();
  notifications = new Notifications();
  stances = new Stances();
  #isFirst = true;
  /** The id of my own stream. */
  #own;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #counting;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #later;

  /**
   * @param {Connection} connection
   * @param {Store} store
   * @param {Call} call  the REST door
   */
  constructor(connection, store, call) {
    this.#own = `u_${store.me.id}`;
    this.wire = new Wire((op, d) => connection.request(op, d), call);
    this.votes = new Votes(
      (item, value) => this.wire.vote(item, value),
      (items) => this.wire.myVotes(items),
    );
    this.places = new Places(store, (room) => this.wire.topic(room));
    this.watching = new Watching(connection);
    connection.event.listen((frame) => this.#event(frame));
    connection.changed.listen((phase) => {
      if (phase === 'live') this.#live();
    });
  }

  #live() {
    this.#count();
    // Whoever comes back does so with many others: what can wait is asked for by and by.
    const pause = this.#isFirst ? 0 : Math.random() * LATER_MS;
    this.#isFirst = false;
    clearTimeout(this.#later);
    this.#later = setTimeout(() => this.#loadOwn(), pause);
    this.votes.doubt();
    this.back.fire();
  }

  /** @param {EventFrame} frame */
  #event({ ev, room, d }) {
    if (ev === 'message' && (d.kind === 'post' || d.kind === 'comment')) this.take(d);
    else if (ev === 'message' && room === this.#own && isNotification(d)) this.#told(d);
    else if (ev === 'read' && room === this.#own) this.notifications.readAll();
    else if (ev === 'feed') this.fed.fire(d);
    else if (ev === 'tie') this.tied.fire(d);
    else if (ev === 'stance') this.stances.take(d);
    else if (ev === 'alias') this.aliases.take(d.topic, d.alias);
    else if (ev === 'unwatched') this.watching.over(d.room);
  }

  /**
   * Take a post or a comment, wherever it came from.
   * @param {Post | Comment} item
   */
  take(item) {
    this.votes.see(item);
    this.item.fire(item);
  }

  /** @param {any} item */
  #told(item) {
    this.notifications.take(item);
    // What is known here is a part of all: the server counts, once for all that come at once.
    this.#counting ??= setTimeout(() => {
      this.#counting = undefined;
      this.#count();
    }, COUNT_MS);
  }

  async #count() {
    try {
      this.notifications.count((await this.wire.unreadNotifications()).count);
    } catch {
      // Counted anew with the next one, or with the next connection.
    }
  }

  /** Fetch the first page. */
  async loadNotifications() {
    try {
      this.notifications.put(await this.wire.notifications(null), true);
    } catch {
      // Asked anew with the next connection.
    }
  }

  async #loadOwn() {
    await this.#loadAliases();
    await this.#loadQuiet();
  }

  async #loadAliases() {
    try {
      const { items } = await this.wire.ask('alias.mine', { limit: 100 });
      for (const { topic, alias } of items) this.aliases.take(topic, alias);
    } catch {
      // Without them what one said under another name cannot be changed here: asked anew with the next connection.
    }
  }

  /** What I want to be told less of, or not to see: lists show it, or leave it out. */
  async #loadQuiet() {
    try {
      for (const what of /** @type {const} */ (['muted', 'silenced', 'hidden']))
        for (const stance of (await this.wire.stances(what, null)).items) this.stances.take(stance);
    } catch {
      // Asked anew with the next connection.
    }
  }

  /**
   * How I stand to something.
   * @param {string} target
   */
  async loadStance(target) {
    try {
      this.stances.take(await this.wire.stance(target));
    } catch {
      // It shows as if there was none; whoever changes it is told what it is then.
    }
  }

  /**
   * @param {string} target
   * @param {{follow?: boolean, mute?: number, silence?: number, hide?: boolean}} change
   */
  async setStance(target, change) {
    this.stances.take(await this.wire.setStance(target, change));
  }
}
