import { may } from '../../state/room.js';
import { nameOf } from '../../state/people.js';
import { inWords } from '../../wire/refused.js';
import { openDialog } from '../dialogs/dialog.js';
import { openPeople } from '../dialogs/people.js';
import { personAvatar } from '../drawing/avatar.js';
import { focusIn, giveFocus, h, uniqueId } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { dateWords, pastWords } from '../drawing/time.js';
import { Paged } from '../forum/people/list.js';

/** @import { Chat } from '../chat.js' */
/** @import { Child } from '../drawing/dom.js' */
/** @import { Author, Ban, Invitation } from '../../state/forum/types.js' */

/** Of several changes at once the lists are fetched anew once. */
const PAUSE_MS = 300;
const NOTHING = 'You may neither invite nor ban here any more.';

/**
 * What somebody may see of who is to come into a place and who must not; empty: nothing.
 * @param {{role?: string | null, permissions?: string[] | null}} place
 */
export function doorWords(place) {
  const parts = [may(place, 'invite') && 'invitations', may(place, 'ban_users') && 'bans'].filter(Boolean);
  const words = parts.join(' and ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Who is invited to a room or a topic and has not answered, and who is banned from it.
 * @param {Chat} chat
 * @param {{id: string}} place  one that I am in
 */
export function openDoor(chat, { id }) {
  const room = chat.store.room(id);
  if (!room) return;
  const said = h('p', { class: 'hint', role: 'status' });
  const parts = [invitations(chat, id, said), bans(chat, id, said)];
  const dialog = openDialog(doorWords(room), said, ...parts.map(({ element }) => element));
  dialog.classList.add('door');

  const draw = () => {
    for (const { element, permission, list } of parts) {
      const isSeen = may(room, permission);
      if (isSeen && element.hidden) list.load();
      element.hidden = !isSeen;
    }
    const title = dialog.querySelector('h2');
    if (title) title.textContent = doorWords(room) || 'Invitations and bans';
    if (!doorWords(room)) said.textContent = NOTHING;
  };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      for (const { element, refresh } of parts) if (!element.hidden) refresh();
    }, PAUSE_MS);
  };
  const endings = [
    room.changed.listen(draw),
    // Who comes in was invited no more, and bans are told of in the room.
    room.membersChanged.listen(later),
    chat.forum.back.listen(later),
    chat.store.left.listen(({ room: gone }) => {
      if (gone === room) dialog.close();
    }),
  ];
  dialog.addEventListener('close', () => {
    clearTimeout(timer);
    for (const end of endings) end();
  });
  draw();
}

/**
 * @param {Chat} chat
 * @param {string} room
 * @param {HTMLElement} said
 */
function invitations(chat, room, said) {
  const { wire } = chat.forum;
  const invite = () =>
    openPeople(chat, {
      title: 'Invite somebody',
      action: 'Invite',
      run: async (person) => {
        await wire.invite(room, person.id);
        said.textContent = `${person.username} was invited.`;
        made.refresh();
      },
    });
  /** @type {ReturnType<typeof part<Invitation>>} */
  const made = part({
    title: 'Invitations',
    permission: 'invite',
    none: 'Nobody is invited who has not answered.',
    head: h('button', { type: 'button', class: 'plain', onclick: invite }, icon('personAdd'), 'Invite somebody'),
    said,
    fetch: (cursor) => wire.pendingInvitations(room, cursor),
    about: ({ by, created_at: at }) => [`${by ? `By ${nameOf(by)}, ` : ''}${pastWords(at)}`],
    undo: 'Withdraw',
    label: (name) => `Withdraw the invitation of ${name}`,
    run: ({ user }) => wire.withdrawInvitation(room, user.id),
    done: (name) => `${name} is invited no more.`,
  });
  return made;
}

/**
 * @param {Chat} chat
 * @param {string} room
 * @param {HTMLElement} said
 */
function bans(chat, room, said) {
  const { wire } = chat.forum;
  return part({
    title: 'Bans',
    permission: 'ban_users',
    none: 'Nobody is banned.',
    said,
    fetch: (cursor) => wire.bans(room, cursor),
    about: (/** @type {Ban} */ { by, reason, until, created_at: at }) => [
      reason,
      `${until ? `Until ${dateWords(until)}` : 'For ever'} · ${by ? `by ${nameOf(by)}, ` : ''}${pastWords(at)}`,
    ],
    undo: 'Unban',
    label: (name) => `Unban ${name}`,
    run: ({ user }) => wire.unban(room, user.id),
    done: (name) => `${name} is banned no more.`,
  });
}

/**
 * A list of people, each with what undoes why they are in it.
 * @template {{user: Author}} T
 * @param {object} how
 * @param {string} how.title
 * @param {string} how.permission  who may see it
 * @param {string} how.none
 * @param {Child} [how.head]
 * @param {HTMLElement} how.said  where it says what became of it
 * @param {(cursor: string | null) => Promise<import('../../state/forum/types.js').Listed<T>>} how.fetch
 * @param {(one: T) => (string | null)[]} how.about
 * @param {string} how.undo
 * @param {(name: string) => string} how.label
 * @param {(one: T) => Promise<unknown>} how.run
 * @param {(name: string) => string} how.done
 */
function part({ title, permission, none, head, said, fetch, about, undo, label, run, done }) {
  const id = uniqueId();
  const heading = h('h3', { id, tabindex: '-1' }, title);
  const refresh = () => list.refresh();
  /**
   * Leave the focus where it is by then, or as near to it as can be.
   * @param {() => void} drawAll
   */
  const redraw = (drawAll) => {
    const focus = focusIn(list.rows);
    const old = [...list.rows.children].findIndex((row) => row.contains(document.activeElement));
    drawAll();
    if (focus === undefined) return;
    if (list.rows.querySelector(`[data-focus="${CSS.escape(focus)}"]`)) giveFocus(list.rows, focus);
    else (list.rows.children[Math.min(old, list.rows.children.length - 1)]?.querySelector('button') ?? heading).focus();
  };
  /** @param {T} one */
  const draw = (one) => {
    const name = nameOf(one.user);
    const button = h('button', { type: 'button', class: 'plain', 'aria-label': label(name) }, undo);
    button.dataset.focus = one.user.id;
    let isBusy = false;
    button.addEventListener('click', async () => {
      if (isBusy) return;
      isBusy = true;
      try {
        await run(one);
        said.textContent = done(name);
      } catch (error) {
        said.textContent = inWords(error);
      }
      await refresh();
      isBusy = false;
    });
    const lines = about(one).map((line) => line && h('span', { dir: 'auto' }, line));
    return h(
      'li',
      { class: 'person' },
      personAvatar(one.user),
      h('div', {}, h('strong', { dir: 'auto' }, name), ...lines),
      button,
    );
  };
  const list = new Paged({ label: title, fetch, draw, none, redraw });
  const element = h(
    'section',
    { 'aria-labelledby': id, hidden: true },
    h('div', { class: 'bar' }, heading, head),
    list.element,
  );
  return { element, permission, list, refresh };
}
