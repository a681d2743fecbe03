import { nameOf } from '../../../state/people.js';

/** @import { Current } from '../../../calls/current.js' */
/** @import { Call, Leg } from '../../../types.js' */
/** @import { CallViews } from '../views.js' */

const IN = new Set(['connecting', 'connected', 'reconnecting']);

/** Tells of what happens in a call to those who do not look, and of what was done to them to everybody. */
export class News {
  /** @type {Map<string, Leg>} */
  #legs = new Map();
  #wasMuted;
  #state;
  #end;

  /**
   * @param {CallViews} views
   * @param {Current} current
   */
  constructor(views, current) {
    this.views = views;
    this.current = current;
    this.#legs = othersIn(current.call, current.leg);
    this.#wasMuted = current.own.isMuted;
    this.#state = current.call.state;
    this.#end = current.changed.listen(() => this.#look());
  }

  close() {
    this.#end();
  }

  #look() {
    const { current, views } = this;
    const now = othersIn(current.call, current.leg);
    for (const [id, leg] of now) this.#compare(this.#legs.get(id), leg);
    for (const [id, leg] of this.#legs) if (!now.has(id)) views.say(`${nameOf(leg.user)} left the call`);
    this.#legs = now;
    if (this.#state !== 'active' && current.call.state === 'active') views.say('Connected');
    this.#state = current.call.state;
    const { isMuted } = current.own;
    if (isMuted && !this.#wasMuted && !views.acts.isMuting) views.chat.toasts.show('The host has muted you.');
    this.#wasMuted = isMuted;
  }

  /**
   * @param {Leg | undefined} before
   * @param {Leg} now
   */
  #compare(before, now) {
    const name = nameOf(now.user);
    if (!before) this.views.say(`${name} joined the call`);
    if (now.hand && !before?.hand) this.views.say(`${name} raised their hand`);
    if (now.screen && !before?.screen) this.views.say(`${name} shares their screen`);
    if (before?.screen && !now.screen) this.views.say(`${name} stopped sharing their screen`);
    if (before && before.state !== now.state && now.state === 'reconnecting')
      this.views.say(`${name} lost the connection`);
    if (before?.state === 'reconnecting' && now.state === 'connected') this.views.say(`${name} is back`);
  }
}

/**
 * @param {Call} call
 * @param {string} mine
 * @returns {Map<string, Leg>}
 */
function othersIn({ legs }, mine) {
  return new Map(legs.filter(({ id, state }) => id !== mine && IN.has(state)).map((leg) => [leg.id, leg]));
}
