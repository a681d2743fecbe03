import { keepTheme, readTheme } from '../account/kept.js';

/** @import { Theme } from '../types.js' */

/**
 * Show the page in the colours that somebody chose; `system` leaves it to their device.
 * @param {Theme} theme
 */
function show(theme) {
  document.documentElement.dataset.theme = theme;
}

/** As it was here last: before anybody is logged in nobody else can tell. */
export async function restoreTheme() {
  show((await readTheme()) ?? 'system');
}

/**
 * Show these colours, now and from now on.
 * @param {Theme} theme
 */
export async function useTheme(theme) {
  if (theme === document.documentElement.dataset.theme) return;
  show(theme);
  await keepTheme(theme);
}
