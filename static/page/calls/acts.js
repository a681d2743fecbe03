import { inWords } from '../../wire/refused.js';
import { confirm } from '../dialogs/confirm.js';
import { roomName } from '../drawing/words.js';
import { isHeard } from './stage/controls.js';

/** @import { Call, CallMedia } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */
/** @import { CallViews } from './views.js' */

/** How long the answer of the server to my own muting may take. */
const MUTING_MS = 2000;

/** What people do about calls, wherever the button stands; what goes wrong is said. */
export class Acts {
  /** Whether I am muting or unmuting myself: the host did not. */
  isMuting = false;
  /** The room whose call somebody asked to be in: they are led there. After a reload nobody is. @type {string | null} */
  going = null;
  /** The call that is being answered here. @type {string | null} */
  #answering = null;

  /** @param {CallViews} views */
  constructor(views) {
    this.views = views;
    this.chat = views.chat;
  }

  /**
   * Do something, and say what went wrong.
   * @param {Promise<unknown>} work
   */
  async run(work) {
    try {
      await work;
    } catch (error) {
      this.chat.toasts.show(inWords(error), 'error');
    }
  }

  toggleMute() {
    const { current } = this.chat.calls;
    if (!current) return;
    this.isMuting = true;
    const isMuted = isHeard(current.own);
    current.setMuted(isMuted);
    this.views.say(isMuted ? 'You are muted' : 'You are heard');
    setTimeout(() => (this.isMuting = false), MUTING_MS);
  }

  toggleCamera() {
    const { current } = this.chat.calls;
    if (current) this.run(current.setCamera(!current.own.camera));
  }

  leave() {
    this.run(this.chat.calls.leave());
  }

  /** @param {string} call */
  isAnswering(call) {
    return this.#answering === call || this.chat.calls.current?.call.id === call;
  }

  /**
   * @param {Call} call
   * @param {CallMedia} media
   */
  async accept(call, media) {
    this.#answering = call.id;
    this.going = call.room;
    await this.run(this.chat.calls.accept(call, media));
    this.#answering = null;
  }

  /** @param {Call} call */
  async decline(call) {
    this.#answering = call.id;
    await this.run(this.chat.calls.decline(call));
    this.#answering = null;
  }

  /**
   * Call in a room, or come into the call that goes on there.
   * @param {Room} room
   * @param {CallMedia} media
   * @param {string[]} [ring]
   */
  start(room, media, ring = []) {
    const call = this.chat.calls.of(room.id);
    if (call) this.join(call, media);
    else this.#enter(room.id, () => this.chat.calls.start(room.id, media, ring));
  }

  /**
   * @param {string} id
   * @param {CallMedia} media
   * @param {string[]} ring
   */
  startIn(id, media, ring) {
    const room = this.chat.store.room(id);
    if (room) this.start(room, media, ring);
  }

  /**
   * @param {Call} call
   * @param {CallMedia} media
   */
  join(call, media) {
    this.#enter(call.room, () => this.chat.calls.join(call, media));
  }

  /**
   * @param {string} id
   * @param {CallMedia} media
   */
  async joinById(id, media) {
    const known = this.chat.calls.get(id);
    if (known) return this.join(known, media);
    await this.run(
      this.chat.connection.request('call.get', { call: id }).then((/** @type {Call} */ call) => this.join(call, media)),
    );
  }

  /**
   * Go into a call; whoever is in another one is asked first.
   * @param {string} room
   * @param {() => Promise<void>} work
   */
  #enter(room, work) {
    const { current } = this.chat.calls;
    const go = () => {
      this.going = room;
      return work();
    };
    if (!current) return this.run(go());
    if (current.call.room === room) return this.views.show();
    const other = this.chat.store.room(current.call.room);
    const name = other ? roomName(other, this.chat.me.id) : 'another room';
    confirm({
      title: 'Leave the call that you are in?',
      text: `You are in a call in ${name}, and can be in one at a time.`,
      action: 'Leave it',
      run: go,
    });
  }
}
