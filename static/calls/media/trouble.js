/**
 * What is wrong with a device of mine, in words.
 * @typedef {{what: 'microphone' | 'camera' | 'screen' | 'media', words: string}} Trouble
 */

const INSECURE = 'Browsers let a page use microphones and cameras over https alone. You can listen and watch.';

/** @type {Record<string, string>} */
const DENIED = {
  microphone: 'This page may not use your microphone: nobody hears you. Allow it in your browser, then unmute.',
  camera: 'This page may not use your camera. Allow it in your browser, then turn it on.',
  screen: 'This page may not show your screen.',
};
/** @type {Record<string, string>} */
const MISSING = {
  microphone: 'No microphone was found: nobody hears you. You can listen and watch.',
  camera: 'No camera was found.',
  screen: 'This browser cannot share a screen.',
};
/** @type {Record<string, string>} */
const IN_USE = {
  microphone: 'Your microphone cannot be used. Does another program use it?',
  camera: 'Your camera cannot be used. Does another program use it?',
  screen: 'Your screen cannot be shared right now.',
};

/**
 * @param {Trouble['what']} what
 * @param {unknown} error  what the browser answered
 * @returns {Trouble}
 */
export function troubleOf(what, error) {
  if (!navigator.mediaDevices) return { what, words: INSECURE };
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return { what, words: DENIED[what] };
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return { what, words: MISSING[what] };
  return { what, words: IN_USE[what] };
}

/**
 * A device went while it was used.
 * @param {Trouble['what']} what
 * @returns {Trouble}
 */
export function goneTrouble(what) {
  return { what, words: what === 'camera' ? 'Your camera is gone.' : 'Your microphone is gone: nobody hears you.' };
}
