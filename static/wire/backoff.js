const FIRST_MS = 500;
const LONGEST_MS = 30_000;

/**
 * How long to wait before try number `attempt` (from 0): full jitter, so that a thousand clients of a node that
 * died do not come back in one wave.
 * @param {number} attempt
 * @returns {number} milliseconds
 */
export function backoff(attempt) {
  return Math.random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
}
