const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** Of whoever is in a call: the server keeps their place in it for 15 s. */
const URGENT_MS = 2000;

/**
 * How long to wait before try number `attempt` (from 0): full jitter, so that a thousand clients of a node that
 * died do not come back in one wave.
 * @param {number} attempt
 * @param {boolean} isUrgent
 * @returns {number} milliseconds
 */
export function backoff(attempt, isUrgent) {
  return Math.random() * Math.min(isUrgent ? URGENT_MS : LONGEST_MS, FIRST_MS * 2 ** attempt);
}
