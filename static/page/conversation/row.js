import { nameOf } from '../../state/people.js';
import { drawCall } from '../calls/line.js';
import { personAvatar } from '../drawing/avatar.js';
import { h, hidden, put } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { fullTime, timeOf } from '../drawing/time.js';
import { isFewEmoji, linked, noticeWords, visible } from '../drawing/words.js';
import { toPost } from '../routes.js';

/** @import { Item, Pending, Person, Reaction } from '../../types.js' */
/** @import { Messages } from './messages.js' */
/** @import { Row } from './rows.js' */

/** Texts beyond this are folded until somebody opens them. */
const LONG_CHARACTERS = 1200;
const LONG_LINES = 18;

/**
 * Draw one row.
 * @param {Messages} list
 * @param {Row} row
 * @returns {HTMLElement}
 */
export function drawRow(list, row) {
  const { item, isMine, isFirst } = row;
  const isText = !item || item.kind === 'text';
  const classes = [
    'row',
    isText && (isMine ? 'mine' : 'theirs'),
    isFirst && 'first',
    !isText && 'event',
    row.pending?.state,
  ];
  const element = h('li', { class: classes.filter(Boolean).join(' '), tabindex: '-1', 'data-seq': item?.seq });
  if (row.day) put(element, h('div', { class: 'day' }, h('span', {}, row.day)));
  if (row.isUnreadHere) put(element, h('div', { class: 'unread-line' }, h('span', {}, 'New messages')));
  put(element, isText ? drawText(list, row) : drawEvent(list, /** @type {Item} */ (item)));
  return element;
}

/**
 * @param {Messages} list
 * @param {Item} item
 */
function drawEvent(list, item) {
  const time = h('time', { datetime: item.created_at, title: fullTime(item.created_at) }, timeOf(item.created_at));
  if (item.kind === 'call') return drawCall(list, item, time);
  if (item.kind === 'post') return drawPost(item, time);
  const words = item.kind === 'notice' ? noticeWords(item, list.chat.store.people) : 'Something this page cannot show';
  return h('p', { class: 'happened' }, h('span', { dir: 'auto' }, words), ' ', time);
}

/**
 * A post of the topic, where it stands among what was said.
 * @param {Item} item
 * @param {HTMLElement} time
 */
function drawPost(item, time) {
  const who = item.author ? nameOf(item.author) : 'Somebody';
  if (item.deleted) return h('p', { class: 'happened' }, 'A post was deleted ', time);
  const link = h('a', { href: toPost(item.id), dir: 'auto', tabindex: '-1' }, visible(item.title ?? ''));
  return h('p', { class: 'happened posted' }, h('span', { dir: 'auto' }, `${who} posted `), link, ' ', time);
}

/**
 * @param {Messages} list
 * @param {Row} row
 */
function drawText(list, row) {
  const { item, isMine, isFirst } = row;
  /** @type {Person} */
  const author = item?.author ?? list.chat.me;
  const at = item?.created_at ?? /** @type {Pending} */ (row.pending).created_at;
  const bubble = h('div', { class: item?.deleted ? 'bubble deleted' : 'bubble' });
  if (!isMine && isFirst) {
    put(
      bubble,
      h(
        'button',
        {
          type: 'button',
          class: 'author',
          tabindex: '-1',
          disabled: author.anonymous,
          onclick: () => list.talkTo(author),
        },
        author.anonymous && icon('mask'),
        nameOf(author),
        author.anonymous && hidden(' (another name)'),
      ),
    );
    put(bubble, hidden(', '));
  } else put(bubble, hidden(`${isMine ? 'You' : nameOf(author)}, `));
  put(bubble, drawQuote(list, item?.reply_to ?? row.pending?.reply_to ?? null));
  const meta = h(
    'span',
    { class: 'meta' },
    item?.edited_at && !item.deleted && h('span', { title: `Edited ${fullTime(item.edited_at)}` }, 'edited'),
    h('time', { datetime: at, title: fullTime(at) }, timeOf(at)),
    isMine && drawStatus(row),
  );
  put(bubble, h('div', { class: 'body' }, ...drawBody(list, row), meta));
  const column = h('div', { class: 'column' }, bubble, drawReactions(list, item), drawFailure(list, row.pending));
  return h(
    'div',
    { class: 'line' },
    !isMine && (isFirst ? personAvatar(author) : h('span', { class: 'avatar none' })),
    column,
  );
}

/**
 * @param {Messages} list
 * @param {Row} row
 * @returns {HTMLElement[]}
 */
