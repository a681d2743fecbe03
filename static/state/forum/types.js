/**
 * The shapes of topics, posts, comments and notifications on the wire. Nothing runs here.
 * @module
 */

/** @typedef {{id: string, username: string, anonymous?: boolean}} Author */

/** @typedef {-1 | 0 | 1} Value  a vote against it, none, one for it */

/**
 * What posts and comments have in common.
 * @typedef {object} Said
 * @property {string} id
 * @property {'post' | 'comment'} kind
 * @property {string} room  the topic or page of a post, the post of a comment
 * @property {number} seq
 * @property {number} rev
 * @property {Author | null} author
 * @property {string} created_at
 * @property {string | null} edited_at
 * @property {boolean} deleted
 * @property {string} text
 * @property {string | null} picture
 * @property {number} up
 * @property {number} down
 * @property {number} score
 * @property {string | null} reason
 */

/**
 * @typedef {Said & {kind: 'post', title: string, tags: string[], comments: number, status: 'open' | 'closed'}} Post
 */

/** @typedef {Said & {kind: 'comment', parent: string | null, depth: number}} Comment */

/**
 * Something that one is told of, in one's own stream.
 * @typedef {object} Notification
 * @property {string} id
 * @property {string} room
 * @property {number} seq
 * @property {number} rev
 * @property {'notification' | 'notice'} kind
 * @property {string} created_at
 * @property {boolean} deleted
 * @property {string} type
 * @property {Author[]} people  the latest first
 * @property {number} count
 * @property {string | null} place
 * @property {string | null} post
 * @property {string | null} item
 * @property {string} text
 * @property {boolean} seen
 */

/** @typedef {{items: {unread: boolean, item: any}[], next: number | null}} Notifications */

/** @typedef {'new' | 'top' | 'hot' | 'old'} Order */

/** @template T @typedef {{items: T[], next: string | null}} Listed */

/** What somebody is to me, and I to them. @typedef {{user: string, following: boolean, followed_by: boolean,
 *   friends: boolean, requested: boolean, asked: boolean, blocked: boolean}} Tie */

/** What is counted of somebody. @typedef {{followers: number, following: number, friends: number,
 *   posts: number}} Counts */

/**
 * Somebody as others see them.
 * @typedef {object} Profile
 * @property {string} id
 * @property {string} username
 * @property {string} name
 * @property {string | null} picture
 * @property {string | null} country
 * @property {string[]} links
 * @property {string} created_at
 */

/** @typedef {{user: Profile, created_at: string}} Acquainted */

/**
 * @typedef {{room: {id: string, kind: string, name: string}, user: Author, by: Author | null, created_at: string}} Invitation
 */

/**
 * Somebody who is banned from a place; no `until`: for ever.
 * @typedef {{user: Author, by: Author | null, reason: string | null, until: string | null, created_at: string}} Ban
 */

/**
 * A topic as a list or its page has it.
 * @typedef {object} Topic
 * @property {string} id
 * @property {string} name
 * @property {string} description
 * @property {string | null} [picture]
 * @property {string | null} [owner]
 * @property {number} member_count
 * @property {boolean} [open]
 * @property {string[]} [tags]
 * @property {boolean} [anonymous]
 * @property {'allow' | 'flag' | 'refuse'} [links]
 * @property {string | null} [role]
 * @property {string[] | null} [permissions]
 * @property {string} [kind]
 * @property {string | null} [place]
 * @property {number} [head]
 * @property {string | null} [active_at]
 */

export {};
