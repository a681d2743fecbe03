/** @import { CallViews } from '../views.js' */

/** A key as people read it, and as programs do. @typedef {{words: string, name: string}} Shortcut */

const IS_MAC = /mac|iphone|ipad/i.test(navigator.platform);

/**
 * @param {string} letter
 * @returns {Shortcut}
 */
function withControl(letter) {
  return IS_MAC
    ? { words: `⌘ ${letter}`, name: `Meta+${letter}` }
    : { words: `Ctrl ${letter}`, name: `Control+${letter}` };
}

export const KEYS = {
  mute: withControl('D'),
  camera: withControl('E'),
  call: { words: IS_MAC ? '⌥ C' : 'Alt C', name: 'Alt+C' },
};

/**
 * The keys of calls. They work wherever the focus is: whoever is in a call and reads elsewhere has to be quick.
 * @param {CallViews} views
 */
export function watchKeys(views) {
  /** @type {Record<string, () => void>} */
  const inCall = { d: () => views.acts.toggleMute(), e: () => views.acts.toggleCamera() };
  document.addEventListener(
    'keydown',
    (event) => {
      const { key, code, altKey, ctrlKey, metaKey, shiftKey, repeat } = event;
      if (shiftKey || repeat) return;
      const isControl = (IS_MAC ? metaKey && !ctrlKey : ctrlKey && !metaKey) && !altKey;
      const run = isControl && views.current ? inCall[key.toLowerCase()] : undefined;
      // By its place: with the other key many layouts make another letter of it.
      const leads = code === 'KeyC' && altKey && !ctrlKey && !metaKey && (views.current || views.title);
      if (!run && !leads) return;
      event.preventDefault();
      if (run) run();
      else views.lead();
    },
    { signal: views.chat.closing },
  );
}
