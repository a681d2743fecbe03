"""Rows of the parity table about topics, rooms in them, bans and invitations."""

from tests.client.checks import Json
from tests.integration.every_operation.rows import MEMBER, Row, of_room

_TOPIC = {"topic": "$room"}
_TITLE = {"title": "$unique"}
_STRANGER = MEMBER | {"user": "$stranger"}
_OTHER = MEMBER | {"user": "$member"}
_BARE = (("owner", "room.role", MEMBER | {"user": "$moderator", "role": "moderator", "permissions": []}),)
"""A moderator who may do nothing."""
_BANNED = (("owner", "room.ban", _STRANGER | {"reason": "noise", "until": "2034-01-01T00:00:00Z"}),)
_INVITED = (("owner", "invitation.make", _STRANGER),)
_CLOSED = (*_INVITED, ("owner", "room.delete", MEMBER))
_BLOCKED = (("peer", "users.block", {"user": "$owner"}),)
_HELD = (("owner", "topic.create", {"title": "$taken"}),)
_LINKS = (("owner", "topic.update", _TOPIC | {"links": "refuse"}),)
_LINK = {"description": "see https://example.org"}


def _of_topic(op: str, d: Json, *, public: bool = True) -> list[Row]:
    """Return the rows of those that have no business in a topic."""
    rows = [
        Row(op, "room_not_found", "member", d | {"topic": "nowhere"}),
        Row(op, "room_not_found", "member", d),
        Row(op, "room_not_found", "stranger", d, kind="hidden"),
    ]
    return [*rows, Row(op, "not_a_member", "stranger", d, kind="topic")] if public else rows


_TOPICS = [
    Row("topic.create", "ok", "member", _TITLE | {"tags": ["sea", "wind"], "links": "flag"}, writes=True),
    Row("topic.create", "title_taken", "member", {"title": "$taken"}, before=_HELD),
    Row("topic.create", "content_refused", "member", _TITLE | {"description": "$refused"}),
    Row("topic.list", "ok", "member", {"q": "$unique"}, kind="topic"),
    Row("topic.list", "ok", "member", {"tags": "none_has_it", "order": "new"}),
    Row("topic.mine", "ok", "peer"),
    Row("topic.get", "ok", "member", _TOPIC, kind="hidden"),
    Row("topic.get", "ok", "stranger", _TOPIC, kind="topic"),
    *_of_topic("topic.get", _TOPIC, public=False),
    Row("topic.update", "ok", "moderator", _TOPIC | {"description": "about", "tags": []}, kind="topic", writes=True),
    *_of_topic("topic.update", _TOPIC | _TITLE),
    Row("topic.update", "forbidden", "member", _TOPIC | _TITLE, kind="topic"),
    Row("topic.update", "forbidden", "moderator", _TOPIC | {"open": False}, kind="topic"),
    Row("topic.update", "permission_missing", "moderator", _TOPIC | {"description": "x"}, kind="topic", before=_BARE),
    Row("topic.update", "title_taken", "owner", _TOPIC | {"title": "$taken"}, kind="topic", before=_HELD),
    Row("topic.update", "content_refused", "owner", _TOPIC | _LINK, kind="topic", before=_LINKS),
    Row("room.update", "permission_missing", "moderator", MEMBER | {"description": "x"}, before=_BARE),
    Row("room.update", "title_taken", "owner", MEMBER | {"name": "$taken"}, kind="topic", before=_HELD),
    Row("room.update", "content_refused", "owner", MEMBER | _LINK, kind="topic", before=_LINKS),
    Row("room.update", "ok", "owner", MEMBER | {"open": False, "tags": ["sea"]}, kind="inside"),
    Row("topic.delete", "ok", "owner", _TOPIC, kind="topic", writes=True),
    *_of_topic("topic.delete", _TOPIC, public=False),
    Row("topic.delete", "forbidden", "moderator", _TOPIC, kind="topic"),
    Row("topic.delete", "forbidden", "stranger", _TOPIC, kind="topic"),
    Row("topic.join", "ok", "stranger", _TOPIC, kind="topic", writes=True),
    *_of_topic("topic.join", _TOPIC, public=False),
    Row("topic.join", "banned", "stranger", _TOPIC, kind="topic", before=_BANNED),
    Row("topic.leave", "ok", "member", _TOPIC, kind="topic", writes=True),
    *_of_topic("topic.leave", _TOPIC),
    Row("topic.leave", "owner_must_stay", "owner", _TOPIC, kind="topic"),
    Row("topic.rooms", "ok", "stranger", _TOPIC, kind="topic"),
    *_of_topic("topic.rooms", _TOPIC, public=False),
    Row("topic.rooms.create", "ok", "member", _TOPIC | {"name": "cabin", "open": False}, kind="topic", writes=True),
    *_of_topic("topic.rooms.create", _TOPIC | {"name": "cabin"}),
    Row(
        "topic.rooms.create", "content_refused", "member", _TOPIC | {"name": "cabin"} | _LINK,
        kind="topic", before=_LINKS,
    ),
]  # fmt: skip

