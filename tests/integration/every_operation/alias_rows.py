"""The rows of other names in the parity table."""

from tests.integration.every_operation.rows import MEMBER, Row

_TOPIC = {"topic": "$room"}
_NAMED = _TOPIC | {"name": "$alnum"}
_ALIAS = _TOPIC | {"alias": "$alias"}
_OFF = (("owner", "topic.update", _TOPIC | {"anonymous": False}),)
_SILENT = (("owner", "alias.silence", _ALIAS),)
_NOTHING_PERMITTED = (
    ("owner", "room.role", {"room": "$room", "user": "$moderator", "role": "moderator", "permissions": []}),
)
_SEND = MEMBER | {"text": "hello", "cid": "$cid", "anonymous": True}
_MESSAGE = MEMBER | {"message": "$message"}
_SAID = MEMBER | {"message": "$said"}
_REACT = _MESSAGE | {"emoji": "👍", "on": True, "anonymous": True}
_TYPING = MEMBER | {"anonymous": True}


def _of_topic(op: str, d: dict[str, str]) -> list[Row]:
    return [
        Row(op, "room_not_found", "member", d | {"topic": "nowhere"}, kind="topic"),
        Row(op, "room_not_found", "stranger", d, kind="hidden"),
    ]


def _of_moderators(op: str) -> list[Row]:
    return [
        Row(op, "ok", "moderator", _ALIAS, kind="topic", before=_SILENT, writes=True),
        *_of_topic(op, _ALIAS),
        Row(op, "not_a_member", "stranger", _ALIAS, kind="topic"),
        Row(op, "forbidden", "member", _ALIAS, kind="topic"),
        Row(op, "permission_missing", "moderator", _ALIAS, kind="topic", before=_NOTHING_PERMITTED),
        Row(op, "alias_not_found", "moderator", _ALIAS | {"alias": "a_none"}, kind="topic"),
    ]


ALIASES = [
    Row("alias.get", "ok", "member", _TOPIC, kind="topic", before=(("member", "alias.set", _NAMED),)),
    *_of_topic("alias.get", _TOPIC),
    Row("alias.get", "anonymous_off", "member", _TOPIC, kind="topic", before=_OFF),
    Row("alias.set", "ok", "member", _NAMED, kind="topic", writes=True),
    *_of_topic("alias.set", _NAMED),
    Row("alias.set", "anonymous_off", "member", _NAMED, kind="topic", before=_OFF),
    Row("alias.set", "alias_taken", "member", _TOPIC | {"name": "admin"}, kind="topic"),
    Row("alias.set", "content_refused", "member", _TOPIC | {"name": "F4gg0t77"}, kind="topic"),
    Row("alias.drop", "ok", "member", _TOPIC, kind="topic"),
    *_of_topic("alias.drop", _TOPIC),
    Row("alias.mine", "ok", "peer", {"limit": 2}),
    *_of_moderators("alias.silence"),
    *_of_moderators("alias.unsilence"),
    Row("message.send", "ok", "member", _SEND, kind="topic"),
    Row("message.send", "anonymous_off", "member", _SEND),
    Row("message.send", "alias_silenced", "member", _SEND, kind="topic", before=_SILENT),
    Row("message.edit", "alias_silenced", "member", _SAID | {"text": "b"}, kind="topic", before=_SILENT),
    Row("message.react", "anonymous_off", "member", _REACT),
    Row("message.react", "alias_silenced", "member", _REACT, kind="topic", before=_SILENT),
    Row("room.typing", "ok", "member", _TYPING, kind="topic"),
    Row("room.typing", "anonymous_off", "member", _TYPING),
    Row("room.typing", "alias_silenced", "member", _TYPING, kind="topic", before=_SILENT),
]
