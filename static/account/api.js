/**
 * The REST door.
 * @module
 */

import { Refused } from '../wire/refused.js';

const TIMEOUT_MS = 20_000;

/**
 * Ask `method path` (below /api/) and give the answer's object, or null where the server has nothing to say.
 *
 * The one cookie goes along, and tells nobody who asks: it has the refresh token, which no script reads.
 * @param {string} method
 * @param {string} path
 * @param {{body?: object, token?: string}} [more]
 * @returns {Promise<any>}
 * @throws {Refused}
 */
export async function call(method, path, { body, token } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (body) headers['Content-Type'] = 'application/json';
  if (token) headers['Authorization'] = `Bearer ${token}`;
  let response;
  let answer;
  try {
    response = await fetch(new URL(`/api/${path}`, location.origin), {
      method,
      headers,
      body: body ? JSON.stringify(body) : undefined,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    answer = response.status === 204 ? null : await response.json();
  } catch (error) {
    throw unanswered(error, response);
  }
  if (!response.ok) throw refusal(response, answer);
  return answer;
}

/**
 * @param {unknown} error
 * @param {Response | undefined} response
 */
function unanswered(error, response) {
  if (error instanceof DOMException && error.name === 'TimeoutError')
    return new Refused('timeout', 'no answer in time');
  // A proxy in front of a server that is away answers in HTML.
  if (response) return new Refused('unavailable', 'unreadable answer', { status: response.status });
  return new Refused('offline', 'the server cannot be reached');
}

/**
 * @param {Response} response
 * @param {any} answer  a problem, as RFC 9457 has it
 */
function refusal(response, answer) {
  const after = Number(response.headers.get('Retry-After') ?? NaN);
  return new Refused(answer?.code ?? 'internal', answer?.detail ?? answer?.title ?? response.statusText, {
    status: response.status,
    retryAfter: Number.isFinite(after) ? after : undefined,
    errors: Array.isArray(answer?.errors) ? answer.errors : [],
    ticket: answer?.ticket,
    methods: Array.isArray(answer?.methods) ? answer.methods : [],
    until: answer?.until,
    reason: answer?.reason,
  });
}
