import { h } from './dom.js';
import { icon } from './icons.js';

/**
 * A field to search with, and the box it stands in.
 * @param {string} label
 * @returns {{input: HTMLInputElement, box: HTMLElement}}
 */
export function searchBox(label) {
  const input = h('input', { type: 'search', 'aria-label': label, placeholder: label, autocomplete: 'off' });
  return { input, box: h('div', { class: 'searchbox' }, icon('search'), input) };
}
