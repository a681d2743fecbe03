import { inWords, Refused } from '../../wire/refused.js';
import { iconButton } from '../drawing/button.js';
import { h, put, uniqueId } from '../drawing/dom.js';

/** @import { Child } from '../drawing/dom.js' */

/**
 * Open a modal dialog. The browser keeps the focus inside, closes on Escape, and gives the focus back.
 * @param {string} title
 * @param {...Child} children
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, ...children) {
  const id = uniqueId();
  const dialog = h('dialog', { 'aria-labelledby': id });
  const close = iconButton('close', 'Close', () => dialog.close());
  put(dialog, h('header', {}, h('h2', { id }, title), close));
  put(dialog, ...children);
  dialog.addEventListener('close', () => dialog.remove());
  // A press on the backdrop lands on the dialog itself, whose content covers it.
  dialog.addEventListener('mousedown', (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * A labelled field, with a place for what is wrong with it.
 * @param {string} label
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {string} [hint]
 */
export function field(label, input, hint) {
  input.id ||= uniqueId();
  const about = uniqueId();
  input.setAttribute('aria-describedby', about);
  return h(
    'div',
    { class: 'field' },
    h('label', { for: input.id }, label),
    input,
    h('p', { class: 'hint', id: about, 'data-hint': hint ?? '' }, hint ?? ''),
  );
}

/**
 * Say what the server found wrong, at the fields it names and above them.
 * @param {HTMLFormElement} form
 * @param {unknown} error
 */
export function complain(form, error) {
  clearComplaints(form);
  const problem = form.querySelector('.problem');
  const errors = error instanceof Refused ? error.errors : [];
  let isPlaced = false;
  for (const { pointer, detail } of errors) {
    const input = form.elements.namedItem(pointer.slice(1));
    if (!(input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement)) continue;
    const hint = document.getElementById(input.getAttribute('aria-describedby') ?? '');
    if (!hint) continue;
    hint.textContent = detail;
    hint.classList.add('wrong');
    input.setAttribute('aria-invalid', 'true');
    if (!isPlaced) input.focus();
    isPlaced = true;
  }
  if (problem && !isPlaced) problem.textContent = inWords(error);
}

/** @param {HTMLFormElement} form */
export function clearComplaints(form) {
  const problem = form.querySelector('.problem');
  if (problem) problem.textContent = '';
  for (const hint of /** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll('.hint.wrong'))) {
    hint.textContent = hint.dataset.hint ?? '';
    hint.classList.remove('wrong');
  }
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
}

/**
 * Run what a form asks for: once at a time, and say what went wrong.
 * @param {HTMLFormElement} form
 * @param {() => Promise<void>} work
 */
export function onSubmit(form, work) {
  form.noValidate = true;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.dataset.busy) return;
    form.dataset.busy = 'true';
    clearComplaints(form);
    try {
      await work();
    } catch (error) {
      complain(form, error);
    } finally {
      delete form.dataset.busy;
    }
  });
}
