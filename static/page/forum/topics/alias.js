import { field, onSubmit, openDialog } from '../../dialogs/dialog.js';
import { h } from '../../drawing/dom.js';

/** @import { Chat } from '../../chat.js' */

/**
 * The other name that one has in a topic: choose it, or give it up.
 * @param {Chat} chat
 * @param {{id: string}} topic
 * @param {() => void} [done]
 */
export async function openAlias(chat, topic, done) {
  const { wire, aliases } = chat.forum;
  const name = h('input', {
    name: 'name',
    maxlength: '30',
    autocomplete: 'off',
    dir: 'auto',
    value: aliases.in(topic.id)?.name,
  });
  const drop = async () => {
    await wire.dropAlias(topic.id);
    aliases.take(topic.id, null);
    dialog.close();
  };
  const form = h(
    'form',
    {},
    h(
      'p',
      {},
      'Others here see this name, and nothing that leads from it to you. A new name does not lead to the old one.',
    ),
    field('Name', name),
    h('p', { class: 'problem', role: 'alert' }),
    h(
      'div',
      { class: 'actions' },
      aliases.in(topic.id) && h('button', { type: 'button', class: 'plain', onclick: drop }, 'Give it up'),
      h('button', { type: 'submit', class: 'primary' }, 'Save'),
    ),
  );
  onSubmit(form, async () => {
    aliases.take(topic.id, await wire.setAlias(topic.id, name.value.trim()));
    dialog.close();
    done?.();
    chat.toasts.show('You speak under this name where you choose to.');
  });
  const dialog = openDialog('Your other name', form);
  name.focus();
}
