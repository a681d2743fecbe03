"""The rows of comments and votes in the parity table."""

from collections.abc import Mapping
from typing import Any

from tests.client.checks import Json
from tests.integration.every_operation.rows import Asks, Row

_POST = {"post": "$post"}
_COMMENT = _POST | {"comment": "$comment"}
_SAY = _POST | {"text": "said", "cid": "$cid"}
_ANSWER = _SAY | {"parent": "$comment"}
_EDIT = _COMMENT | {"text": "better"}
_UP = {"value": 1}
_REFUSED = {"text": "see https://example.org"}
_NO_LINKS = (("owner", "topic.update", {"topic": "$topic", "links": "refuse"}),)
_NO_NAMES = (("owner", "topic.update", {"topic": "$topic", "anonymous": False}),)
_BLOCKED = (("peer", "users.block", {"user": "$member"}),)
_POST_GONE = (("owner", "post.delete", _POST),)
_CLOSED = (("owner", "post.status", _POST | {"status": "closed", "reason": "done"}),)
_GONE = (("member", "comment.delete", _COMMENT),)
_BARE = (("owner", "room.role", {"room": "$topic", "user": "$moderator", "role": "moderator", "permissions": []}),)
_SILENT = (("owner", "alias.silence", {"topic": "$topic", "alias": "$alias"}),)


def _of_post(op: str, d: Json, *, part: bool = True) -> list[Row]:
    """Return the rows of those who may not see the post, or take no part in what is said about it."""
    rows = [
        Row(op, "post_not_found", "member", d | {"post": "none"}, kind="discussed"),
        Row(op, "post_not_found", "stranger", d, kind="shut"),
        Row(op, "post_not_found", "stranger", d, kind="shut", before=_POST_GONE),
    ]
    if "comment" in d:
        rows.append(Row(op, "comment_not_found", "member", d | {"comment": "none"}, kind="discussed"))
    if not part:
        return rows
    return [
        *rows,
        Row(op, "not_a_member", "stranger", d, kind="discussed"),
        Row(op, "blocked", "member", d, kind="page", before=_BLOCKED),
    ]


COMMENTS = [
    Row("comment.create", "ok", "member", _ANSWER, kind="discussed", writes=True),
    Row("comment.create", "ok", "member", _SAY, kind="page"),
    *_of_post("comment.create", _SAY),
    Row("comment.create", "comment_not_found", "member", _SAY | {"parent": "none"}, kind="discussed"),
    Row("comment.create", "anonymous_off", "member", _SAY | {"anonymous": True}, kind="discussed", before=_NO_NAMES),
    Row("comment.create", "alias_silenced", "member", _SAY | {"anonymous": True}, kind="aliased", before=_SILENT),
    Row("comment.create", "content_refused", "member", _SAY | _REFUSED, kind="discussed", before=_NO_LINKS),
    Row("comment.create", "post_closed", "member", _SAY, kind="discussed", before=_CLOSED),
    Row("comment.create", "deleted", "member", _SAY, kind="discussed", before=_POST_GONE),
    Row("comment.create", "deleted", "member", _ANSWER, kind="discussed", before=_GONE),
    Row(
        "comment.create",
        "cid_conflict",
        "member",
        _SAY,
        kind="discussed",
        before=(("member", "comment.create", _SAY | {"text": "else"}),),
    ),
    Row("comment.list", "ok", "stranger", _POST | {"order": "new", "limit": 2}, kind="discussed"),
    *_of_post("comment.list", _POST, part=False),
    Row("comment.list", "comment_not_found", "member", _POST | {"parent": "none"}, kind="discussed"),
    Row("comment.get", "ok", "stranger", _COMMENT, kind="discussed"),
    *_of_post("comment.get", _COMMENT, part=False),
    Row("comment.edit", "ok", "member", _EDIT, kind="discussed", writes=True),
    *_of_post("comment.edit", _EDIT),
    Row("comment.edit", "forbidden", "owner", _EDIT, kind="discussed"),
    Row("comment.edit", "alias_silenced", "member", _EDIT, kind="aliased", before=_SILENT),
    Row("comment.edit", "content_refused", "member", _COMMENT | _REFUSED, kind="discussed", before=_NO_LINKS),
    Row("comment.edit", "deleted", "member", _EDIT, kind="discussed", before=_GONE),
    Row("comment.delete", "ok", "moderator", _COMMENT | {"reason": "spam"}, kind="discussed", writes=True),
    *_of_post("comment.delete", _COMMENT, part=False),
    Row("comment.delete", "forbidden", "stranger", _COMMENT, kind="discussed"),
    Row("comment.delete", "permission_missing", "moderator", _COMMENT, kind="discussed", before=_BARE),
    Row("comment.delete", "deleted", "member", _COMMENT, kind="discussed", before=_POST_GONE),
    Row("comment.restore", "ok", "member", _COMMENT, kind="discussed", before=_GONE, writes=True),
    *_of_post("comment.restore", _COMMENT, part=False),
    Row("comment.restore", "forbidden", "owner", _COMMENT, kind="discussed", before=_GONE),
    Row("comment.restore", "permission_missing", "moderator", _COMMENT, kind="discussed", before=_BARE),
    Row("comment.restore", "deleted", "member", _COMMENT, kind="discussed", before=_POST_GONE),
]