function drawBody(list, row) {
  const { item, pending } = row;
  if (item?.deleted) return [h('p', { class: 'text' }, 'Message deleted')];
  const text = item?.text ?? pending?.text ?? '';
  const isLong = text.length > LONG_CHARACTERS || text.split('\n', LONG_LINES + 1).length > LONG_LINES;
  const isFolded = isLong && !row.isOpen;
  const body = h(
    'p',
    { class: isFewEmoji(text) ? 'text big' : isFolded ? 'text folded' : 'text', dir: 'auto' },
    ...linked(text),
  );
  for (const link of body.querySelectorAll('a')) link.tabIndex = -1;
  if (!isLong) return [body];
  const cid = item?.cid ?? pending?.cid ?? '';
  const words = isFolded ? 'Show all' : 'Show less';
  return [
    body,
    h(
      'button',
      { type: 'button', class: 'link fold', tabindex: '-1', 'data-focus': 'fold', onclick: () => list.fold(cid) },
      words,
    ),
  ];
}

/** @param {Row} row */
function drawStatus({ pending, item, isSeen }) {
  if (pending && !item) {
    const isFailed = pending.state === 'failed';
    return h(
      'span',
      { class: 'status', title: isFailed ? 'Not sent' : 'Sending' },
      icon(isFailed ? 'warning' : 'clock'),
      hidden(isFailed ? 'Not sent' : 'Sending'),
    );
  }
  return h(
    'span',
    { class: isSeen ? 'status seen' : 'status', title: isSeen ? 'Seen' : 'Sent' },
    icon(isSeen ? 'checks' : 'check'),
    hidden(isSeen ? 'Seen' : 'Sent'),
  );
}

/**
 * @param {Messages} list
 * @param {string | null} id
 */
function drawQuote(list, id) {
  if (!id) return null;
  const quoted = list.quotes.get(id);
  const words = quoted
    ? quoted.deleted
      ? 'Message deleted'
      : (quoted.text ?? '').slice(0, 160)
    : 'An earlier message';
  return h(
    'button',
    {
      type: 'button',
      class: 'quote',
      tabindex: '-1',
      disabled: !quoted,
      onclick: () => quoted && list.jump(quoted.seq),
    },
    hidden('In reply to '),
    h('strong', {}, quoted?.author ? nameOf(quoted.author) : ''),
    h('span', { dir: 'auto' }, words),
  );
}

/**
 * @param {Messages} list
 * @param {Item | null} item
 */
function drawReactions(list, item) {
  if (!item?.reactions?.length || item.deleted) return null;
  return h(
    'div',
    { class: 'reactions', role: 'group', 'aria-label': 'Reactions' },
    ...item.reactions.map((reaction) => drawReaction(list, item, reaction)),
  );
}

/**
 * @param {Messages} list
 * @param {Item} item
 * @param {Reaction} reaction
 */
function drawReaction(list, item, { emoji, count, users }) {
  const isMine = users.includes(list.chat.me.id);
  const { people } = list.chat.store;
  return h(
    'button',
    {
      type: 'button',
      tabindex: '-1',
      'data-focus': `reaction ${emoji}`,
      'aria-pressed': String(isMine),
      'aria-label': `${emoji}, ${count}${isMine ? ', including you' : ''}`,
      onclick: () => list.react(item, emoji, !isMine),
      // Names are asked for when somebody wants to know.
      onpointerenter: (/** @type {PointerEvent} */ event) => {
        const names = users.map((user) => (user === list.chat.me.id ? 'you' : people.name(user)));
        if (count > users.length) names.push(`${count - users.length} more`);
        /** @type {HTMLElement} */ (event.currentTarget).title = `${emoji} ${names.join(', ')}`;
      },
    },
    h('span', { class: 'emoji' }, emoji),
    h('span', {}, count),
  );
}

/**
 * @param {Messages} list
 * @param {Pending | null} pending
 */
function drawFailure(list, pending) {
  if (pending?.state !== 'failed') return null;
  return h(
    'div',
    { class: 'failure' },
    h('span', {}, `Not sent: ${pending.error ?? 'refused'}`),
    h(
      'button',
      { type: 'button', class: 'link', tabindex: '-1', onclick: () => list.chat.outbox.retry(pending) },
      'Try again',
    ),
    h(
      'button',
      { type: 'button', class: 'link', tabindex: '-1', onclick: () => list.chat.outbox.discard(pending) },
      'Discard',
    ),
  );
}
