/**
 * The other tabs of this browser: what is told to them, and taking turns with them.
 * @module
 */

import { Signal } from '../signal.js';

/**
 * What tabs tell each other.
 *   outbox   the outbox of `user` changed
 *   token    an access token was renewed (tabs share it in memory, so that one refresh serves all)
 *   account  somebody logged in or out here
 *   read     `room` was read up to `seq`
 *   status   `user` said how they are
 * @typedef {{kind: 'outbox', user: string}
 *   | {kind: 'token', user: string, token: string, endsAt: number}
 *   | {kind: 'account', user: string | null}
 *   | {kind: 'read', user: string, room: string, seq: number}
 *   | {kind: 'status', user: string, status: import('../types.js').Status}} Told
 */

/** @type {Signal<Told>} */
export const told = new Signal();

const channel = new BroadcastChannel('parley');

channel.addEventListener('message', (event) => {
  if (event.origin === location.origin && isTold(event.data)) told.fire(event.data);
});

/**
 * @param {any} data
 * @returns {data is Told}
 */
function isTold(data) {
  if (typeof data !== 'object' || data === null) return false;
  if (data.kind === 'account') return data.user === null || typeof data.user === 'string';
  if (typeof data.user !== 'string') return false;
  if (data.kind === 'outbox') return true;
  if (data.kind === 'token') return typeof data.token === 'string' && typeof data.endsAt === 'number';
  if (data.kind === 'status') return ['online', 'away', 'busy'].includes(data.status);
  return data.kind === 'read' && typeof data.room === 'string' && typeof data.seq === 'number';
}

/** @param {Told} message */
export function tell(message) {
  channel.postMessage(message);
}

/** @type {Map<string, Promise<unknown>>} */
const turns = new Map();

/**
 * Do `work` while no other tab does work of the same name.
 *
 * Browsers have Web Locks only on https and localhost; elsewhere the tabs do not wait for each other, and the
 * server's own rules (one message per cid, one forgiven refresh) keep the promises.
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export function exclusively(name, work) {
  if (navigator.locks) return Promise.resolve(navigator.locks.request(`parley:${name}`, work));
  const turn = (turns.get(name) ?? Promise.resolve()).then(work, work);
  turns.set(name, turn);
  return turn;
}
