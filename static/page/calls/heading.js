import { iconButton } from '../drawing/button.js';
import { h } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { openCalls } from './history.js';
import { openStart } from './ringing/starting.js';

/** @import { Chat } from '../chat.js' */
/** @import { Choice } from '../drawing/menu.js' */
/** @import { CallMedia } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */

/** Too narrow for a button for each kind of call: video is in the menu then. */
const NARROW = matchMedia('(max-width: 30rem)');
const IN = new Set(['connecting', 'connected', 'reconnecting']);

/**
 * Whether somebody can be called in this room, by me.
 * @param {Chat} chat
 * @param {Room} room
 */
function canCall(chat, room) {
  if (!room.mayCall) return false;
  if (room.kind !== 'direct') return true;
  return room.peer !== null && room.peer.id !== chat.me.id && !chat.blocks.has(room.peer.id);
}

/**
 * How many are in a call.
 * @param {import('../../types.js').Call} call
 */
function countIn(call) {
  return new Set(call.legs.filter(({ state }) => IN.has(state)).map(({ user }) => user.id)).size;
}

/**
 * Changes when the buttons do.
 * @param {Chat} chat
 * @param {Room} room
 */
export function headLook(chat, room) {
  const { calls, callViews } = chat;
  const call = calls.of(room.id);
  const isMine = calls.current?.call.room === room.id && [callViews.isShown];
  return [canCall(chat, room), call && countIn(call), call?.media, isMine, calls.entering === room.id].join(' ');
}

/**
 * What the head of a room has for calls.
 * @param {Chat} chat
 * @param {Room} room
 * @returns {HTMLElement[]}
 */
export function callButtons(chat, room) {
  const { calls, callViews: views } = chat;
  const call = calls.of(room.id);
  if (calls.current?.call.room === room.id) {
    if (views.isShown) return [];
    const attributes = { type: 'button', class: 'join', 'data-focus': 'call', onclick: () => views.show() };
    return [h('button', attributes, icon('phone'), h('span', {}, 'To the call'))];
  }
  const isEntering = calls.entering === room.id;
  if (call) {
    const run = () => views.acts.join(call, call.media);
    const attributes = { type: 'button', class: 'join', 'data-focus': 'call', disabled: isEntering, onclick: run };
    return [h('button', attributes, icon('phone'), h('span', {}, `Join call (${countIn(call)})`))];
  }
  if (!canCall(chat, room)) return [];
  const more = { disabled: isEntering };
  return [
    iconButton('phone', 'Call', () => begin(chat, room, 'audio'), { ...more, 'data-focus': 'call' }),
    iconButton('camera', 'Video call', () => begin(chat, room, 'video'), {
      ...more,
      'data-focus': 'video call',
      class: 'quiet video-call',
    }),
  ];
}

/**
 * What the menu of a room has for calls.
 * @param {Chat} chat
 * @param {Room} room
 * @returns {Choice[]}
 */
export function callChoices(chat, room) {
  /** @type {Choice[]} */
  const choices = [{ label: 'Calls in this room', icon: 'clock', run: () => openCalls(chat, room) }];
  const isOn = chat.calls.of(room.id) || chat.calls.current?.call.room === room.id;
  if (NARROW.matches && !isOn && canCall(chat, room))
    choices.unshift({ label: 'Video call', icon: 'camera', run: () => begin(chat, room, 'video') });
  return choices;
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {CallMedia} media
 */
function begin(chat, room, media) {
  if (room.kind === 'direct') chat.callViews.acts.start(room, media);
  else openStart(chat, room, media);
}
