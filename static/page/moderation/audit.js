import { fetched, part, row, rowList } from '../account/desk.js';
import { h } from '../drawing/dom.js';
import { pastWords } from '../drawing/time.js';

/** @import { Desk } from '../account/desk.js' */

/**
 * A line of the audit log.
 * @typedef {object} Act
 * @property {string} id
 * @property {string} created_at
 * @property {string} action
 * @property {string | {id: string, username: string} | null} actor
 * @property {string | {id: string, username: string} | null} subject
 * @property {string} [address]
 * @property {Record<string, unknown>} [details]
 */

/**
 * What was done, the latest first.
 * @param {Desk} desk
 */
export function auditPart(desk) {
  const box = h('div', {});
  const open = () => box.replaceChildren(fetched(() => page(desk, null), (found) => drawPage(desk, found)));
  const button = h('button', { type: 'button', class: 'plain', onclick: open }, 'Show the log');
  box.append(h('div', { class: 'actions' }, button));
  return part('Audit log', 'Who did what to whom. Nothing in it can be changed.', box);
}

/**
 * @param {Desk} desk
 * @param {string | null} cursor
 * @returns {Promise<{items: Act[], next: string | null}>}
 */
async function page(desk, cursor) {
  const query = new URLSearchParams(cursor ? { cursor } : {});
  const found = await desk.ask('GET', `admin/audit?${query}`);
  await meet(desk, found.items);
  return found;
}

/**
 * Learn the names behind ids, where the server gives no more than those.
 * @param {Desk} desk
 * @param {Act[]} acts
 */
async function meet(desk, acts) {
  const ids = acts.flatMap(({ actor, subject }) => [actor, subject]).filter((who) => typeof who === 'string');
  const asked = [...new Set(ids)].filter((id) => id && id !== '~').slice(0, 100);
  if (!asked.length) return;
  const { items } = await desk.ask('GET', `users?${new URLSearchParams({ ids: asked.join(',') })}`);
  for (const person of items) desk.chat.store.people.meet(person);
}

/**
 * @param {Desk} desk
 * @param {{items: Act[], next: string | null}} found
 */
function drawPage(desk, { items, next }) {
  const name = (/** @type {Act['actor']} */ who) => (who === '~' ? 'the server' : desk.chat.store.people.name(who));
  const rows = items.map(({ action, actor, subject, created_at: at, address, details }) =>
    row(
      subject ? `${action} · ${name(subject)}` : action,
      [`by ${name(actor)}, ${pastWords(at)}${address ? `, from ${address}` : ''}`, detailWords(details)],
    ),
  );
  const rest = h('div', {});
  const more = () => rest.replaceChildren(fetched(() => page(desk, next), (later) => drawPage(desk, later)));
  if (next) rest.append(h('button', { type: 'button', class: 'plain', onclick: more }, 'Show more'));
  return [rowList(rows, 'Nothing was done yet.'), rest];
}

/** @param {Record<string, unknown>} [details] */
function detailWords(details = {}) {
  return Object.entries(details)
    .map(([what, value]) => `${what}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