_PLACES = [
    Row("room.join", "ok", "stranger", MEMBER, kind="inside", writes=True),
    Row("room.delete", "permission_missing", "moderator", MEMBER, kind="inside", before=(
        ("owner", "room.role", {"room": "$topic", "user": "$moderator", "role": "moderator", "permissions": []}),
    )),
    Row("room.add", "permission_missing", "moderator", _STRANGER, before=_BARE),
    Row("room.add", "forbidden", "moderator", _STRANGER, kind="inside"),
    Row("room.remove", "permission_missing", "moderator", _OTHER, before=_BARE),
    Row("room.ban", "permission_missing", "moderator", _OTHER, before=_BARE),
    Row("room.ban", "ok", "moderator", _OTHER | {"reason": "noise", "until": "2034-01-01T00:00:00Z"}, writes=True),
    Row("room.unban", "permission_missing", "moderator", _OTHER, before=_BARE),
    Row("message.delete", "permission_missing", "moderator", MEMBER | {"message": "$message"}, before=_BARE),
    Row("room.role", "ok", "owner", _OTHER | {"role": "moderator", "permissions": ["invite"]}, writes=True),
    Row("room.bans", "ok", "moderator", MEMBER, before=_BANNED),
    *of_room("room.bans", MEMBER),
    Row("room.bans", "forbidden", "member", MEMBER),
    Row("room.bans", "permission_missing", "moderator", MEMBER, before=_BARE),
    Row("room.bans", "direct_room", "member", MEMBER, kind="direct"),
]  # fmt: skip

_GROUP: Json = {"name": "crew", "invite": ["$stranger", "$peer"]}

_INVITATIONS = [
    Row("room.group", "ok", "moderator", _GROUP, writes=True),
    Row("room.group", "user_not_found", "member", {"name": "crew", "invite": ["nobody"]}),
    Row("room.group", "blocked", "owner", _GROUP, before=_BLOCKED),
    Row("invitation.make", "ok", "member", MEMBER | {"user": "$peer"}, kind="hidden", writes=True),
    Row("invitation.make", "ok", "moderator", MEMBER | {"user": "$peer"}, kind="private"),
    *of_room("invitation.make", MEMBER | {"user": "$peer"}),
    Row("invitation.make", "forbidden", "member", MEMBER | {"user": "$peer"}),
    Row("invitation.make", "permission_missing", "moderator", MEMBER | {"user": "$peer"}, before=_BARE),
    Row("invitation.make", "direct_room", "member", MEMBER | {"user": "$owner"}, kind="direct"),
    Row("invitation.make", "user_not_found", "owner", MEMBER | {"user": "nobody"}),
    Row("invitation.make", "already_member", "owner", _OTHER),
    Row("invitation.make", "already_invited", "moderator", _STRANGER, before=_INVITED),
    Row("invitation.make", "banned", "moderator", _STRANGER, before=_BANNED),
    Row("invitation.make", "blocked", "owner", MEMBER | {"user": "$peer"}, before=_BLOCKED),
    Row("invitation.withdraw", "ok", "moderator", _STRANGER, writes=True, before=_INVITED),
    *of_room("invitation.withdraw", _STRANGER),
    Row("invitation.withdraw", "invitation_not_found", "owner", _STRANGER),
    Row("invitation.withdraw", "forbidden", "member", _STRANGER),
    Row("invitation.withdraw", "permission_missing", "moderator", _STRANGER, before=_BARE),
    Row("invitation.pending", "ok", "moderator", MEMBER, before=_INVITED),
    *of_room("invitation.pending", MEMBER),
    Row("invitation.pending", "forbidden", "member", MEMBER),
    Row("invitation.pending", "permission_missing", "moderator", MEMBER, before=_BARE),
    Row("invitation.pending", "direct_room", "member", MEMBER, kind="direct"),
    Row("invitation.list", "ok", "owner"),
    Row("invitation.accept", "ok", "stranger", MEMBER, kind="hidden", before=_INVITED, writes=True),
    Row("invitation.accept", "invitation_not_found", "stranger", MEMBER),
    Row("invitation.accept", "room_not_found", "stranger", MEMBER, before=_CLOSED),
    Row("invitation.accept", "banned", "stranger", MEMBER, kind="inside", before=(
        *_INVITED, ("owner", "room.ban", {"room": "$topic", "user": "$stranger"}),
    )),
    Row("invitation.accept", "forbidden", "stranger", MEMBER, kind="inside", before=(
        *_INVITED, ("owner", "topic.update", {"topic": "$topic", "open": False}),
    )),
    Row("invitation.decline", "ok", "stranger", MEMBER, before=_INVITED, writes=True),
    Row("invitation.decline", "invitation_not_found", "stranger", MEMBER),
]  # fmt: skip

TOPICS = [*_TOPICS, *_PLACES, *_INVITATIONS]
