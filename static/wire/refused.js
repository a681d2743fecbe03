/**
 * A request that did not succeed, whichever door it took.
 *
 * `code` is the server's, or one of ours: `offline` (never left this browser), `lost` (left, and the connection
 * went before an answer came: it may have been done), `timeout` (no answer in time: it may have been done),
 * `cancelled` (a person changed their mind).
 */
export class Refused extends Error {
  /**
   * @param {string} code
   * @param {string} detail
   * @param {{status?: number, retryAfter?: number, errors?: {pointer: string, detail: string}[],
   *   ticket?: string, methods?: string[], until?: string | null, reason?: string | null}} [more]
   */
  constructor(code, detail, more = {}) {
    super(detail);
    this.name = 'Refused';
    this.code = code;
    this.status = more.status ?? 0;
    /** Seconds to wait before another try, where one can help. */
    this.retryAfter = more.retryAfter;
    this.errors = more.errors ?? [];
    /** What to go on with, where another proof is needed. */
    this.ticket = more.ticket;
    /** The proofs that would do. */
    this.methods = more.methods ?? [];
    /** When a ban ends, and what it is for. */
    this.until = more.until ?? null;
    this.reason = more.reason ?? null;
  }

  /** Whether the same request may succeed later. */
  get isPassing() {
    return this.retryAfter !== undefined || PASSING.has(this.code);
  }

  /** Whether it may have been done nevertheless. */
  get mayBeDone() {
    return UNSURE.has(this.code);
  }
}

const UNSURE = new Set(['lost', 'timeout', 'unavailable']);
const PASSING = new Set(['offline', 'lost', 'timeout', 'unavailable', 'rate_limited', 'unauthenticated']);

/** @type {Record<string, string>} */
const WORDS = {
  offline: 'You are not connected right now. Please try again in a moment.',
  lost: 'You are not connected right now. Please try again in a moment.',
  timeout: 'The server takes too long to answer. Please try again.',
  unavailable: 'The server is busy. Please try again in a moment.',
  cancelled: 'Nothing was changed.',
  bad_credentials: 'No account has this name and password.',
  username_taken: 'This username is taken.',
  weak_password: 'This password is one of those that are guessed first. Choose another.',
  email_taken: 'This address belongs to another account.',
  email_unverified: 'Prove your e-mail address first: your account, E-mail.',
  wrong_code: 'This code is not right, or was used before.',
  ticket_over: 'This took too long, or was used before. Please begin again.',
  bad_passkey: 'This passkey could not be checked.',
  last_way_in: 'Without it you could not log in any more. Add another way first.',
  last_admin: 'The last admin has to stay.',
  second_factor_missing: 'Log in with a second step to do this: your account, Second step.',
  confirmation_needed: 'Confirm first that it is you.',
  cross_site: 'The server takes this for a request of another site. Does it know the proxy in front of it?',
  blocked: 'You cannot reach each other: one of you has blocked the other.',
  user_not_found: 'There is nobody of that name.',
  name_taken: 'Another one is called so.',
  too_many_tokens: 'You have as many tokens as you may. End one of them first.',
  provider_unavailable: 'The other side does not answer. Please try again later.',
  other_browser: 'This was begun in another browser, or by somebody else. Please begin again here.',
  wrong_issuer: 'The answer came from somewhere else than we asked. Please begin again.',
  sign_in_refused: 'The other side did not confirm this. Please begin again.',
  identity_unproved: 'The other side did not prove who you are.',
  link_first: 'An account here has the same address. Log in to it, and link the two there: your account, Sign in with.',
  identity_taken: 'Another account here is linked to this one.',
  not_a_member: 'Join first: only members may do this.',
  room_not_found: 'There is nothing here, or nothing that you may see.',
  post_not_found: 'There is no such post, or none that you may see.',
  comment_not_found: 'There is no such comment.',
  post_closed: 'This post is closed: it takes no comments any more.',
  deleted: 'This was deleted.',
  anonymous_off: 'Nobody speaks under another name here.',
  alias_taken: 'This name cannot be had here. Choose another.',
  alias_silenced: 'You may speak under your own name alone here.',
  title_taken: 'Another topic has this title.',
  permission_missing: 'You moderate here, but may not do this.',
  content_refused: 'This holds words or links that are not wanted here.',
  banned: 'You are banned here.',
  already_member: 'They are here already.',
  already_invited: 'They were invited already.',
  reported_already: 'You have reported this already.',
  answered_elsewhere: 'You have answered on another device.',
  busy: 'You are in another call.',
  call_full: 'As many are in this call as it can carry.',
  call_over: 'This call is over.',
  calls_off: 'Calls are switched off in this room.',
  not_in_call: 'You are not in this call any more.',
};

/**
 * What to tell a person about `error`.
 * @param {unknown} error
 * @returns {string}
 */
export function inWords(error) {
  if (!(error instanceof Refused)) return 'Something went wrong. Please try again.';
  if (error.code === 'rate_limited') return `That was a little too fast. Please try again in ${pause(error)}.`;
  if (error.code === 'account_banned') return bannedWords(error);
  return WORDS[error.code] ?? (error.message || 'Something went wrong. Please try again.');
}

/** @param {Refused} error */
function pause(error) {
  const seconds = Math.ceil(error.retryAfter ?? 1);
  return seconds < 120 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
}

/** @param {Refused} error */
function bannedWords({ until, reason }) {
  const when = until ? ` until ${new Date(until).toLocaleString('en', { dateStyle: 'long', timeStyle: 'short' })}` : '';
  return `This account is banned${when}.${reason ? ` The reason: ${reason}` : ''}`;
}
