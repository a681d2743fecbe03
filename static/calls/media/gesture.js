/**
 * Whether somebody has used this page: before that browsers let it make no sound, and complain where it tries.
 * @module
 */

import { Signal } from '../../signal.js';

/** Somebody uses the page, for the first time or again. @type {Signal} */
export const used = new Signal();

for (const kind of ['pointerup', 'keydown'])
  addEventListener(kind, () => used.fire(), { capture: true, passive: true });

export function wasUsed() {
  return navigator.userActivation?.hasBeenActive ?? false;
}

/** @type {AudioContext | null} */
let shared = null;

/** What sounds are made and heard with; null before the page was used. @returns {AudioContext | null} */
export function audioContext() {
  if (!wasUsed()) return null;
  shared ??= new AudioContext();
  // It is put to sleep where nothing was to be heard for long. Where it cannot wake now, the next one who asks tries.
  if (shared.state === 'suspended') shared.resume().catch(() => undefined);
  return shared;
}
