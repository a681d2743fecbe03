import { checkField, selectField } from '../dialogs/fields.js';
import { h } from '../drawing/dom.js';
import { useTheme } from '../theme.js';
import { part } from './desk.js';
import { lettersPart } from './places/letters.js';

/** @import { Desk } from './desk.js' */
/** @import { Theme } from '../../types.js' */

/**
 * How somebody likes things. What is chosen holds at once.
 * @param {Desk} desk
 */
export function preferencesSection(desk) {
  const { preferences } = desk.me;
  /** @param {object} change */
  const save = async (change) =>
    desk.account.update({ preferences: await desk.ask('PATCH', 'users/me/preferences', change) });
  const theme = selectField(
    'Colours',
    'theme',
    [
      ['system', 'As this device has it'],
      ['light', 'Light'],
      ['dark', 'Dark'],
    ],
    preferences?.theme ?? 'system',
  );
  theme.input.addEventListener('change', () =>
    desk.attempt(async () => {
      const chosen = /** @type {Theme} */ (theme.input.value);
      await useTheme(chosen);
      await save({ theme: chosen });
    }),
  );
  const language = selectField(
    'Language',
    'language',
    [
      ['en', 'English'],
      ['pt', 'Português'],
    ],
    preferences?.language ?? 'en',
    'Of the letters you get. This page speaks English.',
  );
  language.input.addEventListener('change', () => desk.attempt(() => save({ language: language.input.value })));
  const anonymous = checkField('Show me under another name where a place permits it', {
    name: 'anonymous',
    checked: preferences?.anonymous ?? false,
  });
  anonymous.input.addEventListener('change', () => desk.attempt(() => save({ anonymous: anonymous.input.checked })));
  const relay = selectField(
    'Hide where I am',
    'relay',
    [
      ['strangers', 'From people I do not know'],
      ['always', 'From everybody'],
      ['never', 'From nobody'],
    ],
    preferences?.relay ?? 'strangers',
    'Those in a call with you learn the address of your network, unless calls go through a relay of this server.',
  );
  relay.input.addEventListener('change', () => desk.attempt(() => save({ relay: relay.input.value })));
  const seen = selectField(
    'Who may know that I am there, and when I last was',
    'last_seen',
    [
      ['everybody', 'Everybody who knows me'],
      ['friends', 'Friends'],
      ['nobody', 'Nobody'],
    ],
    preferences?.last_seen ?? 'everybody',
  );
  seen.input.addEventListener('change', () => desk.attempt(() => save({ last_seen: seen.input.value })));
  return h(
    'div',
    {},
    part('Preferences', 'They hold wherever you log in.', h('div', { class: 'form' }, theme.box, language.box)),
    part('Anonymous mode', '', anonymous.box),
    lettersPart(desk, save),
    part('Presence', '', h('div', { class: 'form' }, seen.box)),
    part('Calls', '', h('div', { class: 'form' }, relay.box, h('a', { href: '#/call-test' }, 'Test calls'))),
  );
}
