import { nameOf } from '../../../state/people.js';
import { iconButton } from '../../drawing/button.js';
import { h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { outcomeWords } from '../words.js';

/** @import { Call } from '../../../types.js' */
/** @import { CallViews } from '../views.js' */

const SHOWN_MS = 15_000;

/** What became of a call that I made and that nobody came into: it can be made again at once. */
export class Outcome {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {CallViews} views */
  constructor(views) {
    this.views = views;
    this.element = h('div', { class: 'outcome', role: 'status' });
  }

  /** @param {Call} call */
  show(call) {
    const { chat } = this.views;
    const invited = (call.invited ?? []).map(({ user }) => user);
    const [first, second] = invited;
    const several = second && SEVERAL[call.reason ?? ''];
    const words = several ?? outcomeWords(call.reason, first ? nameOf(first) : 'Somebody');
    const again = () => {
      this.hide();
      const ring = chat.store.room(call.room)?.kind === 'direct' ? [] : invited.map(({ id }) => id);
      this.views.acts.startIn(call.room, call.media, ring);
    };
    this.element.replaceChildren(
      h(
        'div',
        { class: 'ring over' },
        icon('hangUp'),
        h('p', { class: 'ring-words' }, h('strong', { dir: 'auto' }, words)),
        iconButton('close', 'Dismiss', () => this.hide()),
        h(
          'div',
          { class: 'ring-tools' },
          h('button', { type: 'button', class: 'plain', onclick: again }, 'Call again'),
        ),
      ),
    );
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hide(), SHOWN_MS);
  }

  hide() {
    clearTimeout(this.#timer);
    const hadFocus = this.element.contains(document.activeElement);
    this.element.replaceChildren();
    if (hadFocus) this.views.chat.shell.focus();
  }
}

/** What is said where several were rung. @type {Record<string, string>} */
const SEVERAL = {
  declined: 'Everybody declined.',
  missed: 'Nobody answered.',
  busy: 'They are all in other calls.',
  unreachable: 'Nobody can be reached right now.',
};
