import { hasPasskeys, makePasskey } from '../../../account/passkey.js';
import { confirm } from '../../dialogs/confirm.js';
import { field } from '../../dialogs/dialog.js';
import { h } from '../../drawing/dom.js';
import { pastWords } from '../../drawing/time.js';
import { changeForm, fetched, part, row, rowButton, rowList } from '../desk.js';
import { askName } from '../naming.js';

/** @import { Desk } from '../desk.js' */

/** @typedef {{id: string, name: string, created_at: string, used_at: string | null}} Passkey */

const NAME_MOST = 64;

/**
 * Passkeys: several, each with a name.
 * @param {Desk} desk
 */
export function passkeysSection(desk) {
  return h(
    'div',
    {},
    part(
      'Your passkeys',
      'A device or a password manager logs you in with a fingerprint, a face or a PIN. ' +
        'There is nothing to be guessed or spied out.',
      fetched(
        () => desk.ask('GET', 'auth/passkeys'),
        ({ items }) => [
          rowList(
            items.map((/** @type {Passkey} */ passkey) => passkeyRow(desk, passkey)),
            'You have none yet.',
          ),
        ],
      ),
    ),
    hasPasskeys
      ? addPart(desk)
      : part('Add a passkey', 'This browser knows no passkeys, or this page came without TLS.'),
  );
}

/**
 * @param {Desk} desk
 * @param {Passkey} passkey
 */
function passkeyRow(desk, { id, name, created_at: made, used_at: used }) {
  const address = `auth/passkeys/${encodeURIComponent(id)}`;
  const rename = () =>
    askName('Name of the passkey', name, NAME_MOST, async (wanted) => {
      await desk.ask('PATCH', address, { name: wanted });
      desk.redraw();
    });
  const remove = () =>
    confirm({
      title: `Remove ${name}?`,
      text: 'It opens your account no more. The device may go on offering it until you remove it there too.',
      action: 'Remove',
      run: async () => {
        await desk.ask('DELETE', address);
        desk.redraw();
      },
    });
  return row(
    name,
    [`Added ${pastWords(made)}`, used ? `Used ${pastWords(used)}` : 'Not used yet'],
    rowButton('Rename', `Rename ${name}`, rename),
    rowButton('Remove', `Remove ${name}`, remove, true),
  );
}

/** @param {Desk} desk */
function addPart(desk) {
  const name = h('input', { name: 'name', maxlength: NAME_MOST, autocomplete: 'off', placeholder: 'This device' });
  const form = changeForm({
    fields: [field('Name', name, 'So that you know it again.')],
    submit: 'Add a passkey',
    run: async () => {
      const { ticket, options } = await desk.ask('POST', 'auth/passkeys/options');
      const credential = await makePasskey(options);
      await desk.ask('POST', 'auth/passkeys', { ticket, credential, name: name.value.trim() || 'This device' });
      desk.redraw();
    },
  });
  return part('Add a passkey', '', form);
}
