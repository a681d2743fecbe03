"""Rooms and what is said in them."""

from typing import Any

import msgspec

from store.database import Index, Record, Table


class Room(Record, kw_only=True, omit_defaults=True):
    """A room. ``kind`` is public, private, direct, self, topic, page or post.

    A person's own stream is a room of kind self; what they post beside all topics is in one of kind page. The
    discussion of a post is one of kind post, with the post's id.
    """

    kind: str
    name: str = ""
    description: str = ""
    picture: str | None = None
    background: str | None = None
    """Of a room: address of the picture behind what is said."""
    owner: str | None = None
    history: str = "all"
    """``all``, or ``joined``: a member sees items from the join on."""
    pair: tuple[str, ...] = ()
    """The users of a direct room: two, or one where somebody talks with oneself."""
    blocked: tuple[str, ...] = ()
    """Those of a direct room's pair who block the other, or whose account is no more: nothing is said in it."""
    member_count: int = 0
    voip_enabled: bool = True
    """Whether people may call each other in it."""
    open: bool = False
    """Of a topic, or a room in one: whether all who may see what it is in may see and join it."""
    place: str | None = None
    """What it is in: the topic of a room, the topic or the page of a post."""
    tags: tuple[str, ...] = ()
    labels: str = ""
    """The tags with blanks between them, which searching finds: each as a word, and as itself alone."""
    listed: str | None = None
    """``topic`` where it stands in the list of topics: an open one that is not deleted."""
    active_at: int | None = None
    """Of a topic, or a room in one: when something was last said in it, a minute more or less."""
    anonymous: bool = False
    """Of a topic: whether people may speak under another name in it."""
    links: str = "allow"
    """Of a topic: what becomes of links in it: allow, flag or refuse."""
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
    permissions: tuple[str, ...] | None = None
    """What a moderator may do; None: everything that moderators may."""
    read: int = 0
    """The seq up to which the person has read."""
    joined_at: int
    joined: int = 0
    """The rev of the join, or of a hidden room's showing again: where ``history`` is ``joined``, older items are not
    theirs."""
    hidden: bool = False
    """Whether a direct room does not show: it was left, or nothing was said in it yet."""
    told: bool = False
    """Of an own stream: whether there ever was a notification in it, and so something to count."""


class Ban(Record, kw_only=True, omit_defaults=True):
    """Somebody who may not join a room; its id is ``room:user``."""

    room: str
    user: str
    by: str
    reason: str | None = None
    until: int | None = None
    """When it ends by itself; None where it does not."""
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
    permissions: tuple[str, ...] | None = None
    """What a moderator may do from then on; None: everything that moderators may."""
    target: str | None = None
    """In a person's own stream: the room it is about."""


class Called(msgspec.Struct, tag="call", tag_field="t", omit_defaults=True):
    """A call, from its start on; ``outcome`` and ``seconds`` once it has ended."""

    call: str
    media: str
    outcome: str | None = None
    seconds: int | None = None


class Posted(msgspec.Struct, tag="post", tag_field="t", omit_defaults=True):
    """A post, with its totals."""

    title: str
    text: str
    tags: tuple[str, ...] = ()
    picture: str | None = None
    up: int = 0
    down: int = 0
    comments: int = 0
    status: str = "open"
    """open or closed: whether comments are taken."""
    reason: str | None = None
    """Why it was closed, or deleted."""


class Commented(msgspec.Struct, tag="comment", tag_field="t", omit_defaults=True):
    """A comment on a post, with its totals."""

    text: str
    parent: str | None = None
    depth: int = 0
    picture: str | None = None
    up: int = 0
    down: int = 0
    reason: str | None = None
    """Why it was deleted."""


class Person(msgspec.Struct):
    """Somebody in a notification: a user, or the other name of one."""

    id: str
    username: str
    anonymous: bool = False


class Notified(msgspec.Struct, tag="notification", tag_field="t", omit_defaults=True):
    """Something that a person is told of; several of one sort about one thing are one, while it is unread."""

    type: str
    """mention, everyone, reply, comment, post, vote, follow, friend_request, friend_accepted, invitation."""
    people: tuple[Person, ...] = ()
    """Who caused it, the latest first; 20 at most."""
    count: int = 1
    """How often it happened; of votes and follows, how many people did it."""
    place: str | None = None
    """The room, topic or page it happened in."""
    post: str | None = None
    item: str | None = None
    """The message, comment or post that caused it."""
    text: str = ""
    """The name of the place. What was said is not in it: it may be deleted later, or be seen no more."""
    seen: bool = False
    """Whether it was read by itself; what the read marker has passed is read too."""


class Effect(msgspec.Struct, omit_defaults=True):
    """What an entry does to the audience of its stream, for whoever comes after it in stream order."""

    type: str
    """joined, left, role, room (the room itself changed), shut (only members watch from here on) or closed (the room is
    no more)."""
    user: str | None = None
    role: str | None = None
    permissions: tuple[str, ...] | None = None
    room: str | None = None
    """In a person's own stream: the room it is about."""
    reason: str | None = None
    by: str | None = None


Body = Text | Notice | Called | Posted | Commented | Notified
"""What an item holds, by its kind."""


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
    person: str | None = None
    """Who wrote it, where ``author`` is another name of theirs; it leaves the server nowhere."""
    digest: str | None = None
    """Hash of the body as first sent, to tell a repeated request from another under the same cid."""
    edited_at: int | None = None
    deleted: bool = False
    body: Body | None = None
    item: str | None = None
    """A marker: the id of the changed item, or of the room where it is the room itself."""
    effect: Effect | None = None


class Mark(Record, kw_only=True, omit_defaults=True):
    """Somebody's emoji on an item; its id is ``item:user:emoji``."""

    item: str
    user: str
    shown: str | None = None
    """The other name under which it was put, where it was: its id stands beside the count."""
    emoji: str
    created_at: int


class Seen(Record, kw_only=True, omit_defaults=True):
    """When somebody was last there; its id is the user's."""

    at: int


class Stream(Record, kw_only=True, omit_defaults=True):
    """What is known of a stream beside its entries. A stream without one has floor 0."""

    floor: int = 0
    """Cursors below it are answered with reset: markers under it may be gone."""


ROOMS = Table(
    "rooms",
    Room,
    (
        Index(("kind", "id")),
        Index(("listed", "id")),
        Index(("listed", "active_at", "id")),
        Index(("listed", "member_count", "id")),
        Index(("place", "active_at", "id")),
    ),
    words=("name", "description", "labels"),
)
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

TALK_TABLES: tuple[Table[Any], ...] = (ROOMS, MEMBERS, BANS, ENTRIES, MARKS, SEEN, STREAMS)
