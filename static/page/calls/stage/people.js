import { nameOf } from '../../../state/people.js';
import { openDialog } from '../../dialogs/dialog.js';
import { confirm } from '../../dialogs/confirm.js';
import { personAvatar } from '../../drawing/avatar.js';
import { h, keyed, once } from '../../drawing/dom.js';

/** @import { Current } from '../../../calls/current.js' */
/** @import { Leg } from '../../../types.js' */
/** @import { Chat } from '../../chat.js' */

const IN = new Set(['connecting', 'connected', 'reconnecting']);

/**
 * Whether I may mute and remove others: I began the call, or I look after the room.
 * @param {Chat} chat
 * @param {Current} current
 */
function isHost(chat, { call }) {
  const room = chat.store.room(call.room);
  return room?.kind !== 'direct' && (call.started_by.id === chat.me.id || Boolean(room?.isModerated));
}

/**
 * Who is in the call, and what hosts can do with them.
 * @param {Chat} chat
 * @param {Current} current
 */
export function openPeopleOf(chat, current) {
  const list = h('ul', { class: 'found in-call' });
  const all = h('div', { class: 'actions' });
  const dialog = openDialog('In this call', list, all);
  dialog.classList.add('call-people');
  const draw = () => {
    const host = isHost(chat, current);
    keyed(list, legsOf(current), {
      key: (leg) => leg.id,
      look: (leg) => [leg.state, leg.muted, leg.hand, leg.screen, host].join(' '),
      make: (leg) => row(chat, current, leg, host),
    });
    if (host && !all.children.length) all.append(...forAll(chat, current, () => dialog.close()));
    all.hidden = !host;
  };
  const drawSoon = once(draw);
  const endings = [
    current.changed.listen(drawSoon),
    chat.calls.changed.listen(() => {
      if (chat.calls.current !== current) dialog.close();
    }),
  ];
  dialog.addEventListener('close', () => {
    for (const end of endings) end();
  });
  draw();
}

/** @param {Current} current */
function legsOf({ call }) {
  return call.legs.filter(({ state }) => IN.has(state)).sort((a, b) => a.order - b.order);
}

/**
 * @param {Chat} chat
 * @param {Current} current
 * @param {Leg} leg
 * @param {boolean} host
 */
function row(chat, current, leg, host) {
  const isMe = leg.id === current.leg;
  const name = nameOf(leg.user);
  const words = [
    leg.state === 'connected' ? '' : leg.state === 'connecting' ? 'connecting' : 'reconnecting',
    leg.muted ? 'muted' : '',
    leg.hand ? 'hand raised' : '',
    leg.screen ? 'shares a screen' : '',
  ].filter(Boolean);
  return h(
    'li',
    {},
    personAvatar(leg.user),
    h('div', {}, h('strong', { dir: 'auto' }, isMe ? `${name} (you)` : name), h('span', {}, words.join(', '))),
    ...(host && !isMe ? hostTools(chat, current, leg) : []),
  );
}

/**
 * @param {Chat} chat
 * @param {Current} current
 * @param {Leg} leg
 */
function hostTools({ calls, callViews }, { call }, { id, user, muted }) {
  const name = nameOf(user);
  const mute = h('button', { type: 'button', class: 'plain', disabled: muted, 'data-focus': 'mute' }, 'Mute');
  mute.setAttribute('aria-label', `Mute ${name}`);
  mute.addEventListener('click', () => callViews.acts.run(calls.mute(call, id)));
  const remove = h('button', { type: 'button', class: 'plain danger', 'data-focus': 'remove' }, 'Remove');
  remove.setAttribute('aria-label', `Remove ${name} from the call`);
  remove.addEventListener('click', () => callViews.acts.run(calls.remove(call, id)));
  return [mute, remove];
}

/**
 * @param {Chat} chat
 * @param {Current} current
 * @param {() => void} close
 */
function forAll(chat, current, close) {
  const mute = () => chat.callViews.acts.run(chat.calls.mute(current.call));
  const end = () => {
    close();
    confirm({
      title: 'End the call for everybody?',
      text: 'Nobody stays in it.',
      action: 'End the call',
      run: () => chat.calls.end(current.call),
    });
  };
  return [
    h('button', { type: 'button', class: 'plain', onclick: mute }, 'Mute everybody else'),
    h('button', { type: 'button', class: 'plain danger', onclick: end }, 'End for all…'),
  ];
}
