const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: 'short' });
const longDay = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });
const longDayYear = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' });
const shortDay = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });
const longDate = new Intl.DateTimeFormat('en', { dateStyle: 'long' });
const full = new Intl.DateTimeFormat('en', { dateStyle: 'full', timeStyle: 'short' });

const DAY_MS = 86_400_000;

/**
 * The day of a moment, as a number, here.
 * @param {string} at
 */
export function dayOf(at) {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** @param {string} at */
export function timeOf(at) {
  return clock.format(new Date(at));
}

/** @param {string} at */
export function fullTime(at) {
  return full.format(new Date(at));
}

/**
 * The line between two days.
 * @param {string} at
 */
export function dayWords(at) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - dayOf(at)) / DAY_MS);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  const date = new Date(at);
  return date.getFullYear() === new Date().getFullYear() ? longDay.format(date) : longDayYear.format(date);
}

/**
 * A moment of the past within a sentence.
 * @param {string} at
 */
export function pastWords(at) {
  const day = dayWords(at);
  const when = day === 'Today' || day === 'Yesterday' ? day.toLowerCase() : `on ${shortDay.format(new Date(at))}`;
  return `${when} at ${timeOf(at)}`;
}

/**
 * A day, whenever it is.
 * @param {string} at
 */
export function dateWords(at) {
  return longDate.format(new Date(at));
}

/**
 * As short as can be, for the list of rooms.
 * @param {string} at
 */
export function shortTime(at) {
  const days = Math.round((new Date().setHours(0, 0, 0, 0) - dayOf(at)) / DAY_MS);
  const date = new Date(at);
  if (days <= 0) return clock.format(date);
  return days < 7 ? weekday.format(date) : shortDay.format(date);
}
