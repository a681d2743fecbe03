import { h, put } from '../drawing/dom.js';
import { asEmoji, GROUPS } from '../drawing/emoji.js';
import { openDialog } from './dialog.js';

const ACROSS = 8;

/**
 * Choose an emoji, from the shown ones or by typing one.
 * @param {string} title
 * @param {(emoji: string) => void} run
 */
export function openEmojis(title, run) {
  /** @param {string} emoji */
  const choose = (emoji) => {
    dialog.close();
    run(emoji);
  };
  const input = h('input', {
    type: 'text',
    'aria-label': 'Search, or type any emoji',
    placeholder: 'Search, or type any emoji',
    autocomplete: 'off',
  });
  const state = h('p', { class: 'hint', role: 'status' });
  const grid = h('div', { class: 'emojis' });
  const form = h('form', {}, input, state, grid);
  const dialog = openDialog(title, form);
  dialog.classList.add('small');
  const draw = () => {
    grid.replaceChildren(...groups(input.value, choose));
    state.textContent = grid.children.length || asEmoji(input.value) ? '' : 'No emoji of that name here.';
  };
  input.addEventListener('input', draw);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const emoji = asEmoji(input.value) ?? grid.querySelector('button')?.dataset.emoji;
    if (emoji) choose(emoji);
  });
  grid.addEventListener('keydown', (event) => move(grid, event));
  draw();
  // Where a keyboard would slide in over the emoji, it has to be asked for.
  if (matchMedia('(pointer: fine)').matches) input.focus();
  else grid.querySelector('button')?.focus();
}

/**
 * @param {string} words
 * @param {(emoji: string) => void} choose
 */
function groups(words, choose) {
  const wanted = words.trim().toLowerCase();
  const shown = [];
  for (const [title, emojis] of GROUPS) {
    const matching = emojis.filter(([emoji, name]) => name.includes(wanted) || emoji === words.trim());
    if (!matching.length) continue;
    const group = h('div', { class: 'group', role: 'group', 'aria-label': title });
    for (const [emoji, name] of matching) {
      put(
        group,
        h(
          'button',
          { type: 'button', 'aria-label': name, title: name, 'data-emoji': emoji, onclick: () => choose(emoji) },
          emoji,
        ),
      );
    }
    shown.push(h('section', {}, h('h3', {}, title), group));
  }
  return shown;
}

/**
 * Arrows move among the emoji.
 * @param {HTMLElement} grid
 * @param {KeyboardEvent} event
 */
function move(grid, event) {
  const buttons = [...grid.querySelectorAll('button')];
  const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (event.target));
  /** @type {Record<string, number>} */
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: ACROSS, ArrowUp: -ACROSS };
  const step = steps[event.key];
  if (step === undefined || at < 0) return;
  event.preventDefault();
  buttons[Math.min(buttons.length - 1, Math.max(0, at + step))]?.focus();
}
