import { h } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { callWords, isMissed, isUnanswered } from './words.js';

/** @import { Chat } from '../chat.js' */
/** @import { Item } from '../../types.js' */
/** @import { Room } from '../../state/room.js' */
/** @import { Messages } from '../conversation/messages.js' */

/**
 * The line of a call among the messages.
 * @param {Messages} list
 * @param {Item} item
 * @param {HTMLElement} time
 */
export function drawCall(list, item, time) {
  const { chat, room } = list;
  const missed = isMissed(item, chat.me.id, room);
  return h(
    'p',
    { class: `happened called${missed ? ' missed' : ''}${item.outcome ? '' : ' open'}` },
    icon(missed ? 'phoneMissed' : item.media === 'video' ? 'camera' : 'phone'),
    h('span', { dir: 'auto' }, callWords(item, chat.me.id, room)),
    time,
    tool(chat, room, item),
  );
}

/**
 * Changes when the line has to be drawn anew, beside its item.
 * @param {Chat} chat
 * @param {Room} room
 * @param {Item} item
 */
export function callLook(chat, room, item) {
  return item.kind === 'call' ? offer(chat, room, item) : '';
}

/**
 * What can be done about a call: the words of its button.
 * @param {Chat} chat
 * @param {Room} room
 * @param {Item} item
 */
function offer(chat, room, item) {
  if (!item.outcome) {
    if (chat.calls.current?.call.id !== item.call) return 'Join';
    return chat.callViews.isShown ? '' : 'Back to the call';
  }
  if (!room.mayCall || room.kind !== 'direct') return '';
  if (isMissed(item, chat.me.id, room)) return 'Call back';
  return isUnanswered(item) ? 'Call again' : '';
}

/**
 * @param {Chat} chat
 * @param {Room} room
 * @param {Item} item
 */
function tool(chat, room, item) {
  const words = offer(chat, room, item);
  if (!words) return null;
  const run = () => {
    const media = item.media === 'video' ? 'video' : 'audio';
    if (words === 'Back to the call') chat.callViews.show();
    else if (words === 'Join') chat.callViews.acts.joinById(item.call ?? '', media);
    else chat.callViews.acts.start(room, media);
  };
  return h('button', { type: 'button', class: 'link', tabindex: '-1', 'data-focus': 'call', onclick: run }, words);
}
