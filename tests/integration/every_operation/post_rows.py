"""The rows of posts and the feed in the parity table."""

from tests.integration.every_operation.rows import Row

_POST = {"post": "$post"}
_SAY = {"title": "said", "text": "text", "cid": "$cid"}
_IN = _SAY | {"topic": "$topic"}
_EDIT = _POST | {"title": "better"}
_CLOSE = _POST | {"status": "closed", "reason": "enough"}
_LINK = {"text": "see https://example.org"}
_NO_LINKS = (("owner", "topic.update", {"topic": "$topic", "links": "refuse"}),)
_NO_NAMES = (("owner", "topic.update", {"topic": "$topic", "anonymous": False}),)
_SILENT = (("owner", "alias.silence", {"topic": "$topic", "alias": "$alias"}),)
_GONE = (("owner", "post.delete", _POST),)
_BARE = (("owner", "room.role", {"room": "$topic", "user": "$moderator", "role": "moderator", "permissions": []}),)


def _of_post(op: str, d: dict[str, str]) -> list[Row]:
    """Return the rows of those who may not see the post."""
    return [
        Row(op, "post_not_found", "member", d | {"post": "none"}, kind="discussed"),
        Row(op, "post_not_found", "stranger", d, kind="shut"),
    ]


POSTS = [
    Row("post.create", "ok", "member", _IN, kind="discussed", writes=True),
    Row("post.create", "room_not_found", "member", _SAY | {"topic": "none"}),
    Row("post.create", "room_not_found", "stranger", _IN, kind="shut"),
    Row("post.create", "not_a_member", "stranger", _IN, kind="discussed"),
    Row("post.create", "anonymous_off", "member", _IN | {"anonymous": True}, kind="discussed", before=_NO_NAMES),
    Row("post.create", "alias_silenced", "member", _IN | {"anonymous": True}, kind="aliased", before=_SILENT),
    Row("post.create", "content_refused", "member", _IN | _LINK, kind="discussed", before=_NO_LINKS),
    Row(
        "post.create",
        "cid_conflict",
        "member",
        _IN,
        kind="discussed",
        before=(("member", "post.create", _IN | {"text": "else"}),),
    ),
    Row("post.publish", "ok", "member", _SAY, writes=True),
    Row("post.publish", "content_refused", "member", _SAY | {"title": "$refused"}),
    Row("post.publish", "cid_conflict", "member", _SAY, before=(("member", "post.publish", _SAY | {"text": "else"}),)),
    Row("post.get", "ok", "stranger", _POST, kind="discussed"),
    *_of_post("post.get", _POST),
    Row("post.edit", "ok", "owner", _EDIT, kind="discussed", writes=True),
    *_of_post("post.edit", _EDIT),
    Row("post.edit", "not_a_member", "stranger", _EDIT, kind="discussed"),
    Row("post.edit", "forbidden", "member", _EDIT, kind="discussed"),
    Row("post.edit", "content_refused", "owner", _POST | _LINK, kind="discussed", before=_NO_LINKS),
    Row("post.edit", "alias_silenced", "member", {"post": "$said", "title": "b"}, kind="aliased", before=_SILENT),
    Row("post.edit", "deleted", "owner", _EDIT, kind="discussed", before=_GONE),
    Row("post.status", "ok", "moderator", _CLOSE, kind="discussed", writes=True),
    *_of_post("post.status", _CLOSE),
    Row("post.status", "forbidden", "member", _CLOSE, kind="discussed"),
    Row("post.status", "permission_missing", "moderator", _CLOSE, kind="discussed", before=_BARE),
    Row("post.status", "deleted", "owner", _CLOSE, kind="discussed", before=_GONE),
    Row("post.delete", "ok", "moderator", _POST | {"reason": "spam"}, kind="discussed", writes=True),
    *_of_post("post.delete", _POST),
    Row("post.delete", "forbidden", "member", _POST, kind="discussed"),
    Row("post.delete", "permission_missing", "moderator", _POST, kind="discussed", before=_BARE),
    Row("post.restore", "ok", "owner", _POST, kind="discussed", before=_GONE, writes=True),
    *_of_post("post.restore", _POST),
    Row("post.restore", "forbidden", "member", _POST, kind="discussed", before=_GONE),
    Row("post.restore", "permission_missing", "moderator", _POST, kind="discussed", before=_BARE),
    Row("post.list", "ok", "stranger", {"topic": "$topic", "order": "hot", "limit": 2}, kind="discussed"),
    Row("post.list", "room_not_found", "stranger", {"topic": "$topic"}, kind="shut"),
    Row("post.written", "ok", "member", {"user": "$owner", "limit": 1}, kind="discussed"),
    Row("post.written", "user_not_found", "member", {"user": "nobody"}),
    Row("post.recent", "ok", "member", {"limit": 1}, kind="discussed"),
    Row("feed.list", "ok", "stranger", {"limit": 1}),
]
