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
  // A press on the backdrop lands on the dialog itself, whose content covers it. What is shown only once stays.
  dialog.addEventListener('mousedown', (event) => {
    if (event.target === dialog && !dialog.dataset.stays) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/** @typedef {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} Control */

/**
 * A labelled field, with a place for what is wrong with it.
 * @param {string} label
 * @param {Control} input
 * @param {string} [hint]
 * @param {Child} [beside]  what stands in the field's own line
 */
export function field(label, input, hint, beside) {
  input.id ||= uniqueId();
  const about = uniqueId();
  input.setAttribute('aria-describedby', about);
  // What was wrong with it may be right while it is typed anew.
  input.addEventListener('input', () => forgive(input));
  return h(
    'div',
    { class: 'field' },
    h('label', { for: input.id }, label),
    beside ? h('div', { class: 'beside' }, input, beside) : input,
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
  const errors = error instanceof Refused ? placed(error) : [];
  let isPlaced = false;
  for (const { pointer, detail } of errors) {
    const input = form.elements.namedItem(pointer.split('/')[1] ?? '');
    if (!(input instanceof HTMLInputElement) && !(input instanceof HTMLTextAreaElement)) continue;
    if (!complainAt(input, detail)) continue;
    if (!isPlaced) input.focus();
    isPlaced = true;
  }
  if (problem && !isPlaced) problem.textContent = inWords(error);
}

/**
 * Say what is wrong with one field.
 * @param {HTMLInputElement | HTMLTextAreaElement} input
 * @param {string} detail
 * @returns {boolean} whether there was a place for it
 */
export function complainAt(input, detail) {
  const hint = document.getElementById(input.getAttribute('aria-describedby') ?? '');
  if (!hint) return false;
  hint.textContent = detail;
  hint.classList.add('wrong');
  input.setAttribute('aria-invalid', 'true');
  return true;
}

/** The field that a refusal is about, where the server names none. @type {Record<string, string>} */
const AT_FIELD = {
  username_taken: 'username',
  weak_password: 'password',
  email_taken: 'email',
  wrong_code: 'code',
  name_taken: 'name',
};

/**
 * What is wrong, and at which fields.
 * @param {Refused} error
 */
function placed(error) {
  const name = AT_FIELD[error.code];
  if (error.errors.length || !name) return error.errors;
  return [{ pointer: `/${name}`, detail: inWords(error) }];
}

/** @param {HTMLFormElement} form */
export function clearComplaints(form) {
  const problem = form.querySelector('.problem');
  if (problem) problem.textContent = '';
  for (const input of form.querySelectorAll('[aria-invalid]')) forgive(input);
}

/** @param {Element} input */
function forgive(input) {
  if (!input.hasAttribute('aria-invalid')) return;
  input.removeAttribute('aria-invalid');
  const hint = document.getElementById(input.getAttribute('aria-describedby') ?? '');
  if (!hint) return;
  hint.textContent = hint.dataset.hint ?? '';
  hint.classList.remove('wrong');
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
