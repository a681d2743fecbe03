import { field, onSubmit, openDialog } from '../../dialogs/dialog.js';
import { checkField, selectField, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { toTopic } from '../../routes.js';
import { tagsOf } from '../posts/composer.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Topic } from '../../../state/forum/types.js' */

const SHORTEST_TITLE = 3;
const TAGS_HINT = 'Optional, with blanks between them: small letters a to z, digits and _, 2 to 20 of them each.';

/**
 * What a topic is like, as fields.
 * @param {Topic} [topic]
 */
function fieldsOf(topic) {
  const title = h('input', { name: 'title', maxlength: '100', autocomplete: 'off', dir: 'auto', value: topic?.name });
  const description = h('textarea', { name: 'description', rows: '2', maxlength: '500', dir: 'auto' });
  description.value = topic?.description ?? '';
  const tags = h('input', { name: 'tags', autocomplete: 'off', value: topic?.tags?.join(' ') });
  const open = checkField('Open: everybody can find, see and join it', {
    name: 'open',
    checked: topic ? topic.open : true,
  });
  const anonymous = checkField('People may speak under another name', {
    name: 'anonymous',
    checked: topic ? topic.anonymous : true,
  });
  const links = selectField(
    'Links',
    'links',
    [
      ['allow', 'Are welcome'],
      ['flag', 'Are looked at by those who moderate'],
      ['refuse', 'Are refused'],
    ],
    topic?.links ?? 'allow',
  );
  const read = () => {
    if ([...title.value.trim()].length < SHORTEST_TITLE)
      throw wrong('title', `Give it a title of at least ${SHORTEST_TITLE} characters.`);
    return {
      title: title.value.trim(),
      description: description.value.trim(),
      tags: tagsOf(tags.value),
      open: open.input.checked,
      anonymous: anonymous.input.checked,
      links: links.input.value,
    };
  };
  const boxes = [field('Title', title), field('Description', description, 'Optional: what is it about?')];
  boxes.push(field('Tags', tags, TAGS_HINT), open.box, anonymous.box, links.box);
  return { boxes, title, open, read };
}

/**
 * @param {HTMLElement[]} boxes
 * @param {string} action
 */
function formOf(boxes, action) {
  return h(
    'form',
    {},
    ...boxes,
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, action)),
  );
}

/**
 * Make a topic.
 * @param {Chat} chat
 */
export function openNewTopic(chat) {
  const { boxes, title, read } = fieldsOf();
  const form = formOf(boxes, 'Create topic');
  onSubmit(form, async () => {
    const topic = await chat.forum.wire.makeTopic(read());
    dialog.close();
    location.hash = toTopic(topic.id);
  });
  const dialog = openDialog('New topic', form);
  title.focus();
}

/**
 * Change what a topic is like.
 * @param {Chat} chat
 * @param {Topic} topic
 * @param {(topic: Topic) => void} changed
 */
export function openTopicSettings(chat, topic, changed) {
  const { boxes, title, open, read } = fieldsOf(topic);
  // Who may see it is for its owner alone to say.
  open.input.disabled = topic.role !== 'owner';
  const form = formOf(boxes, 'Save');
  onSubmit(form, async () => {
    /** @type {Record<string, any>} */
    const before = { ...topic, title: topic.name };
    const changes = Object.entries(read()).filter(([name, value]) => String(before[name] ?? '') !== String(value));
    if (changes.length) changed(await chat.forum.wire.changeTopic(topic.id, Object.fromEntries(changes)));
    dialog.close();
  });
  const dialog = openDialog('Topic settings', form);
  title.focus();
}

/**
 * Make a room in a topic.
 * @param {Chat} chat
 * @param {Topic} topic
 */
export function openNewInside(chat, topic) {
  const name = h('input', { name: 'name', maxlength: '100', autocomplete: 'off', dir: 'auto' });
  const description = h('input', { name: 'description', maxlength: '500', autocomplete: 'off', dir: 'auto' });
  const open = checkField('Whoever sees the topic can join it', { name: 'open', checked: true });
  const form = formOf([field('Name', name), field('Description', description), open.box], 'Create room');
  onSubmit(form, async () => {
    if (!name.value.trim()) throw wrong('name', 'Give the room a name.');
    const what = { name: name.value.trim(), description: description.value.trim(), open: open.input.checked };
    const room = await chat.forum.wire.makeRoom({ topic: topic.id, ...what });
    dialog.close();
    chat.shell.go(room.id);
  });
  const dialog = openDialog('New room in this topic', form);
  name.focus();
}
