import { nameOf } from '../../../state/people.js';
import { h } from '../../drawing/dom.js';
import { isHeard } from './controls.js';
import { Tile } from './tile.js';

/** @import { Current } from '../../../calls/current.js' */
/** @import { Call, Leg, Person } from '../../../types.js' */
/** @import { TileLook } from './tile.js' */

/** More than these do not become smaller: they are scrolled. */
const FITTING = 12;

/** @typedef {{key: string, person: Person, marks: Record<string, string>, look: TileLook}} Place */

/** Everybody in a call, and what they share. */
export class Tiles {
  /** @type {Map<string, Tile>} */
  #tiles = new Map();

  /**
   * @param {Current} current
   * @param {Person} me
   */
  constructor(current, me) {
    this.current = current;
    this.me = me;
    this.list = h('ul', { class: 'tiles', 'aria-label': 'In this call' });
    this.shared = h('ul', { class: 'shared', 'aria-label': 'Shared screen', hidden: true });
    this.inner = h('div', { class: 'tiles-inner' }, this.shared, this.list);
    this.element = h('div', { class: 'tiles-place' }, this.inner);
  }

  draw() {
    const screens = this.#screens();
    const people = this.#people();
    this.inner.classList.toggle('sharing', screens.length > 0);
    this.shared.hidden = !screens.length;
    const isMany = people.length > FITTING;
    this.list.dataset.count = isMany ? 'many' : String(people.length);
    // Where they may have to be scrolled, the keyboard has to get there.
    this.list.tabIndex = isMany || screens.length ? 0 : -1;
    const gone = new Set(this.#tiles.keys());
    for (const [parent, places] of /** @type {[HTMLElement, Place[]][]} */ ([
      [this.shared, screens],
      [this.list, people],
    ])) {
      places.forEach((place, index) => {
        gone.delete(place.key);
        const tile = this.#tile(place);
        tile.update(place.look);
        // A video that is moved stands still: only what is out of place is.
        if (parent.children[index] !== tile.element) {
          parent.insertBefore(tile.element, parent.children[index] ?? null);
          tile.play();
        }
      });
    }
    for (const key of gone) {
      this.#tiles.get(key)?.close();
      this.#tiles.delete(key);
    }
  }

  /** The tiles came back into the document. */
  play() {
    for (const tile of this.#tiles.values()) tile.play();
  }

  close() {
    for (const tile of this.#tiles.values()) tile.close();
    this.#tiles.clear();
  }

  /** @param {Place} place */
  #tile({ key, person, marks }) {
    const held = this.#tiles.get(key);
    if (held) return held;
    const made = new Tile(person, marks);
    this.#tiles.set(key, made);
    return made;
  }

  /** @returns {Place[]} */
  #screens() {
    return this.current.peers
      .filter(({ leg }) => leg.screen)
      .map(({ leg, screen }) => ({
        key: `${leg.id} screen`,
        person: leg.user,
        marks: { screen: leg.id },
        look: { name: `${nameOf(leg.user)}’s screen`, picture: screen },
      }));
  }

  /** The others, whoever is rung, and myself at last. @returns {Place[]} */
  #people() {
    const { current, me } = this;
    /** @type {Place[]} */
    const places = current.peers.map((peer) => ({
      key: peer.leg.id,
      person: peer.leg.user,
      marks: { leg: peer.leg.id },
      look: {
        ...marksOf(peer.leg),
        name: nameOf(peer.leg.user),
        picture: peer.leg.camera ? peer.camera : null,
        isSpeaking: current.speaks(peer.leg.id),
        state: stateWords(peer.leg.state === 'reconnecting' ? 'reconnecting' : peer.state),
      },
    }));
    for (const person of rung(current.call)) {
      const words = isRinging(current.call, person) ? 'Ringing…' : 'Calling…';
      places.push({
        key: `rung ${person.id}`,
        person,
        marks: { rung: person.id },
        look: { name: nameOf(person), picture: null, state: words },
      });
    }
    const { own } = current;
    places.push({
      key: current.leg,
      person: me,
      marks: { leg: current.leg, own: '' },
      look: {
        name: 'You',
        picture: own.camera,
        isMirrored: true,
        isMuted: !isHeard(own),
        isHandUp: own.hand,
        isSpeaking: current.speaks(current.leg),
        state: current.isReconnecting ? 'Reconnecting…' : '',
      },
    });
    return places;
  }
}

/** @param {Leg} leg */
function marksOf({ muted, hand }) {
  return { isMuted: muted, isHandUp: hand };
}

/** @param {string} state */
function stateWords(state) {
  if (state === 'connecting') return 'Connecting…';
  return state === 'reconnecting' ? 'Reconnecting…' : '';
}

/**
 * Those who are rung and have not answered.
 * @param {Call} call
 * @returns {Person[]}
 */
export function rung(call) {
  return (call.invited ?? []).filter(({ state }) => state === 'ringing').map(({ user }) => user);
}

/**
 * Whether a device of theirs has said that it rings.
 * @param {Call} call
 * @param {Person} person
 */
export function isRinging(call, person) {
  return call.legs.some(({ user, state }) => user.id === person.id && state === 'ringing');
}
