import { h } from './dom.js';
import { icon } from './icons.js';

/** @import { Icon } from './icons.js' */

/** @typedef {{label: string, icon: Icon, run: () => void, isDangerous?: boolean}} Choice */

/**
 * A button that opens a menu. The choices are asked for each time it opens.
 * @param {object} how
 * @param {string} how.label
 * @param {string} [how.className]
 * @param {string} [how.focus]  the name by which focus is kept when the button is drawn anew
 * @param {Node} how.face
 * @param {boolean} [how.speaks]  whether the face says the label itself
 * @param {() => Choice[]} how.choices
 */
export function menuButton({ label, className = 'quiet', focus, face, speaks = false, choices }) {
  const button = h('button', {
    type: 'button',
    class: className,
    'aria-label': !speaks && label,
    title: label,
    'aria-haspopup': 'menu',
    'aria-expanded': 'false',
    'data-focus': focus,
    onclick: () => openMenu(button, label, choices()),
  });
  button.append(face);
  return button;
}

/**
 * @param {HTMLButtonElement} button
 * @param {string} label
 * @param {Choice[]} choices
 */
function openMenu(button, label, choices) {
  const menu = h('div', { class: 'menu', role: 'menu', 'aria-label': label, popover: 'auto' });
  for (const choice of choices) menu.append(menuItem(choice, () => menu.hidePopover()));
  menu.addEventListener('keydown', (event) => moveIn(menu, event));
  menu.addEventListener('toggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState !== 'closed') return;
    button.setAttribute('aria-expanded', 'false');
    if (menu.contains(document.activeElement)) button.focus();
    menu.remove();
  });
  document.body.append(menu);
  menu.showPopover();
  place(menu, button);
  button.setAttribute('aria-expanded', 'true');
  /** @type {HTMLElement | null} */ (menu.firstElementChild)?.focus();
}

/**
 * @param {Choice} choice
 * @param {() => void} close
 */
function menuItem(choice, close) {
  return h(
    'button',
    {
      type: 'button',
      role: 'menuitem',
      tabindex: '-1',
      class: choice.isDangerous ? 'danger' : '',
      onclick: () => {
        close();
        choice.run();
      },
    },
    icon(choice.icon),
    choice.label,
  );
}

/**
 * @param {HTMLElement} menu
 * @param {KeyboardEvent} event
 */
function moveIn(menu, event) {
  const items = /** @type {HTMLElement[]} */ ([...menu.children]);
  const at = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  /** @type {Record<string, number>} */
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
  if (event.key === 'Tab') menu.hidePopover();
  const to = moves[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}

/**
 * Put a floating element beside its button, inside the window.
 * @param {HTMLElement} floating
 * @param {Element} button
 */
export function place(floating, button) {
  const around = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = floating;
  const left = Math.min(Math.max(8, around.right - width), innerWidth - width - 8);
  const below = around.bottom + 6;
  const top = below + height > innerHeight - 8 ? Math.max(8, around.top - height - 6) : below;
  floating.style.left = `${Math.max(8, left)}px`;
  floating.style.top = `${top}px`;
}
