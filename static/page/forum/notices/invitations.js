import { h } from '../../drawing/dom.js';
import { visible } from '../../drawing/words.js';
import { toRoom, toTopic } from '../../routes.js';
import { attempt } from '../posts/acts.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Invitation } from '../../../state/forum/types.js' */

/** Where one is invited to, with the answer at hand. */
export class Invitations {
  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.rows = h('ul', { class: 'entries', 'aria-label': 'Invitations' });
    this.element = h('section', { class: 'part', hidden: true }, h('h2', {}, 'Invitations'), this.rows);
  }

  async load() {
    try {
      const { items } = await this.chat.forum.wire.invitations();
      this.rows.replaceChildren(...items.map((invitation) => this.#row(invitation)));
      this.element.hidden = !items.length;
    } catch {
      // They are among the notifications too.
    }
  }

  /** @param {Invitation} invitation */
  #row(invitation) {
    const { room, by } = invitation;
    /** @param {boolean} isAccepted */
    const answer = (isAccepted) => () =>
      attempt(this.chat, async () => {
        await this.chat.forum.wire.answerInvitation(room.id, isAccepted);
        if (isAccepted) location.hash = room.kind === 'topic' ? toTopic(room.id) : toRoom(room.id);
        this.load();
      });
    return h(
      'li',
      { class: 'person' },
      h(
        'div',
        {},
        h('strong', { dir: 'auto' }, visible(room.name)),
        h('span', { dir: 'auto' }, `from ${by?.username ?? 'somebody'}`),
      ),
      h(
        'button',
        { type: 'button', class: 'primary', 'aria-label': `Join ${room.name}`, onclick: answer(true) },
        'Join',
      ),
      h(
        'button',
        { type: 'button', class: 'plain', 'aria-label': `Decline ${room.name}`, onclick: answer(false) },
        'Decline',
      ),
    );
  }
}
