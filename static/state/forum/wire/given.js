/**
 * An object without what is not given.
 * @param {Record<string, any>} d
 */
export function given(d) {
  const kept = Object.entries(d).filter(([, value]) => value !== undefined && value !== null && value !== '');
  return Object.fromEntries(kept);
}

/** An id of a request, by which repeating it is harmless. */
export function makeCid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
