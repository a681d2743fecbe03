import { makeCid } from '../../../state/forum/wire/given.js';
import { field, onSubmit, openDialog } from '../../dialogs/dialog.js';
import { checkField, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { toPost } from '../../routes.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Post } from '../../../state/forum/types.js' */

/**
 * Words that something is found by, as they were typed: with blanks or commas between them, and perhaps with a #.
 * @param {string} text
 */
export function tagsOf(text) {
  const tags = text.split(/[\s,]+/).map((tag) => tag.replace(/^#+/, '').toLowerCase());
  return [...new Set(tags.filter(Boolean))];
}

/**
 * Write a post, or write it anew.
 * @param {Chat} chat
 * @param {object} how
 * @param {string | null} how.place  null: one's own page
 * @param {string} [how.where]  what the place is called
 * @param {boolean} [how.mayHide]  whether one may post under another name here
 * @param {Post} [how.post]  that is written anew
 */
export function openComposer(chat, { place, where = '', mayHide = false, post }) {
  const title = h('input', { name: 'title', maxlength: '300', autocomplete: 'off', dir: 'auto', value: post?.title });
  const text = h('textarea', { name: 'text', rows: '7', maxlength: '10000', dir: 'auto' });
  text.value = post?.text ?? '';
  const tags = h('input', { name: 'tags', autocomplete: 'off', dir: 'auto', value: post?.tags.join(' ') });
  const picture = h('input', { name: 'picture', type: 'url', autocomplete: 'off', value: post?.picture });
  const other = checkField('Post under another name', {
    name: 'anonymous',
    checked: mayHide && (chat.me.preferences?.anonymous ?? false),
  });
  const form = h(
    'form',
    {},
    where && h('p', { class: 'words', dir: 'auto' }, where),
    field('Title', title),
    field('Text', text),
    field('Tags', tags, 'Optional: words that it is found by, with blanks between them.'),
    field('Picture', picture, 'Optional: an https address. It is shown as a link.'),
    mayHide && !post && other.box,
    h('p', { class: 'problem', role: 'alert' }),
    h('div', { class: 'actions' }, h('button', { type: 'submit', class: 'primary' }, post ? 'Save' : 'Post')),
  );
  // As long as it is the same, sending it again makes one post of it.
  let cid = makeCid();
  form.addEventListener('input', () => (cid = makeCid()));
  onSubmit(form, async () => {
    if (!title.value.trim()) throw wrong('title', 'Give it a title.');
    if (!text.value.trim() && !picture.value.trim()) throw wrong('text', 'Write something, or give a picture.');
    const said = { title: title.value.trim(), text: text.value, tags: tagsOf(tags.value) };
    const { wire } = chat.forum;
    const kept = post
      ? await wire.editPost(post.id, { ...said, picture: picture.value.trim() || null })
      : await wire.makePost(place, {
          ...said,
          cid,
          picture: picture.value.trim(),
          ...(mayHide && other.input.checked && { anonymous: true }),
        });
    chat.forum.aliases.learn(kept);
    chat.forum.take(kept);
    dialog.close();
    if (!post) location.hash = toPost(kept.id);
  });
  const dialog = openDialog(post ? 'Edit post' : 'New post', form);
  dialog.classList.add('writing');
  title.focus();
}
