"""Where each operation is found: its route in REST, and whether it has a websocket door. From protocol.md alone."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from tests.client.checks import Json


@dataclass(frozen=True, slots=True)
class Route:
    """The doors of an operation: ``method`` and ``path`` of REST (or None), and whether the websocket has it."""

    method: str | None
    path: str = ""
    socket: bool = True


REST = {"socket": False}
_ROOM = "/api/rooms/{room}"
_MESSAGE = _ROOM + "/messages/{message}"
_TOPIC = "/api/topics/{topic}"
_POST = "/api/posts/{post}"
_COMMENT = _POST + "/comments/{comment}"
_REQUESTS = "/api/users/me/friends/requests"

ROUTES: dict[str, Route] = {
    "auth.register": Route("POST", "/api/auth/register", **REST),
    "auth.login": Route("POST", "/api/auth/login", **REST),
    "auth.refresh": Route("POST", "/api/auth/refresh", **REST),
    "auth.logout": Route("POST", "/api/auth/logout", **REST),
    "auth.validate": Route("GET", "/api/auth/validate", **REST),
    "auth.password": Route("PUT", "/api/auth/password", **REST),
    "auth.email": Route("POST", "/api/auth/email", **REST),
    "auth.email.verify": Route("POST", "/api/auth/email/verify", **REST),
    "auth.email.finish": Route("POST", "/api/auth/email/finish", **REST),
    "auth.sessions": Route("GET", "/api/auth/sessions", **REST),
    "auth.sessions.name": Route("PATCH", "/api/auth/sessions/{session}", **REST),
    "auth.sessions.end": Route("DELETE", "/api/auth/sessions/{session}", **REST),
    "auth.sessions.end_others": Route("DELETE", "/api/auth/sessions", **REST),
    "auth.tokens": Route("GET", "/api/auth/tokens", **REST),
    "auth.tokens.make": Route("POST", "/api/auth/tokens", **REST),
    "auth.tokens.end": Route("DELETE", "/api/auth/tokens/{token}", **REST),
    "users.me": Route("GET", "/api/users/me", **REST),
    "users.one": Route("GET", "/api/users/{user}", **REST),
    "users.list": Route("GET", "/api/users", **REST),
    "users.get": Route(None),
    "users.search": Route("GET", "/api/users/search"),
    "users.block": Route("PUT", "/api/users/me/blocks/{user}", **REST),
    "users.unblock": Route("DELETE", "/api/users/me/blocks/{user}", **REST),
    "follow.put": Route("PUT", "/api/users/me/following/{user}"),
    "follow.take": Route("DELETE", "/api/users/me/following/{user}"),
    "follow.followers": Route("GET", "/api/users/{user}/followers"),
    "follow.following": Route("GET", "/api/users/{user}/following"),
    "friend.request": Route("POST", _REQUESTS),
    "friend.accept": Route("PUT", _REQUESTS + "/{user}"),
    "friend.reject": Route("POST", _REQUESTS + "/{user}/reject"),
    "friend.cancel": Route("DELETE", _REQUESTS + "/{user}"),
    "friend.remove": Route("DELETE", "/api/users/me/friends/{user}"),
    "friend.list": Route("GET", "/api/users/me/friends"),
    "friend.requests": Route("GET", _REQUESTS),
    "stance.set": Route("PUT", "/api/users/me/stances/{target}"),
    "stance.get": Route("GET", "/api/users/me/stances/{target}"),
    "stance.list": Route("GET", "/api/users/me/stances"),
    "report.make": Route("POST", "/api/reports"),
    "report.list": Route("GET", "/api/reports", **REST),
    "report.mine": Route("GET", "/api/users/me/reports"),
    "report.get": Route("GET", "/api/reports/{report}", **REST),
    "report.review": Route("POST", "/api/reports/{report}/review", **REST),
    "report.dismiss": Route("POST", "/api/reports/{report}/dismiss", **REST),
    "report.resolve": Route("POST", "/api/reports/{report}/resolve", **REST),
    "report.escalate": Route("POST", "/api/reports/{report}/escalate", **REST),
    "report.reopen": Route("POST", "/api/reports/{report}/reopen", **REST),
    "notification.list": Route("GET", "/api/users/me/notifications"),
    "notification.unread": Route("GET", "/api/users/me/notifications/unread"),
    "notification.read": Route("POST", "/api/users/me/notifications/{notification}/read"),
    "notification.read_all": Route("POST", "/api/users/me/notifications/read"),
    "notification.delete": Route("DELETE", "/api/users/me/notifications/{notification}"),
    "room.create": Route("POST", "/api/rooms"),
    "room.direct": Route("POST", "/api/rooms/direct"),
    "room.list": Route("GET", "/api/rooms"),
    "room.get": Route("GET", _ROOM),
    "room.update": Route("PATCH", _ROOM),
    "room.delete": Route("DELETE", _ROOM),
    "room.join": Route("POST", _ROOM + "/members"),
    "room.add": Route("POST", _ROOM + "/members"),
    "room.members": Route("GET", _ROOM + "/members"),
    "room.role": Route("PATCH", _ROOM + "/members/{user}"),
    "room.leave": Route("DELETE", _ROOM + "/members/me"),
    "room.remove": Route("DELETE", _ROOM + "/members/{user}"),
    "room.ban": Route("PUT", _ROOM + "/bans/{user}"),
    "room.unban": Route("DELETE", _ROOM + "/bans/{user}"),
    "room.changes": Route("GET", _ROOM + "/changes"),
    "room.read": Route("PUT", _ROOM + "/read"),
    "room.typing": Route(None),
    "room.presence": Route("GET", _ROOM + "/presence"),
    "room.watch": Route(None),
    "room.unwatch": Route(None),
    "presence.set": Route(None),
    "presence.watch": Route(None),
    "room.calls": Route("GET", _ROOM + "/calls"),
    "call.list": Route("GET", "/api/calls"),
    "call.get": Route("GET", "/api/calls/{call}"),
    "post.create": Route("POST", "/api/topics/{topic}/posts"),
    "post.publish": Route("POST", "/api/posts"),
    "post.get": Route("GET", "/api/posts/{post}"),
    "post.edit": Route("PATCH", "/api/posts/{post}"),
    "post.status": Route("PUT", "/api/posts/{post}/status"),
    "post.delete": Route("DELETE", "/api/posts/{post}"),
    "post.restore": Route("POST", "/api/posts/{post}/restore"),
    "post.list": Route("GET", "/api/topics/{topic}/posts"),
    "post.written": Route("GET", "/api/users/{user}/posts"),
    "post.recent": Route("GET", "/api/posts/recent"),
    "feed.list": Route("GET", "/api/posts/feed"),
    "call.start": Route(None),
    "call.ringing": Route(None),
    "call.accept": Route(None),
    "call.decline": Route(None),
    "call.cancel": Route(None),
    "call.join": Route(None),
    "call.leave": Route(None),
    "call.connected": Route(None),
    "call.signal": Route(None),
    "call.set": Route(None),
    "call.end": Route(None),
    "call.mute": Route(None),
    "call.remove": Route(None),
    "room.bans": Route("GET", _ROOM + "/bans"),
    "room.group": Route("POST", "/api/rooms/groups"),
    "invitation.list": Route("GET", "/api/users/me/invitations"),
    "invitation.accept": Route("POST", "/api/users/me/invitations/{room}/accept"),
    "invitation.decline": Route("DELETE", "/api/users/me/invitations/{room}"),
    "invitation.pending": Route("GET", _ROOM + "/invitations"),
    "invitation.make": Route("POST", _ROOM + "/invitations"),
    "invitation.withdraw": Route("DELETE", _ROOM + "/invitations/{user}"),
    "topic.list": Route("GET", "/api/topics"),
    "topic.mine": Route("GET", "/api/topics/my"),
    "topic.create": Route("POST", "/api/topics"),
    "topic.get": Route("GET", _TOPIC),
    "topic.update": Route("PATCH", _TOPIC),
    "topic.delete": Route("DELETE", _TOPIC),
    "topic.join": Route("POST", _TOPIC + "/join"),
    "topic.leave": Route("POST", _TOPIC + "/leave"),
    "topic.rooms": Route("GET", _TOPIC + "/rooms"),
    "topic.rooms.create": Route("POST", _TOPIC + "/rooms"),
    "message.send": Route("POST", _ROOM + "/messages"),
    "message.list": Route("GET", _ROOM + "/messages"),
    "message.get": Route("GET", _MESSAGE),
    "message.edit": Route("PATCH", _MESSAGE),
    "message.delete": Route("DELETE", _MESSAGE),
    "message.react": Route("PUT", _MESSAGE + "/reactions/{emoji}"),
    "message.hide": Route("PUT", _MESSAGE + "/hidden"),
    "message.show": Route("DELETE", _MESSAGE + "/hidden"),
    "message.clear": Route("PUT", _ROOM + "/cleared"),
    "message.hidden": Route("GET", _ROOM + "/hidden"),
    "message.conversations": Route("GET", "/api/messages/conversations"),
    "message.unread": Route("GET", "/api/messages/unread"),
    "call.ice": Route(None),
    "call.servers": Route("GET", "/api/calls/ice"),
    "alias.get": Route("GET", _TOPIC + "/alias"),
    "alias.set": Route("PUT", _TOPIC + "/alias"),
    "alias.drop": Route("DELETE", _TOPIC + "/alias"),
    "alias.mine": Route("GET", "/api/users/me/aliases"),
    "alias.silence": Route("PUT", _TOPIC + "/aliases/{alias}/silence"),
    "alias.unsilence": Route("DELETE", _TOPIC + "/aliases/{alias}/silence"),
    "alias.reveal": Route("POST", "/api/admin" + _TOPIC.removeprefix("/api") + "/aliases/{alias}/reveal", **REST),
    "comment.create": Route("POST", _POST + "/comments"),
    "comment.list": Route("GET", _POST + "/comments"),
    "comment.get": Route("GET", _COMMENT),
    "comment.edit": Route("PATCH", _COMMENT),
    "comment.delete": Route("DELETE", _COMMENT),
    "comment.restore": Route("POST", _COMMENT + "/restore"),
    "post.vote": Route("PUT", _POST + "/vote"),
    "comment.vote": Route("PUT", _COMMENT + "/vote"),
    "vote.mine": Route("GET", "/api/votes"),
    "ping": Route(None),
}


def request_of(op: str, d: Json) -> tuple[str, str, Json | None]:
    """Return method, path and body by which REST asks what ``d`` asks of the websocket."""
    route = ROUTES[op]
    assert route.method is not None
    method, rest = route.method, dict(d)
    if op == "message.react" and not rest.pop("on"):
        method = "DELETE"

    def fill(found: re.Match[str]) -> str:
        return quote(str(rest.pop(found[1])), safe="")

    path = re.sub(r"\{(\w+)\}", fill, route.path)
    if method == "GET":
        rest = {name: str(value).lower() if isinstance(value, bool) else value for name, value in rest.items()}
        return method, f"{path}?{urlencode(rest)}" if rest else path, None
    if method == "DELETE" and rest:
        return method, f"{path}?{urlencode(rest)}", None
    if method == "DELETE" or (op == "message.react" and not rest):
        assert not rest, f"{op} has no body for {rest}"
        return method, path, None
    return method, path, rest


def normal(value: Any) -> Any:
    """Return an answer without what differs from one request to the next: ids, times, tokens, cids, revs, numbers."""
    if isinstance(value, dict):
        return {key: _blank(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    return re.sub(r"\d+", "#", value) if isinstance(value, str) else value


_VARYING = re.compile(
    r"id|item|post|room|rev|seq|head|read|cid|next|.*_at|.*_token|target|session|users|reply_to|parent|owner|by|user|leg"
    r"|place|until"
)


def _blank(key: str, value: Any) -> Any:
    if isinstance(value, dict | list) or value is None:
        return normal(value)
    return f"<{type(value).__name__}>" if _VARYING.fullmatch(key) else normal(value)
