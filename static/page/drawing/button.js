import { h } from './dom.js';
import { icon } from './icons.js';

/** @import { Value } from './dom.js' */
/** @import { Icon } from './icons.js' */

/**
 * A button that shows a drawing and says its words to those who ask.
 * @param {Icon} face
 * @param {string} label
 * @param {() => void} run
 * @param {Record<string, Value>} [more]  further attributes
 */
export function iconButton(face, label, run, more = {}) {
  return h(
    'button',
    { type: 'button', class: 'quiet', 'aria-label': label, title: label, onclick: run, ...more },
    icon(face),
  );
}
