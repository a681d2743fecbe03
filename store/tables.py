"""The declared tables: every record that is kept, and every way it may be found."""

from typing import Any

import msgspec

from store.database import Index, Record, Table

SCHEMA_VERSION = 1
"""Raised with every change of the tables below that an older program could not read."""


class User(Record, kw_only=True, omit_defaults=True):
    """An account."""

    name_key: str
    """The username folded: unique regardless of case."""
    username: str
    name: str
    picture: str | None = None
    email: str
    email_verified: bool = False
    password: str
    """A bcrypt hash of the peppered password."""
    created_at: int
    """Milliseconds since 1970, as all times in records."""


class Login(Record, kw_only=True, omit_defaults=True):
    """A log-in's session: the family of its refresh tokens. Its id is the ``session`` of the protocol."""

    user: str
    live: bool
    created_at: int
    expires_at: int
    ended_at: int | None = None
    reason: str | None = None


class Refresh(Record, kw_only=True, omit_defaults=True):
    """A refresh token; its id is the SHA-256 of the token in hexadecimal."""

    login: str
    created_at: int
    expires_at: int
    used_at: int | None = None
    forgiven: bool = False
    """Whether its one second use within the grace was spent."""


class Room(Record, kw_only=True, omit_defaults=True):
    """A room. ``kind`` is public, private, direct or self; a person's own stream is a room of kind self."""

    kind: str
    name: str = ""
    description: str = ""
    picture: str | None = None
    owner: str | None = None
    history: str = "all"
    """``all``, or ``joined``: a member sees items from the join on."""
    pair: tuple[str, ...] = ()
    """The users of a direct room: two, or one where somebody talks with oneself."""
    member_count: int = 0
    changed: int = 0
    """The rev of the room's latest own change in its stream."""
    created_at: int
    deleted: bool = False


class Member(Record, kw_only=True, omit_defaults=True):
    """A person in a room; its id is ``room:user``."""

    room: str
    user: str
    username: str
    role: str
    """owner, moderator or member."""
    read: int = 0
    """The seq up to which the person has read."""
    joined_at: int
    joined: int = 0
    """The rev of the join, or of a hidden room's showing again: where ``history`` is ``joined``, older items are not
    theirs."""
    hidden: bool = False
    """Whether a direct room does not show: it was left, or nothing was said in it yet."""


class Ban(Record, kw_only=True, omit_defaults=True):
    """Somebody who may not join a room; its id is ``room:user``."""

    room: str
    user: str
    by: str
    created_at: int


class Reaction(msgspec.Struct):
    """How often an emoji was put on an item, and by whom first (20 ids at most)."""

    emoji: str
    count: int
    users: list[str]


class Text(msgspec.Struct, tag="text", tag_field="t", omit_defaults=True):
    """What somebody said."""

    text: str
    reply_to: str | None = None
    reactions: list[Reaction] = []
    attachments: list[dict[str, Any]] = []


class Notice(msgspec.Struct, tag="notice", tag_field="t", omit_defaults=True):
    """Something that happened to a room or to a person."""

    type: str
    user: str | None = None
    by: str | None = None
    role: str | None = None
    name: str | None = None
    target: str | None = None
    """In a person's own stream: the room it is about."""


class Effect(msgspec.Struct, omit_defaults=True):
    """What an entry does to the audience of its stream, for whoever comes after it in stream order."""

    type: str
    """joined, left, role, room (the room itself changed) or closed (the room is no more)."""
    user: str | None = None
    role: str | None = None
    room: str | None = None
    """In a person's own stream: the room it is about."""
    reason: str | None = None
    by: str | None = None


class Entry(Record, kw_only=True, omit_defaults=True):
    """One rev of a stream: an item (it has a ``seq``) or the marker of a change (it names an ``item``).

    ``(stream, rev)`` is insert-only: a used rev is never free again.
    """

    stream: str
    rev: int
    author: str
    """The user's id, or ``~`` for the server."""
    cid: str
    """The client's id of its request, or ``~`` and the entry's own id."""
    created_at: int
    seq: int | None = None
    changed: int | None = None
    """An item's rev on the wire: its own, or that of its latest change."""
    kind: str | None = None
    username: str | None = None
    """The author's username when it was written."""
    digest: str | None = None
    """Hash of the body as first sent, to tell a repeated request from another under the same cid."""
    edited_at: int | None = None
    deleted: bool = False
    body: Text | Notice | None = None
    item: str | None = None
    """A marker: the id of the changed item, or of the room where it is the room itself."""
    effect: Effect | None = None


class Mark(Record, kw_only=True, omit_defaults=True):
    """Somebody's emoji on an item; its id is ``item:user:emoji``."""

    item: str
    user: str
    emoji: str
    created_at: int


class Seen(Record, kw_only=True, omit_defaults=True):
    """When somebody was last there; its id is the user's."""

    at: int


class Stream(Record, kw_only=True, omit_defaults=True):
    """What is known of a stream beside its entries. A stream without one has floor 0."""

    floor: int = 0
    """Cursors below it are answered with reset: markers under it may be gone."""


USERS = Table("users", User, (Index(("name_key",), unique=True),))
LOGINS = Table("logins", Login, (Index(("user", "live", "created_at")),))
REFRESHES = Table("refreshes", Refresh, (Index(("login",)),))
ROOMS = Table("rooms", Room, (Index(("kind", "id")),), words=("name", "description"))
MEMBERS = Table(
    "members",
    Member,
    (Index(("user", "room")), Index(("room", "user")), Index(("room", "role", "user"))),
    words=("username",),
)
BANS = Table("bans", Ban, (Index(("room", "user")),))
ENTRIES = Table(
    "entries",
    Entry,
    (
        Index(("stream", "rev"), unique=True),
        Index(("stream", "author", "cid"), unique=True),
        Index(("stream", "seq")),
        Index(("stream", "changed")),
    ),
    clock=True,
)
MARKS = Table("marks", Mark, (Index(("item", "user")),))
SEEN = Table("seen", Seen)
STREAMS = Table("streams", Stream)

TABLES: tuple[Table[Any], ...] = (USERS, LOGINS, REFRESHES, ROOMS, MEMBERS, BANS, ENTRIES, MARKS, SEEN, STREAMS)
