import { openDialog } from '../dialogs/dialog.js';
import { h } from '../drawing/dom.js';

/**
 * Show what the server tells only once, and let it be kept.
 * @param {object} how
 * @param {string} how.title
 * @param {string} how.words
 * @param {string[]} how.lines
 * @param {string} how.file  its name, where it is downloaded
 */
export function showOnce({ title, words, lines, file }) {
  const text = lines.join('\n');
  const state = h('p', { class: 'hint', role: 'status' });
  const copy = h('button', { type: 'button', class: 'plain' }, 'Copy');
  copy.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text);
      state.textContent = 'Copied.';
    } catch {
      state.textContent = 'This browser does not let the page copy. Please select and copy by hand.';
    }
  });
  const keep = h('button', { type: 'button', class: 'plain', onclick: () => download(file, text, 'text/plain') });
  keep.append('Download');
  const close = h('button', { type: 'button', class: 'primary', onclick: () => dialog.close() }, 'I have kept them');
  if (lines.length === 1) close.textContent = 'I have kept it';
  const face = lines.length > 1 ? 'codes' : 'codes single';
  const list = h('ul', { class: face }, ...lines.map((line) => h('li', {}, line)));
  const dialog = openDialog(
    title,
    h('div', { class: 'once' }, h('p', {}, words), list, state, h('div', { class: 'actions' }, copy, keep, close)),
  );
  dialog.classList.add('small');
  dialog.dataset.stays = 'true';
  close.focus();
}

/**
 * Let the browser keep a text as a file.
 * @param {string} name
 * @param {string} text
 * @param {string} type
 */
export function download(name, text, type) {
  const href = URL.createObjectURL(new Blob([text], { type }));
  h('a', { href, download: name }).click();
  // The browser takes the file after this call: it may need the address a while.
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}
