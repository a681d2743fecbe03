/**
 * Close codes: 4000–4499 mean come back, 4500–4999 mean that something has to be fixed first.
 * @module
 */

/**
 * What to do after a close.
 *   again    come back
 *   refresh  come back with a new access token
 *   ended    the session is over: log in again
 *   stop     do not come back by itself; a person may try again
 * @typedef {'again' | 'refresh' | 'ended' | 'stop'} Verdict
 */

/** @type {Record<number, Verdict>} */
const VERDICTS = { 4009: 'refresh', 4501: 'refresh', 4503: 'ended', 4504: 'ended' };

/** @type {Record<number, string>} */
const WORDS = {
  4500: 'The server did not understand this page. It may be an old version: please reload.',
  4501: 'The server does not accept this log-in.',
  4503: 'This account is banned from this server.',
  4504: 'Your session is over. Please log in again.',
  4505: 'The server closed the connection after too many errors.',
  4506: 'Parley is open in too many tabs or devices. Close some, then connect again.',
};

/**
 * @param {number} code
 * @returns {Verdict}
 */
export function verdict(code) {
  return VERDICTS[code] ?? (code >= 4500 && code <= 4999 ? 'stop' : 'again');
}

/**
 * @param {number} code
 * @returns {string}
 */
export function closingWords(code) {
  return WORDS[code] ?? `The server closed the connection (${code}).`;
}
