"""The rows of people's ties in the parity table."""

from tests.integration.every_operation.rows import MEMBER, Row, of_room

_OTHER = {"user": "$stranger"}
_NOBODY = {"user": "nobody"}
_ONESELF = {"user": "$member"}
_BLOCKED = (("stranger", "users.block", _ONESELF),)
_FREE = (
    ("stranger", "users.unblock", _ONESELF),
    ("member", "friend.remove", _OTHER),
    ("member", "friend.cancel", _OTHER),
)


def _of_another(op: str) -> list[Row]:
    return [Row(op, "user_not_found", "member", _NOBODY), Row(op, "bad_request", "member", _ONESELF)]


TIES = [
    Row("follow.put", "ok", "member", _OTHER, before=(*_FREE, ("member", "follow.take", _OTHER)), writes=True),
    *_of_another("follow.put"),
    Row("follow.put", "blocked", "member", _OTHER, before=_BLOCKED),
    Row("follow.take", "ok", "member", _OTHER, before=(*_FREE, ("member", "follow.put", _OTHER)), writes=True),
    *_of_another("follow.take"),
    Row("follow.followers", "ok", "member", {"user": "$owner"}),
    Row("follow.followers", "user_not_found", "member", _NOBODY),
    Row("follow.following", "ok", "member", {"user": "me", "limit": 2}),
    Row("follow.following", "user_not_found", "member", _NOBODY),
    Row("friend.request", "ok", "member", _OTHER, before=_FREE, writes=True),
    *_of_another("friend.request"),
    Row("friend.request", "blocked", "member", _OTHER, before=_BLOCKED),
    Row(
        "friend.accept",
        "ok",
        "member",
        _OTHER,
        before=(*_FREE, ("stranger", "friend.request", _ONESELF)),
        writes=True,
    ),
    *_of_another("friend.accept"),
    Row("friend.accept", "request_not_found", "member", _OTHER, before=_FREE),
    Row("friend.reject", "ok", "member", _OTHER, before=_FREE),
    *_of_another("friend.reject"),
    Row("friend.cancel", "ok", "member", _OTHER, before=(*_FREE, ("member", "friend.request", _OTHER)), writes=True),
    *_of_another("friend.cancel"),
    Row("friend.remove", "ok", "member", _OTHER, before=_FREE),
    *_of_another("friend.remove"),
    Row("friend.list", "ok", "member"),
    Row("friend.requests", "ok", "member", {"direction": "out"}),
]

_MESSAGE = MEMBER | {"message": "$message"}


def _of_message(op: str) -> list[Row]:
    return [*of_room(op, _MESSAGE), Row(op, "message_not_found", "member", _MESSAGE | {"message": "none"})]


CONVERSATIONS = [
    Row("message.hide", "ok", "member", _MESSAGE, writes=True),
    *_of_message("message.hide"),
    Row("message.show", "ok", "member", _MESSAGE, before=(("member", "message.hide", _MESSAGE),), writes=True),
    *_of_message("message.show"),
    Row("message.clear", "ok", "member", MEMBER, writes=True),
    *of_room("message.clear", MEMBER),
    Row("message.hidden", "ok", "member", MEMBER, before=(("member", "message.hide", _MESSAGE),)),
    *of_room("message.hidden", MEMBER),
    Row("message.conversations", "ok", "member", {"limit": 1}, kind="direct"),
    Row("message.unread", "ok", "member"),
]

TIED = [*TIES, *CONVERSATIONS, Row("users.search", "ok", "member", {"q": "nobody at all"})]
