/**
 * The shapes of the wire, as docs/protocol.md fixes them. Nothing runs here; other modules import the types.
 * @module
 */

/** @typedef {{id: string, username: string, anonymous?: boolean}} Person */

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
 * @property {string | null} [target]  in one's own stream: the room it is about
 * @property {string} [media]
 * @property {string} [call]
 * @property {string | null} [outcome]
 * @property {string} [title]  of a post
 * @property {number | null} [seconds]
 */

/** @typedef {'owner' | 'moderator' | 'member'} Role */

/**
 * @typedef {object} RoomData
 * @property {string} id
 * @property {'public' | 'private' | 'direct' | 'self' | 'topic'} kind
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
 * @property {boolean} [voip_enabled]
 * @property {boolean} [open]
 * @property {string | null} [place]
 * @property {boolean} [anonymous]
 * @property {string[] | null} [permissions]
 */

/**
 * Somebody in a room; `permissions` of a moderator: null and none are all.
 * @typedef {{user: Person, role: Role, read: number, joined_at: string, permissions?: string[] | null}} MemberData
 */

/**
 * @typedef {object} Hello
 * @property {string} session
 * @property {Person} user
 * @property {string} epoch
 * @property {number} heartbeat
 * @property {RoomData[]} rooms
 * @property {string | null} [rooms_next]
 * @property {Call[]} [calls]
 */

/** @typedef {'audio' | 'video'} CallMedia */

/**
 * @typedef {'ringing' | 'connecting' | 'connected' | 'reconnecting' | 'left' | 'answered_elsewhere'
 *   | 'declined_elsewhere'} LegState
 */

/**
 * One device of one person in a call. Of two that are in it the one with the higher `order` offers.
 * @typedef {object} Leg
 * @property {string} id
 * @property {Person} user
 * @property {LegState} state
 * @property {number} order
 * @property {boolean} muted
 * @property {boolean} camera
 * @property {boolean} screen
 * @property {boolean} hand
 */

/**
 * Somebody who was rung.
 * @typedef {object} Invited
 * @property {Person} user
 * @property {'ringing' | 'accepted' | 'declined' | 'missed' | 'busy' | 'unreachable' | 'cancelled'} state
 */

/**
 * A call as it is; of two the one with the higher `version` holds.
 * @typedef {object} Call
 * @property {string} id
 * @property {string} room
 * @property {CallMedia} media
 * @property {'mesh' | 'sfu'} [topology]
 * @property {'ringing' | 'connecting' | 'active' | 'ended'} state
 * @property {string | null} reason
 * @property {number} version
 * @property {Person} started_by
 * @property {string} started_at
 * @property {string | null} deadline
 * @property {string | null} [ended_at]
 * @property {number | null} [seconds]
 * @property {Leg[]} legs
 * @property {Invited[]} [invited]
 * @property {string} [leg]  in an answer to this device: its own leg
 * @property {boolean} [joined]
 */

/** @typedef {'offer' | 'answer' | 'ice' | 'restart'} SignalKind */

/** @typedef {{call: string, from: string, kind: SignalKind, data: any}} CallSignal */

/** @typedef {{servers: RTCIceServer[], ttl: number, policy?: RTCIceTransportPolicy}} IceAnswer */

/** @typedef {'online' | 'away' | 'busy'} Status */

/** @typedef {{user: string, status: Status | 'offline', last_seen: string | null}} Presence */

/** @typedef {{items: Item[], has_more: boolean, head: number}} Page */

/** @typedef {{items: Item[], head: number, complete: boolean}} Changes */

/** @typedef {{ev: string, room?: string, rev?: number, d: any}} EventFrame */

/** @typedef {(op: string, d: object) => Promise<any>} Request */

/** @typedef {'system' | 'light' | 'dark'} Theme */

/** @typedef {{theme: Theme, language: 'en' | 'pt', anonymous: boolean, mail_second_step: boolean,
 *   relay: 'strangers' | 'always' | 'never', last_seen: 'everybody' | 'friends' | 'nobody',
 *   mail_follow: boolean, mail_like: boolean, mail_comment: boolean, mail_digest: 'off' | 'daily' | 'weekly'}} Preferences */

/**
 * Whoever is logged in. Until the server has told, only the id and the name are known.
 * @typedef {object} Me
 * @property {string} id
 * @property {string} username
 * @property {string} [name]
 * @property {string | null} [picture]
 * @property {string | null} [banner]
 * @property {string | null} [country]
 * @property {string[]} [links]
 * @property {string} [email]
 * @property {boolean} [email_verified]
 * @property {'user' | 'moderator' | 'admin'} [role]
 * @property {Preferences} [preferences]
 */

/**
 * What proves who somebody is.
 * @typedef {object} Proofs
 * @property {boolean} password
 * @property {boolean} totp
 * @property {number} backup_codes
 * @property {boolean} recovery_code
 * @property {number} passkeys
 * @property {boolean} mail_second_step
 * @property {object[]} identities
 */

/**
 * A message on its way, kept in IndexedDB until the server has it.
 * @typedef {object} Pending
 * @property {number} n  order of writing, given by the database
 * @property {string} user  whose it is
 * @property {string} room
 * @property {string} cid
 * @property {string} text
 * @property {string | null} reply_to
 * @property {boolean} [anonymous]  under another name of mine
 * @property {string} created_at
 * @property {'pending' | 'failed'} state
 * @property {string} [error]
 * @property {string} [code]
 */

export {};
