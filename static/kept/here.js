/**
 * What this tab alone keeps for itself over a reload. Never a secret: any script of this origin may read it.
 * @module
 */

/**
 * @param {string} name
 * @returns {any} null where nothing was kept
 */
export function recall(name) {
  try {
    return JSON.parse(sessionStorage.getItem(`parley:${name}`) ?? 'null');
  } catch {
    // Switched off in this browser, or not ours: then nothing was kept.
    return null;
  }
}

/**
 * @param {string} name
 * @param {object | null} value  null forgets it
 */
export function remember(name, value) {
  try {
    if (value === null) sessionStorage.removeItem(`parley:${name}`);
    else sessionStorage.setItem(`parley:${name}`, JSON.stringify(value));
  } catch {
    // Switched off in this browser: after a reload nothing is known of it.
  }
}
