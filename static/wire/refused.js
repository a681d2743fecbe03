/**
 * A request that did not succeed, whichever door it took.
 *
 * `code` is the server's, or one of ours: `offline` (never left this browser), `lost` (left, and the connection
 * went before an answer came: it may have been done), `timeout` (no answer in time: it may have been done).
 */
export class Refused extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   * @param {{status?: number, retryAfter?: number, errors?: {pointer: string, detail: string}[]}} [more]
   */
  constructor(code, detail, more = {}) {
    super(detail);
    this.name = 'Refused';
    this.code = code;
    this.status = more.status ?? 0;
    /** Seconds to wait before another try, where one can help. */
    this.retryAfter = more.retryAfter;
    this.errors = more.errors ?? [];
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.retryAfter !== undefined || PASSING.has(this.code);
  }
}

const PASSING = new Set(['offline', 'lost', 'timeout', 'unavailable', 'rate_limited', 'unauthenticated']);

/**
 * What to tell a person about `error`.
 * @param {unknown} error
 * @returns {string}
 */
export function inWords(error) {
  if (!(error instanceof Refused)) return 'Something went wrong. Please try again.';
  switch (error.code) {
    case 'offline':
    case 'lost':
      return 'You are not connected right now. Please try again in a moment.';
    case 'timeout':
      return 'The server takes too long to answer. Please try again.';
    case 'rate_limited':
      return `That was a little too fast. Please try again in ${Math.ceil(error.retryAfter ?? 1)} s.`;
    case 'unavailable':
      return 'The server is busy. Please try again in a moment.';
    default:
      return error.message || 'Something went wrong. Please try again.';
  }
}
