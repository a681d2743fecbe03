import { dateWords } from '../../drawing/time.js';
import { fetched, part, row, rowButton, rowList } from '../desk.js';
import { openAlias } from '../../forum/topics/alias.js';
import { h } from '../../drawing/dom.js';

/** @import { Desk } from '../desk.js' */

/** @typedef {{topic: string, topic_name: string, alias: {id: string, name: string, created_at: string}}} Named */

/**
 * The other names that somebody has, by topic.
 * @param {Desk} desk
 */
export function namesSection(desk) {
  const { wire, aliases } = desk.chat.forum;
  const found = fetched(
    async () => (await wire.ask('alias.mine', { limit: 100 })).items,
    (/** @type {Named[]} */ items) => [
      rowList(
        items.map(({ topic, topic_name: name, alias }) => {
          aliases.take(topic, alias);
          const change = () => openAlias(desk.chat, { id: topic }, desk.redraw);
          const drop = () =>
            desk.attempt(async () => {
              await wire.dropAlias(topic);
              aliases.take(topic, null);
              desk.redraw();
            });
          return row(
            alias.name,
            [`in ${name || 'a topic that you see no more'}`, `since ${dateWords(alias.created_at)}`],
            rowButton('Change', `Change your other name in ${name}`, change),
            rowButton('Give up', `Give up your other name in ${name}`, drop),
          );
        }),
        'You have no other name yet. Topics that permit it give you one when you first speak under it.',
      ),
    ],
  );
  const words =
    'Others see such a name, and nothing that leads from it to you. What you give up stays with what was said.';
  return h('div', {}, part('Other names', words, found));
}
