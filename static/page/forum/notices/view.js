import { inWords } from '../../../wire/refused.js';
import { personAvatar } from '../../drawing/avatar.js';
import { iconButton } from '../../drawing/button.js';
import { h, hidden, keyed, once } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { fullTime, shortTime } from '../../drawing/time.js';
import { attempt } from '../posts/acts.js';
import { View } from '../view.js';
import { Invitations } from './invitations.js';
import { noticeAddress, noticeDid, noticeFace, noticeTimes, noticeWho } from './words.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Notification } from '../../../state/forum/types.js' */

/** What I am told of, the latest first. Opening one reads it. */
export class NotificationsView extends View {
  /** @param {Chat} chat */
  constructor(chat) {
    super(chat, 'Notifications');
    this.isList = true;
    this.all = h('button', { type: 'button', class: 'plain', onclick: () => this.#readAll() }, 'Mark all read');
    this.drawHead({ actions: [this.all] });
    this.invitations = new Invitations(chat);
    this.rows = h('ol', { class: 'notices' });
    this.state = h('p', { class: 'empty', role: 'status' });
    this.more = h('button', { type: 'button', class: 'plain', hidden: true, onclick: () => this.#more() }, 'Show more');
    this.column.append(this.invitations.element, this.rows, this.state, this.more);
    const draw = once(() => this.#draw());
    this.endings.push(
      chat.forum.notifications.changed.listen(draw),
      chat.forum.places.changed.listen(draw),
      chat.forum.notifications.news.listen(({ type }) => {
        if (type === 'invitation') this.invitations.load();
      }),
    );
    this.#draw();
    this.fetchBy(() => {
      this.invitations.load();
      chat.forum.loadNotifications();
    });
  }

  async #more() {
    const { notifications, wire } = this.chat.forum;
    try {
      notifications.put(await wire.notifications(notifications.next), false);
    } catch (error) {
      this.state.textContent = inWords(error);
    }
  }

  #readAll() {
    attempt(this.chat, async () => {
      await this.chat.forum.wire.readNotifications();
      this.chat.forum.notifications.readAll();
    });
  }

  #draw() {
    const { notifications, places } = this.chat.forum;
    this.all.disabled = !notifications.unread;
    // Where there is nothing at all there is nothing to mark.
    this.all.hidden = !notifications.items.length;
    keyed(this.rows, notifications.items, {
      key: ({ id }) => id,
      look: (item) =>
        [
          item.rev,
          notifications.isUnread(item),
          item.place && places.name(item.place),
          shortTime(item.created_at),
        ].join('\n'),
      make: (item) => this.#row(item),
    });
    this.more.hidden = !notifications.next;
    if (!notifications.isLoaded) this.state.textContent = 'Loading…';
    else this.state.textContent = notifications.items.length ? '' : 'Nothing yet.';
  }

  /** @param {Notification} item */
  #row(item) {
    const { forum } = this.chat;
    const isUnread = forum.notifications.isUnread(item);
    const place = item.place && item.type !== 'invitation' ? forum.places.name(item.place) : '';
    const open = () => {
      if (!forum.notifications.isUnread(item)) return;
      forum.notifications.readOne(item.id);
      // Where it fails it is unread at the next look.
      forum.wire.readNotification(item.id).catch(() => undefined);
    };
    const { people } = this.chat.store;
    const first = item.people[0] ?? { id: '', username: '?' };
    const drop = () =>
      attempt(this.chat, async () => {
        await forum.wire.dropNotification(item.id);
        forum.notifications.drop(item.id);
      });
    return h(
      'li',
      { class: isUnread ? 'unread' : '' },
      h(
        'a',
        {
          href: noticeAddress(item),
          class: 'notice',
          'data-focus': 'notice',
          onclick: open,
        },
        h('span', { class: 'portrait' }, personAvatar(first), h('span', { class: 'face' }, icon(noticeFace(item)))),
        h(
          'span',
          { class: 'what' },
          h('strong', { dir: 'auto' }, noticeWho(item, people)),
          ` ${noticeDid(item)}`,
          place && h('span', { dir: 'auto' }, ` in ${place}`),
          noticeTimes(item),
          item.text && item.text !== place && h('span', { class: 'preview', dir: 'auto' }, item.text),
          h('time', { datetime: item.created_at, title: fullTime(item.created_at) }, shortTime(item.created_at)),
        ),
        isUnread && h('span', { class: 'fresh' }, hidden('unread')),
      ),
      iconButton('close', 'Put it away', drop),
    );
  }
}
