import { openDialog } from '../dialogs/dialog.js';
import { iconButton } from '../drawing/button.js';
import { h } from '../drawing/dom.js';
import { icon } from '../drawing/icons.js';
import { administrationSection } from './administration.js';
import { blocksSection } from './blocks.js';
import { dataSection } from './data.js';
import { Desk } from './desk.js';
import { emailSection } from './proofs/email.js';
import { identitiesSection } from './access/identities.js';
import { passkeysSection } from './proofs/passkeys.js';
import { passwordSection } from './proofs/password.js';
import { namesSection } from './places/names.js';
import { quietSection } from './places/quiet.js';
import { preferencesSection } from './preferences.js';
import { profileSection } from './profile.js';
import { secondSection } from './proofs/second.js';
import { sessionsSection } from './access/sessions.js';
import { tokensSection } from './access/tokens.js';

/** @import { Chat } from '../chat.js' */
/** @import { Icon } from '../drawing/icons.js' */

/** @typedef {{label: string, icon: Icon, draw: (desk: Desk) => HTMLElement}} Section */

const SECTIONS = {
  profile: { label: 'Profile', icon: 'person', draw: profileSection },
  email: { label: 'E-mail', icon: 'mail', draw: emailSection },
  password: { label: 'Password', icon: 'lock', draw: passwordSection },
  second: { label: 'Second step', icon: 'shield', draw: secondSection },
  passkeys: { label: 'Passkeys', icon: 'key', draw: passkeysSection },
  identities: { label: 'Sign in with', icon: 'link', draw: identitiesSection },
  sessions: { label: 'Sessions', icon: 'device', draw: sessionsSection },
  tokens: { label: 'API tokens', icon: 'hash', draw: tokensSection },
  names: { label: 'Other names', icon: 'mask', draw: namesSection },
  quiet: { label: 'Silenced and hidden', icon: 'bellOff', draw: quietSection },
  blocks: { label: 'Blocked people', icon: 'ban', draw: blocksSection },
  preferences: { label: 'Preferences', icon: 'sliders', draw: preferencesSection },
  data: { label: 'Your data', icon: 'trash', draw: dataSection },
  administration: { label: 'Administration', icon: 'crown', draw: administrationSection },
};

/** @typedef {keyof typeof SECTIONS} SectionName */

/**
 * Everything that somebody decides about their own account. On a small screen the list of sections comes first.
 * @param {Chat} chat
 * @param {SectionName} [first]
 */
export function openAccount(chat, first) {
  const panel = h('div', { class: 'panel', role: 'region', tabindex: '-1' });
  const list = h('nav', { class: 'sections', 'aria-label': 'Sections' });
  const body = h('div', { class: 'account', 'data-pane': first ? 'panel' : 'list' }, list, panel);
  /** @type {SectionName} */
  let shown = first ?? 'profile';
  const draw = () => {
    const { label, draw: make } = SECTIONS[shown];
    panel.setAttribute('aria-label', label);
    panel.replaceChildren(h('h3', { class: 'visually-hidden' }, label), make(desk));
    for (const button of list.querySelectorAll('button')) {
      if (button.dataset.section === shown) button.setAttribute('aria-current', 'true');
      else button.removeAttribute('aria-current');
    }
  };
  const desk = new Desk(chat, draw);
  /** @param {SectionName} name */
  const go = (name) => {
    shown = name;
    body.dataset.pane = 'panel';
    draw();
    panel.scrollTop = 0;
    panel.focus();
  };
  for (const [name, { label, icon: face }] of Object.entries(SECTIONS)) {
    const run = () => go(/** @type {SectionName} */ (name));
    list.append(
      h('button', { type: 'button', 'data-section': name, onclick: run }, icon(/** @type {Icon} */ (face)), label),
    );
  }
  const dialog = openDialog('Your account', body);
  dialog.classList.add('wide');
  const back = iconButton('back', 'Back to all sections', () => toList(), { class: 'quiet back' });
  const toList = () => {
    body.dataset.pane = 'list';
    /** @type {HTMLElement | null} */ (list.querySelector('[aria-current]'))?.focus();
  };
  dialog.querySelector('header')?.prepend(back);
  draw();
}
