import { may } from '../../../state/room.js';
import { confirm } from '../../dialogs/confirm.js';
import { openPeople } from '../../dialogs/people.js';
import { visible } from '../../drawing/words.js';
import { doorWords, openDoor } from '../../rooms/door.js';
import { toTopic } from '../../routes.js';
import { openAlias } from './alias.js';
import { openTopicSettings } from './form.js';
import { stanceChoices } from '../notices/stance.js';
import { share } from '../posts/acts.js';
import { openReport } from '../posts/report.js';

/** @import { Chat } from '../../chat.js' */
/** @import { Choice } from '../../drawing/menu.js' */
/** @import { Topic } from '../../../state/forum/types.js' */

/**
 * What can be done with a topic.
 * @param {Chat} chat
 * @param {Topic} topic
 * @param {(topic: Topic) => void} changed
 * @returns {Choice[]}
 */
export function topicChoices(chat, topic, changed) {
  /** @type {Choice[]} */
  const choices = [{ label: 'Copy link', icon: 'link', run: () => share(chat, toTopic(topic.id)) }];
  if (may(topic, 'edit_topic'))
    choices.push({ label: 'Settings…', icon: 'settings', run: () => openTopicSettings(chat, topic, changed) });
  if (topic.role) choices.push({ label: 'Invite…', icon: 'personAdd', run: () => invite(chat, topic) });
  const door = doorWords(topic);
  if (door) choices.push({ label: `${door}…`, icon: 'shield', run: () => openDoor(chat, topic) });
  if (topic.role && topic.anonymous)
    choices.push({ label: 'Your other name…', icon: 'mask', run: () => openAlias(chat, topic) });
  choices.push(...stanceChoices(chat, topic.id, ['follow', 'mute', 'silence', 'hide']));
  if (topic.role !== 'owner')
    choices.push({ label: 'Report…', icon: 'flag', run: () => openReport(chat, 'topic', topic.id) });
  if (topic.role) choices.push({ label: 'Leave…', icon: 'door', isDangerous: true, run: () => leave(chat, topic) });
  if (topic.role === 'owner')
    choices.push({ label: 'Delete…', icon: 'trash', isDangerous: true, run: () => remove(chat, topic) });
  return choices;
}

/**
 * @param {Chat} chat
 * @param {Topic} topic
 */
function invite(chat, topic) {
  openPeople(chat, {
    title: 'Invite somebody',
    action: 'Invite',
    run: async (person) => {
      await chat.forum.wire.invite(topic.id, person.id);
      chat.toasts.show(`${person.username} was invited.`);
    },
  });
}

/**
 * @param {Chat} chat
 * @param {Topic} topic
 */
function leave(chat, topic) {
  if (topic.role === 'owner' && topic.member_count > 1) {
    chat.toasts.show('You own this topic: make somebody else the owner first, among its members.');
    return;
  }
  confirm({
    title: `Leave ${visible(topic.name)}?`,
    text: topic.open ? 'You can join again at any time.' : 'You can come back only when somebody invites you.',
    action: 'Leave',
    run: async () => {
      await chat.connection.request('room.leave', { room: topic.id });
      if (!topic.open) location.hash = '#/topics';
    },
  });
}

/**
 * @param {Chat} chat
 * @param {Topic} topic
 */
function remove(chat, topic) {
  confirm({
    title: `Delete ${visible(topic.name)}?`,
    text: 'The topic with its posts, its chat and its rooms is gone for everybody, for good.',
    action: 'Delete topic',
    run: async () => {
      await chat.forum.wire.deleteTopic(topic.id);
      location.hash = '#/topics';
    },
  });
}
