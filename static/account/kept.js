/**
 * What this browser keeps of an account: a name to begin with, never a token.
 * @module
 */

import { transact } from '../kept/database.js';
import { tell } from '../kept/tabs.js';

/** @import { Me, Theme } from '../types.js' */

const WHO = 'current';
const THEME = 'theme';
const LEAVING = 'leaving';

/** @typedef {{id: string, username: string}} Kept */

/** Whoever is logged in. @returns {Promise<Kept | undefined>} */
export function readWho() {
  return transact('account', 'readonly', (store) => store.get(WHO));
}

/** @param {Me} user */
export async function keepWho({ id, username }) {
  await transact('account', 'readwrite', (store) => store.put({ id, username }, WHO));
}

/**
 * Forget who is logged in, if it is still this one, and tell the other tabs.
 * @param {string} user
 */
export async function eraseWho(user) {
  const kept = await readWho();
  if (kept?.id !== user) return;
  await transact('account', 'readwrite', (store) => store.delete(WHO));
  tell({ kind: 'account', user: null });
}

/** The colours that were chosen here last. @returns {Promise<Theme | undefined>} */
export function readTheme() {
  return transact('account', 'readonly', (store) => store.get(THEME));
}

/** @param {Theme} theme */
export async function keepTheme(theme) {
  await transact('account', 'readwrite', (store) => store.put(theme, THEME));
}

/**
 * Somebody logged out and the server could not be told: no script can take the cookie away, so it is told later.
 * @param {boolean} isLeaving
 */
export async function keepLeaving(isLeaving) {
  if (isLeaving) await transact('account', 'readwrite', (store) => store.put(true, LEAVING));
  else await transact('account', 'readwrite', (store) => store.delete(LEAVING));
}

/** @returns {Promise<boolean>} */
export async function readLeaving() {
  return (await transact('account', 'readonly', (store) => store.get(LEAVING))) === true;
}
