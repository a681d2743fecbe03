import { confirm } from '../../dialogs/confirm.js';
import { h } from '../../drawing/dom.js';
import { pastWords } from '../../drawing/time.js';
import { agentWords } from './agent.js';
import { fetched, part, row, rowButton, rowList } from '../desk.js';
import { askName } from '../naming.js';

/** @import { Desk } from '../desk.js' */

/**
 * @typedef {object} Session
 * @property {string} id
 * @property {string | null} name
 * @property {string} agent
 * @property {string} address
 * @property {boolean} current
 * @property {string} created_at
 * @property {string | null} seen_at
 */

const NAME_MOST = 64;

/**
 * Where somebody is logged in.
 * @param {Desk} desk
 */
export function sessionsSection(desk) {
  return fetched(
    () => desk.ask('GET', 'auth/sessions'),
    ({ items }) => [
      part(
        'Where you are logged in',
        'What you do not know, end. Then change your password.',
        rowList(
          items.map((/** @type {Session} */ session) => sessionRow(desk, session)),
          '',
        ),
      ),
      items.length > 1 &&
        h(
          'div',
          { class: 'actions' },
          h('button', { type: 'button', class: 'plain danger', onclick: () => endOthers(desk) }, 'End all others…'),
        ),
    ],
  );
}

/**
 * @param {Desk} desk
 * @param {Session} session
 */
function sessionRow(desk, { id, name, agent, address, current, created_at: made, seen_at: seen }) {
  const title = name || agentWords(agent);
  const path = `auth/sessions/${encodeURIComponent(id)}`;
  const rename = () =>
    askName('Name of the session', name ?? title, NAME_MOST, async (wanted) => {
      await desk.ask('PATCH', path, { name: wanted });
      desk.redraw();
    });
  const end = () =>
    desk.attempt(async () => {
      await desk.ask('DELETE', path);
      desk.redraw();
    });
  return row(
    title,
    [
      current ? 'This session' : `Last seen ${pastWords(seen ?? made)}`,
      [name && agentWords(agent), address, `since ${pastWords(made)}`].filter(Boolean).join(' · '),
    ],
    rowButton('Rename', `Rename ${title}`, rename),
    !current && rowButton('End', `End ${title}`, end, true),
  );
}

/** @param {Desk} desk */
function endOthers(desk) {
  confirm({
    title: 'End all other sessions?',
    text: 'Everything else that is logged in to your account is logged out, at once.',
    action: 'End them',
    run: async () => {
      await desk.ask('DELETE', 'auth/sessions');
      desk.redraw();
    },
  });
}
