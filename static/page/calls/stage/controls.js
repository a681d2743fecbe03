import { h } from '../../drawing/dom.js';
import { icon } from '../../drawing/icons.js';
import { openDevices } from './devices.js';
import { KEYS } from './keys.js';
import { openPeopleOf } from './people.js';

/** @import { Current } from '../../../calls/current.js' */
/** @import { Own } from '../../../calls/media/own.js' */
/** @import { Icon } from '../../drawing/icons.js' */
/** @import { Shortcut } from './keys.js' */
/** @import { CallViews } from '../views.js' */

/**
 * A button that is changed as what it does changes: it keeps its focus. Its words say what a press does, so that it
 * needs no state beside them.
 */
export class CallButton {
  #look = '';

  /**
   * @param {string} className
   * @param {() => void} run
   * @param {Shortcut} [shortcut]
   */
  constructor(className, run, shortcut) {
    this.shortcut = shortcut;
    this.element = h('button', {
      type: 'button',
      class: className,
      onclick: run,
      'aria-keyshortcuts': shortcut?.name,
    });
  }

  /**
   * @param {Icon} face
   * @param {string} label
   * @param {'on' | 'off' | ''} [tone]  off: something of mine is not heard or seen; on: more than usual is
   */
  update(face, label, tone = '') {
    const look = `${face} ${label} ${tone}`;
    if (look === this.#look) return;
    this.#look = look;
    this.element.setAttribute('aria-label', label);
    this.element.title = this.shortcut ? `${label} (${this.shortcut.words})` : label;
    this.element.dataset.tone = tone;
    this.element.replaceChildren(icon(face));
  }
}

/**
 * Whether the others hear me, or will as soon as the browser lets them.
 * @param {Own} own
 */
export function isHeard({ isMuted, hasMicrophone, isAsking }) {
  return !isMuted && (hasMicrophone || isAsking);
}

/**
 * @param {CallButton} button
 * @param {Own} own
 */
export function drawMute(button, own) {
  if (isHeard(own)) button.update('microphone', 'Mute');
  else button.update('microphoneOff', 'Unmute', 'off');
}

/** What I can do in a call. */
export class Controls {
  /**
   * @param {CallViews} views
   * @param {Current} current
   */
  constructor(views, current) {
    this.views = views;
    this.current = current;
    const { own } = current;
    this.mute = new CallButton('round', () => views.acts.toggleMute(), KEYS.mute);
    this.camera = new CallButton('round', () => views.acts.toggleCamera(), KEYS.camera);
    this.screen = new CallButton('round', () => views.acts.run(current.setScreen(!own.screen)));
    this.hand = new CallButton('round', () => current.setHand(!own.hand));
    this.devices = new CallButton('round', () => openDevices(views.chat));
    this.people = new CallButton('round', () => openPeopleOf(views.chat, current));
    this.leave = new CallButton('round leave', () => views.acts.leave());
    this.devices.update('sliders', 'Devices');
    this.people.update('people', 'People in this call');
    this.element = h(
      'div',
      { class: 'call-controls', role: 'group', 'aria-label': 'My part' },
      ...[this.mute, this.camera, this.screen, this.hand, this.devices, this.people, this.leave].map(
        ({ element }) => element,
      ),
    );
  }

  draw() {
    const { own, call, leg } = this.current;
    drawMute(this.mute, own);
    this.camera.update(
      own.camera ? 'camera' : 'cameraOff',
      own.camera ? 'Turn camera off' : 'Turn camera on',
      own.camera ? '' : 'off',
    );
    this.screen.update('screen', own.screen ? 'Stop sharing' : 'Share screen', own.screen ? 'on' : '');
    this.screen.element.hidden = !own.canShare;
    this.hand.update('hand', own.hand ? 'Lower hand' : 'Raise hand', own.hand ? 'on' : '');
    this.people.element.hidden = call.legs.filter(({ id }) => id !== leg).length === 0;
    const isCalling = call.state === 'ringing' && call.started_by.id === this.views.chat.me.id;
    this.leave.update('hangUp', isCalling ? 'Cancel: hang up' : 'Hang up');
  }
}
