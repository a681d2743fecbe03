/**
 * Where a tab was before a reload.
 * @module
 */

import { recall, remember } from '../../kept/here.js';

/** @import { CallMedia } from '../../types.js' */
/** @import { DeviceKind, Devices } from '../media/devices.js' */
/** @import { Current } from '../current.js' */

/**
 * @typedef {object} Place
 * @property {string} user
 * @property {string} call
 * @property {string} room
 * @property {{media: CallMedia, isMuted: boolean, hand: boolean}} wish
 * @property {Partial<Record<DeviceKind, string>>} devices
 */

/**
 * @param {string} user
 * @returns {Place | null}
 */
export function keptPlace(user) {
  const kept = recall('call');
  return kept && kept.user === user && typeof kept.call === 'string' ? kept : null;
}

/**
 * @param {string} user
 * @param {Current} current
 * @param {Devices} devices
 * @returns {Place}
 */
export function keepPlace(user, { call, own }, devices) {
  const isAsked = own.isAsking && own.wish.media === 'video';
  /** @type {Place['wish']} */
  const wish = { media: own.camera || isAsked ? 'video' : 'audio', isMuted: own.isMuted, hand: own.hand };
  /** @type {Place} */
  const place = { user, call: call.id, room: call.room, wish, devices: devices.choice };
  remember('call', place);
  return place;
}

export function forgetPlace() {
  remember('call', null);
}
