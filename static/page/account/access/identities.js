import { confirm } from '../../dialogs/confirm.js';
import { h } from '../../drawing/dom.js';
import { pastWords } from '../../drawing/time.js';
import { leaveFor, providers } from '../../entrance/elsewhere.js';
import { fetched, part, row, rowButton, rowList } from '../desk.js';

/** @import { Desk } from '../desk.js' */
/** @import { Provider } from '../../entrance/elsewhere.js' */

/** @typedef {{id: string, provider: string, label: string, created_at: string, used_at: string | null}} Identity */

/**
 * Accounts elsewhere that one signs in with.
 * @param {Desk} desk
 */
export function identitiesSection(desk) {
  return fetched(
    async () => ({ linked: (await desk.ask('GET', 'auth/identities')).items, known: await providers() }),
    ({ linked, known }) => [
      part(
        'Sign in with',
        'Accounts elsewhere that open this one.',
        rowList(
          linked.map((/** @type {Identity} */ identity) => identityRow(desk, identity, known)),
          'None is linked.',
        ),
      ),
      known.length > 0 && linkPart(desk, known),
    ],
  );
}

/**
 * @param {Desk} desk
 * @param {Identity} identity
 * @param {Provider[]} known
 */
function identityRow(desk, { id, provider, label, created_at: made, used_at: used }, known) {
  const where = known.find(({ name }) => name === provider)?.label ?? provider;
  const remove = () =>
    confirm({
      title: `Unlink ${where}?`,
      text: `${label} at ${where} opens your account no more.`,
      action: 'Unlink',
      run: async () => {
        await desk.ask('DELETE', `auth/identities/${encodeURIComponent(id)}`);
        desk.redraw();
      },
    });
  return row(
    where,
    [label, used ? `Used ${pastWords(used)}` : `Linked ${pastWords(made)}`],
    rowButton('Unlink', `Unlink ${label} at ${where}`, remove, true),
  );
}

/**
 * @param {Desk} desk
 * @param {Provider[]} known
 */
function linkPart(desk, known) {
  const buttons = known.map(({ name, label }) =>
    h(
      'button',
      {
        type: 'button',
        class: 'plain',
        onclick: () =>
          desk.attempt(async () => {
            leaveFor((await desk.ask('POST', `auth/identities/${encodeURIComponent(name)}/begin`, {})).url);
          }),
      },
      `Link ${label}`,
    ),
  );
  return part('Link another', 'You go there, say yes, and come back.', h('div', { class: 'actions' }, ...buttons));
}