VOTES = [
    Row("post.vote", "ok", "member", _POST | _UP, kind="discussed", writes=True),
    *_of_post("post.vote", _POST | _UP),
    Row("post.vote", "deleted", "member", _POST | _UP, kind="discussed", before=_POST_GONE),
    Row("comment.vote", "ok", "owner", _COMMENT | {"value": -1}, kind="discussed", writes=True),
    *_of_post("comment.vote", _COMMENT | _UP),
    Row("comment.vote", "deleted", "owner", _COMMENT | _UP, kind="discussed", before=_GONE),
    Row("vote.mine", "ok", "member", _POST, kind="discussed"),
    Row("vote.mine", "ok", "member", {"ids": "$post,$comment"}, kind="discussed"),
    Row("vote.mine", "bad_request", "member"),
]

DISCUSSIONS = frozenset({"discussed", "shut", "aliased", "page"})
"""Kinds of rows that stand on a post and a comment of the member's: in an open topic, in one that one is invited to, in
one where the comment shows another name, and on the page of the peer."""


async def discussion(people: Mapping[str, Asks], kind: str, number: int) -> dict[str, str]:
    """Make what rows of these kinds stand on, and return what its names stand for."""
    member, author = people["member"], people["peer" if kind == "page" else "owner"]
    given: Json = {"title": "discussed", "cid": f"discussed-{number}", "text": "text"}
    names: dict[str, str] = {}
    if kind == "page":
        await author.do("users.unblock", {"user": member.id})
        post: Any = await author.do("post.publish", given)
    else:
        topic = await author.do("topic.create", {"title": f"topic {number}", "anonymous": True, "open": kind != "shut"})
        names["$topic"] = topic["id"]
        for who in ("moderator", "member"):
            await author.do("room.add", {"room": topic["id"], "user": people[who].id})
        await author.do("room.role", {"room": topic["id"], "user": people["moderator"].id, "role": "moderator"})
        post = await author.do("post.create", given | {"topic": topic["id"]})
    said = {"post": post["id"], "text": "first", "cid": f"first-{number}", "anonymous": kind == "aliased"}
    comment = await member.do("comment.create", said)
    if kind == "aliased":
        names["$alias"] = comment["author"]["id"]
        mine = given | {"topic": names["$topic"], "cid": f"said-{number}", "anonymous": True}
        names["$said"] = (await member.do("post.create", mine))["id"]
    return names | {"$post": post["id"], "$comment": comment["id"]}
