/**
 * The shapes of the wire, as docs/protocol.md fixes them. Nothing runs here; other modules import the types.
 * @module
 */

/** @typedef {{id: string, username: string}} Person */

/** @typedef {{emoji: string, count: number, users: string[]}} Reaction */

/**
 * An item of a stream, as it is now. `rev` rises with every change, `seq` is its place and never changes.
 * @typedef {object} Item
 * @property {string} id
 * @property {string} room
 * @property {number} seq
 * @property {number} rev
 * @property {'text' | 'notice' | 'call' | string} kind
 * @property {Person | null} author
 * @property {string} cid
 * @property {string} created_at
 * @property {string | null} edited_at
 * @property {boolean} deleted
 * @property {string} [text]
 * @property {string | null} [reply_to]
 * @property {Reaction[]} [reactions]
 * @property {string} [type]
 * @property {string | Person | null} [user]
 * @property {string | Person | null} [by]
 * @property {string | null} [role]
 * @property {string | null} [name]
 * @property {string} [media]
 * @property {string} [outcome]
 */

/** @typedef {'owner' | 'moderator' | 'member'} Role */

/**
 * @typedef {object} RoomData
 * @property {string} id
 * @property {'public' | 'private' | 'direct' | 'self'} kind
 * @property {string} name
 * @property {string} [description]
 * @property {string | null} [owner]
 * @property {number} member_count
 * @property {number} head
 * @property {Role | null} [role]
 * @property {Person | null} [peer]
 * @property {number} [read]
 * @property {number} [unread]
 * @property {'new' | 'ok' | 'delta' | 'behind' | 'reset'} [state]
 */

/** @typedef {{user: Person, role: Role, read: number, joined_at: string}} MemberData */

/**
 * @typedef {object} Hello
 * @property {string} session
 * @property {Person} user
 * @property {string} epoch
 * @property {number} heartbeat
 * @property {RoomData[]} rooms
 * @property {string | null} [rooms_next]
 */

/** @typedef {'online' | 'away' | 'busy'} Status */

/** @typedef {{user: string, status: Status | 'offline', last_seen: string | null}} Presence */

/** @typedef {{items: Item[], has_more: boolean, head: number}} Page */

/** @typedef {{items: Item[], head: number, complete: boolean}} Changes */

/** @typedef {{ev: string, room?: string, rev?: number, d: any}} EventFrame */

/** @typedef {(op: string, d: object) => Promise<any>} Request */

/** @typedef {{id: string, username: string, email?: string}} Me */

/**
 * A message on its way, kept in IndexedDB until the server has it.
 * @typedef {object} Pending
 * @property {number} n  order of writing, given by the database
 * @property {string} user  whose it is
 * @property {string} room
 * @property {string} cid
 * @property {string} text
 * @property {string | null} reply_to
 * @property {string} created_at
 * @property {'pending' | 'failed'} state
 * @property {string} [error]
 * @property {string} [code]
 */

export {};
