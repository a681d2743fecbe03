import { Announcer } from '../announcer.js';
import { h, once } from '../drawing/dom.js';
import { Acts } from './acts.js';
import { Bar } from './stage/bar.js';
import { Floating } from './stage/floating.js';
import { watchKeys } from './stage/keys.js';
import { Missed } from './ringing/missed.js';
import { News } from './stage/news.js';
import { Outcome } from './ringing/outcome.js';
import { Rings } from './ringing/ring.js';
import { Stage } from './stage/stage.js';
import { partingWords } from './words.js';

/** @import { Current } from '../../calls/current.js' */
/** @import { Parting } from '../../calls/calls.js' */
/** @import { Call } from '../../types.js' */
/** @import { Chat } from '../chat.js' */

/** Why a call that I made came to nothing: it is said with a way to try again. */
const IN_VAIN = new Set(['declined', 'busy', 'missed', 'unreachable', 'failed_media']);

/** All that is seen of calls: what rings, the call that this tab is in, and what became of it. */
export class CallViews {
  /** @type {Stage | null} */
  #stage = null;
  /** @type {News | null} */
  #news = null;
  #isMinimised = false;
  #wasShown = false;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #clock;

  /** @param {Chat} chat */
  constructor(chat) {
    this.chat = chat;
    this.acts = new Acts(this);
    this.missed = new Missed(chat);
    this.rings = new Rings(this);
    this.outcome = new Outcome(this);
    this.bar = new Bar(this);
    this.floating = new Floating(chat);
    this.announcer = new Announcer({ many: 'things happened in the call', name: 'call-announcer' });
    this.cards = h('div', { class: 'call-cards' }, this.rings.said, this.rings.element, this.outcome.element);
    this.element = h('div', {}, this.cards, this.announcer.element, this.floating.video);
    const { calls, closing } = chat;
    const draw = once(() => this.draw());
    calls.changed.listen(draw);
    calls.ended.listen((end) => this.#ended(end));
    calls.parted.listen((parting) => this.#parted(parting));
    watchKeys(this);
    for (const event of ['close', 'toggle'])
      document.addEventListener(event, () => this.#placeCards(), { capture: true, signal: closing });
    document.addEventListener('leavepictureinpicture', () => this.draw(), { capture: true, signal: closing });
    closing.addEventListener('abort', () => this.#closed());
  }

  /** What goes before the title of the window. */
  get title() {
    return this.rings.title;
  }

  get current() {
    return this.chat.calls.current;
  }

  get canFloat() {
    return this.floating.can(this.current);
  }

  draw() {
    const { current } = this;
    if (this.#stage?.current !== current) this.#change(current);
    this.rings.draw();
    this.#place();
    this.#placeCards();
    this.floating.draw(current);
    this.chat.shell.draw();
  }

  /** @param {Current | null} current */
  #change(current) {
    const hadFocus = this.#hasFocus;
    this.#stage?.close();
    this.#news?.close();
    clearInterval(this.#clock);
    this.#stage = null;
    this.#news = null;
    this.#isMinimised = false;
    if (!current) {
      this.bar.draw(null);
      if (hadFocus) this.chat.shell.focus();
      return;
    }
    this.outcome.hide();
    this.#stage = new Stage(this, current);
    this.#news = new News(this, current);
    this.#clock = setInterval(() => this.#tick(), 1000);
    current.changed.listen(once(() => this.#drawBar()));
    const isWanted = this.acts.going === current.call.room;
    this.acts.going = null;
    if (isWanted) this.chat.shell.go(current.call.room);
    this.#place();
    if (isWanted) this.#stage.title.focus();
  }

  get #hasFocus() {
    const { activeElement } = document;
    return Boolean(this.#stage?.element.contains(activeElement) || this.bar.element.contains(activeElement));
  }

  /** Whether the call is looked at. */
  get isShown() {
    return this.#stage?.element.isConnected ?? false;
  }

  /** Put the call where its room is open, or into the bar. */
  #place() {
    const stage = this.#stage;
    const conversation = this.chat.shell?.conversation;
    const isHere = stage !== null && !this.#isMinimised && conversation?.room.id === stage.current.call.room;
    if (stage && isHere && !conversation.element.contains(stage.element)) {
      conversation.host(stage.element);
      stage.shown();
    } else if (stage && !isHere && stage.element.isConnected) {
      stage.withdraw();
    }
    this.#drawBar();
    if (this.#wasShown === this.isShown) return;
    this.#wasShown = this.isShown;
    // Ways to the call stand where it is not looked at.
    this.chat.calls.changed.fire();
  }

  /** A dialog makes all else inert: what rings goes along into it. */
  #placeCards() {
    const modal = [...document.querySelectorAll('dialog[open]')].at(-1);
    const place = modal ?? this.element;
    if (this.cards.parentElement !== place) place.prepend(this.cards);
  }

  #drawBar() {
    this.bar.draw(this.isShown ? null : this.current);
  }

  #tick() {
    this.#stage?.tick();
    if (this.current && !this.bar.element.hidden) this.bar.tick(this.current);
  }

  /** Another room is open, or none. */
  moved() {
    // The shell draws itself first while it is made.
    const room = this.chat.shell?.conversation?.room;
    if (room) this.missed.seen(room.id);
    this.#place();
  }

  /** Go to the call that this tab is in. */
  show() {
    const { current } = this;
    if (!current) return;
    this.#isMinimised = false;
    this.chat.shell.go(current.call.room);
    this.chat.shell.draw();
    this.#place();
    this.#stage?.controls.mute.element.focus();
  }

  minimise() {
    this.#isMinimised = true;
    this.#place();
    this.bar.back.focus();
  }

  /** The key of calls: to what rings, else to the call. */
  lead() {
    if (this.rings.focus()) return;
    if (this.isShown) this.#stage?.controls.mute.element.focus();
    else this.show();
  }

  float() {
    if (this.current) this.floating.toggle(this.current);
  }

  /**
   * Tell those who do not look.
   * @param {string} words
   */
  say(words) {
    this.announcer.say(words);
  }

  /** @param {{call: Call, wasIn: boolean, rang: boolean}} end */
  #ended({ call, wasIn }) {
    if (wasIn && call.started_by.id === this.chat.me.id && IN_VAIN.has(call.reason ?? '')) this.outcome.show(call);
  }

  /** @param {{call: Call, why: Parting}} parting */
  #parted({ call, why }) {
    const isTold = call.started_by.id === this.chat.me.id && IN_VAIN.has(call.reason ?? '');
    const words = partingWords(why, call.reason);
    if (words && !isTold) this.chat.toasts.show(words);
  }

  #closed() {
    clearInterval(this.#clock);
    this.#stage?.close();
    this.#news?.close();
    this.floating.close();
  }
}
