import { field, onSubmit, openDialog } from '../../dialogs/dialog.js';
import { checkField, selectField } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';

/** @import { Chat } from '../../chat.js' */

/** @type {[string, string][]} */
const REASONS = [
  ['spam', 'Spam'],
  ['abuse', 'Insults or threats'],
  ['hate', 'Hatred of a group'],
  ['sexual', 'Sexual content'],
  ['violence', 'Violence'],
  ['self_harm', 'Somebody may harm themselves'],
  ['privacy', 'It tells what is private'],
  ['other', 'Something else'],
];
/** Messages before a reported one that go along where somebody wants that. */
const CONTEXT = 10;

/**
 * Tell those who moderate of something.
 * @param {Chat} chat
 * @param {string} kind  post, comment, message, topic, room or user
 * @param {string} target
 * @param {Record<string, string>} [more]  where it stands
 */
export function openReport(chat, kind, target, more = {}) {
  const reason = selectField('What is wrong with it?', 'reason', REASONS, 'spam');
  const text = h('textarea', { name: 'description', rows: '3', maxlength: '1000', dir: 'auto' });
  const around = checkField('Attach the messages before it', { name: 'context', checked: true });
  const form = h(
    'form',
    {},
    reason.box,
    field('In your words', text, 'Optional. Those who moderate read it, and see what you report as it is now.'),
    kind === 'message' && around.box,
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, 'Report')),
  );
  onSubmit(form, async () => {
    await chat.forum.wire.report({
      kind,
      target,
      ...more,
      reason: reason.input.value,
      description: text.value.trim(),
      ...(kind === 'message' && around.input.checked && { context: CONTEXT }),
    });
    dialog.close();
    chat.toasts.show('Thank you. It was reported to those who moderate.');
  });
  const dialog = openDialog('Report', form);
  reason.input.focus();
}
