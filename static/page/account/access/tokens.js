import { confirm } from '../../dialogs/confirm.js';
import { field } from '../../dialogs/dialog.js';
import { selectField, wrong } from '../../dialogs/fields.js';
import { h } from '../../drawing/dom.js';
import { dateWords } from '../../drawing/time.js';
import { changeForm, fetched, part, row, rowButton, rowList } from '../desk.js';
import { showOnce } from '../once.js';

/** @import { Desk } from '../desk.js' */

/**
 * @typedef {object} ApiToken
 * @property {string} id
 * @property {string} name
 * @property {string[]} scopes
 * @property {string} created_at
 * @property {string} expires_at
 */

const NAME_MOST = 64;

/**
 * Tokens for one's own programs.
 * @param {Desk} desk
 */
export function tokensSection(desk) {
  return h(
    'div',
    {},
    part(
      'API tokens',
      'With one of them a program of yours reads or writes as you. It never touches your account.',
      fetched(
        () => desk.ask('GET', 'auth/tokens'),
        ({ items }) => [
          rowList(
            items.map((/** @type {ApiToken} */ token) => tokenRow(desk, token)),
            'You have none.',
          ),
        ],
      ),
    ),
    makePart(desk),
  );
}

/**
 * @param {Desk} desk
 * @param {ApiToken} token
 */
function tokenRow(desk, { id, name, scopes, expires_at: expires }) {
  const end = () =>
    confirm({
      title: `End ${name}?`,
      text: 'Programs that use this token are let in no more, at once.',
      action: 'End it',
      run: async () => {
        await desk.ask('DELETE', `auth/tokens/${encodeURIComponent(id)}`);
        desk.redraw();
      },
    });
  const may = scopes.includes('write') ? 'reads and writes' : 'reads';
  return row(
    name,
    [`${may} · until ${dateWords(expires)}`],
    rowButton('End', `End ${name}`, end, true),
  );
}

/** @param {Desk} desk */
function makePart(desk) {
  const name = h('input', { name: 'name', maxlength: NAME_MOST, autocomplete: 'off' });
  const scope = selectField(
    'It may',
    'scopes',
    [
      ['read', 'read'],
      ['write', 'read and write'],
    ],
    'read',
  );
  const life = selectField(
    'It ends after',
    'life',
    [
      ['7', '7 days'],
      ['30', '30 days'],
      ['90', '90 days'],
      ['365', 'a year'],
    ],
    '30',
  );
  const form = changeForm({
    fields: [field('Name', name, 'What it is for.'), scope.box, life.box],
    submit: 'Make a token',
    run: async () => {
      if (!name.value.trim()) throw wrong('name', 'Give it a name.');
      const scopes = scope.input.value === 'write' ? ['read', 'write'] : ['read'];
      const days = Number(life.input.value);
      const { token } = await desk.ask('POST', 'auth/tokens', { name: name.value.trim(), scopes, days });
      desk.redraw();
      showOnce({
        title: 'Your new token',
        words: 'It is shown this once. Whoever has it may do what it is for: keep it as you keep a password.',
        lines: [token],
        file: 'parley-token.txt',
      });
    },
  });
  return part('Make one', '', form);
}
