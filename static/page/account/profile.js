import { field } from '../dialogs/dialog.js';
import { selectField } from '../dialogs/fields.js';
import { h } from '../drawing/dom.js';
import { demand, usernameField } from '../entrance/register.js';
import { changeForm, part } from './desk.js';

/** @import { Desk } from './desk.js' */

const LINKS_MOST = 10;
const PICTURE_WORDS =
  'Its address, with https. This page itself shows no pictures from elsewhere: their servers would learn who looks.';

/**
 * How others see somebody.
 * @param {Desk} desk
 */
export function profileSection(desk) {
  const { me } = desk;
  const name = h('input', { name: 'name', maxlength: '100', autocomplete: 'name', value: me.name ?? me.username });
  const picture = h('input', { name: 'picture', type: 'url', autocomplete: 'off', value: me.picture ?? '' });
  const country = selectField('Country', 'country', countries(), me.country ?? '');
  const links = h('textarea', { name: 'links', rows: '3', autocomplete: 'off', spellcheck: 'false' });
  links.value = (me.links ?? []).join('\n');
  const form = changeForm({
    fields: [
      field('Name', name, 'What others may call you.'),
      field('Picture', picture, PICTURE_WORDS),
      country.box,
      field('Links', links, `One address a line, ${LINKS_MOST} at most.`),
    ],
    submit: 'Save profile',
    run: async () => {
      const user = await desk.ask('PATCH', 'users/me', {
        name: name.value,
        picture: picture.value.trim() || null,
        country: country.input.value || null,
        links: links.value.split(/\s+/).filter(Boolean),
      });
      desk.account.update(user);
      return 'Saved.';
    },
  });
  return h('div', {}, part('Profile', 'Everybody on this server can see it.', form), usernamePart(desk));
}

/** @param {Desk} desk */
function usernamePart(desk) {
  const { input, box, flaws } = usernameField(desk.me.username);
  const form = changeForm({
    fields: [box],
    submit: 'Change username',
    run: async () => {
      const wanted = input.value.trim();
      demand(flaws());
      if (wanted === desk.me.username) return 'That is your username.';
      desk.account.update(await desk.ask('PATCH', 'users/me', { username: wanted }));
      return 'Changed.';
    },
  });
  return part('Username', 'You log in with it, and others find you by it.', form);
}

/** Codes that name no country, though they have a name. */
const NO_COUNTRY = new Set(['EU', 'EZ', 'QO', 'UN', 'XA', 'XB', 'ZZ']);
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/**
 * Every country that this browser knows a name for: there is no list to ask it for.
 * @returns {[string, string][]}
 */
function countries() {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  /** @type {[string, string][]} */
  const found = [];
  for (const first of LETTERS) {
    for (const second of LETTERS) {
      const code = first + second;
      const name = NO_COUNTRY.has(code) ? undefined : names.of(code);
      // A code of the past is read as that of today.
      if (name && new Intl.Locale(`und-${code}`).region === code) found.push([code, name]);
    }
  }
  found.sort(([, a], [, b]) => a.localeCompare(b));
  return [['', 'Not said'], ...found];
}
