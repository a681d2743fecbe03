import { given } from './given.js';

/** @import { Request } from '../../../types.js' */
/** @import { Acquainted, Ban, Counts, Invitation, Listed, Notifications, Profile, Tie } from '../types.js' */
/** @import { Alias } from '../own/aliases.js' */
/** @import { Stance } from '../own/stances.js' */

/** @typedef {(method: string, path: string, body?: object) => Promise<any>} Call */

const PAGE = 20;
const PEOPLE_PAGE = 50;

/** What the page asks of people, and of what is one's own. */
export class Personal {
  /**
   * @param {Request} request
   * @param {Call} call  the REST door
   */
  constructor(request, call) {
    this.ask = request;
    this.call = call;
  }

  // People

  /**
   * @param {string} user
   * @returns {Promise<Profile & Counts & {last_seen: string | null, tie: Tie | null}>}
   */
  profile(user) {
    return this.call('GET', `users/${encodeURIComponent(user)}`);
  }

  /**
   * @param {string} q
   * @param {string | null} cursor
   * @returns {Promise<Listed<Profile>>}
   */
  findPeople(q, cursor) {
    return this.ask('users.search', given({ q, cursor }));
  }

  /**
   * @param {'follow.followers' | 'follow.following' | 'friend.list' | 'friend.requests'} which
   * @param {object} how  whose, or in which direction
   * @param {string | null} cursor
   * @returns {Promise<Listed<Acquainted>>}
   */
  acquainted(which, how, cursor) {
    return this.ask(which, given({ ...how, limit: PEOPLE_PAGE, cursor }));
  }

  /**
   * @param {'follow.put' | 'follow.take' | 'friend.request' | 'friend.accept' | 'friend.reject' | 'friend.cancel'
   *   | 'friend.remove'} what
   * @param {string} user
   * @returns {Promise<Tie>}
   */
  tie(what, user) {
    return this.ask(what, { user });
  }

  // Notifications, stances, other names, reports

  /**
   * @param {number | null} cursor
   * @returns {Promise<Notifications>}
   */
  notifications(cursor) {
    return this.ask('notification.list', given({ limit: PAGE, cursor }));
  }

  /** @param {string} notification */
  readNotification(notification) {
    return this.ask('notification.read', { notification });
  }

  /** @returns {Promise<{count: number}>} */
  unreadNotifications() {
    return this.ask('notification.unread', {});
  }

  /** @param {string} notification */
  dropNotification(notification) {
    return this.ask('notification.delete', { notification });
  }

  readNotifications() {
    return this.ask('notification.read_all', {});
  }

  /**
   * @param {string} target
   * @returns {Promise<Stance>}
   */
  stance(target) {
    return this.ask('stance.get', { target });
  }

  /**
   * @param {string} target
   * @param {{follow?: boolean, mute?: number, silence?: number, hide?: boolean}} change  minutes; -1 for ever
   * @returns {Promise<Stance>}
   */
  setStance(target, change) {
    return this.ask('stance.set', { target, ...change });
  }

  /**
   * @param {'followed' | 'muted' | 'silenced' | 'hidden'} what
   * @param {string | null} cursor
   * @returns {Promise<Listed<Stance>>}
   */
  stances(what, cursor) {
    return this.ask('stance.list', given({ what, cursor }));
  }

  /**
   * @param {string} topic
   * @param {string} name
   * @returns {Promise<Alias>}
   */
  setAlias(topic, name) {
    return this.ask('alias.set', { topic, name });
  }

  /** @param {string} topic */
  dropAlias(topic) {
    return this.ask('alias.drop', { topic });
  }

  /** @returns {Promise<Listed<Invitation>>} */
  invitations() {
    return this.ask('invitation.list', {});
  }

  /**
   * @param {string} room
   * @param {boolean} isAccepted
   */
  answerInvitation(room, isAccepted) {
    return this.ask(isAccepted ? 'invitation.accept' : 'invitation.decline', { room });
  }

  /**
   * @param {string} room
   * @param {string} user
   */
  invite(room, user) {
    return this.ask('invitation.make', { room, user });
  }

  /**
   * Who is invited to a place and has not answered yet.
   * @param {string} room
   * @param {string | null} cursor
   * @returns {Promise<Listed<Invitation>>}
   */
  pendingInvitations(room, cursor) {
    return this.ask('invitation.pending', given({ room, limit: PEOPLE_PAGE, cursor }));
  }

  /**
   * @param {string} room
   * @param {string} user
   */
  withdrawInvitation(room, user) {
    return this.ask('invitation.withdraw', { room, user });
  }

  /**
   * Who is banned from a place.
   * @param {string} room
   * @param {string | null} cursor
   * @returns {Promise<Listed<Ban>>}
   */
  bans(room, cursor) {
    return this.ask('room.bans', given({ room, limit: PEOPLE_PAGE, cursor }));
  }

  /**
   * @param {string} room
   * @param {string} user
   */
  unban(room, user) {
    return this.ask('room.unban', { room, user });
  }

  /** @param {object} report */
  report(report) {
    return this.ask('report.make', given({ ...report }));
  }
}
