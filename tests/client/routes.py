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

ROUTES: dict[str, Route] = {
    "auth.register": Route("POST", "/api/auth/register", **REST),
    "auth.login": Route("POST", "/api/auth/login", **REST),
    "auth.refresh": Route("POST", "/api/auth/refresh", **REST),
    "auth.logout": Route("POST", "/api/auth/logout", **REST),
    "users.me": Route("GET", "/api/users/me", **REST),
    "users.one": Route("GET", "/api/users/{user}", **REST),
    "users.list": Route("GET", "/api/users", **REST),
    "users.get": Route(None),
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
    "presence.set": Route(None),
    "presence.watch": Route(None),
    "message.send": Route("POST", _ROOM + "/messages"),
    "message.list": Route("GET", _ROOM + "/messages"),
    "message.get": Route("GET", _MESSAGE),
    "message.edit": Route("PATCH", _MESSAGE),
    "message.delete": Route("DELETE", _MESSAGE),
    "message.react": Route("PUT", _MESSAGE + "/reactions/{emoji}"),
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
        return method, f"{path}?{urlencode(rest)}" if rest else path, None
    if method == "DELETE" or op == "message.react":
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


_VARYING = re.compile(r"id|room|rev|seq|head|read|cid|next|.*_at|.*_token|target|session|users|reply_to|owner|by|user")


def _blank(key: str, value: Any) -> Any:
    if isinstance(value, dict | list) or value is None:
        return normal(value)
    return f"<{type(value).__name__}>" if _VARYING.fullmatch(key) else normal(value)
