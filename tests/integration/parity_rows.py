"""The parity table: for each operation a row that succeeds, and one for each code it may answer."""

import itertools
from dataclasses import dataclass, field
from typing import Any

from tests.client.account import PASSWORD
from tests.client.checks import Json
from tests.client.site import Site
from tests.integration.world import Person

STATUS = {
    "ok": (200, 201, 204),
    "bad_request": (400,),
    "unauthenticated": (401,),
    "bad_credentials": (401,),
    "forbidden": (403,),
    "not_a_member": (403,),
    "banned": (403,),
    "user_not_found": (404,),
    "room_not_found": (404,),
    "message_not_found": (404,),
    "member_not_found": (404,),
    "username_taken": (409,),
    "cid_conflict": (409,),
    "owner_must_stay": (409,),
    "direct_room": (409,),
    "message_deleted": (409,),
    "too_many_reactions": (409,),
    "reset": (410,),
    "rate_limited": (429,),
    "unavailable": (503,),
}
"""The status of REST that each code comes with."""

PEOPLE = ("owner", "moderator", "member", "stranger", "peer")

_MEMBER = {"room": "$room"}
_MESSAGE = {"room": "$room", "message": "$message"}


@dataclass(frozen=True)
class Row:
    """One question and the code of its answer.

    Values of ``d`` that begin with ``$`` stand for what the stage has: ``$room`` a fresh room of ``kind`` with owner,
    moderator and member in it, ``$message`` a message of the member's there, ``$self`` the member's own stream,
    ``$member`` and so on the id of a person.
    """

    op: str
    code: str
    who: str
    d: Json = field(default_factory=dict)
    kind: str = "public"
    before: tuple[tuple[str, str, Json], ...] = ()
    """What is done before: who, operation, d."""
    writes: bool = False
    """Whether it changes what is stored, and so waits for the store."""


def _of_room(op: str, d: Json, *, public: bool = True) -> list[Row]:
    """Return the rows of those that have no business in a room."""
    rows = [
        Row(op, "room_not_found", "member", d | {"room": "nowhere"}),
        Row(op, "room_not_found", "stranger", d, kind="private"),
    ]
    return [*rows, Row(op, "not_a_member", "stranger", d)] if public else rows


def _of_message(op: str, d: Json) -> list[Row]:
    return [*_of_room(op, d), Row(op, "message_not_found", "member", d | {"message": "none"})]


_MANY = tuple(("member", "message.react", _MESSAGE | {"emoji": f":e{n}:", "on": True}) for n in range(50))
_DELETED = (("member", "message.delete", _MESSAGE),)
_BANNED = (("owner", "room.ban", _MEMBER | {"user": "$stranger"}),)
_SEND = _MEMBER | {"text": "hello", "cid": "$cid"}
_REACT = _MESSAGE | {"emoji": "👍", "on": True}

AUTH = [
    Row(
        "auth.register",
        "ok",
        "stranger",
        {"username": "$fresh", "email": "a@example.org", "password": PASSWORD},
        writes=True,
    ),
    Row(
        "auth.register",
        "username_taken",
        "stranger",
        {"username": "$name", "email": "a@example.org", "password": PASSWORD},
    ),
    Row("auth.login", "ok", "stranger", {"login": "$name", "password": PASSWORD}, writes=True),
    Row("auth.login", "bad_credentials", "stranger", {"login": "$name", "password": "not this one"}),
    Row("auth.login", "bad_credentials", "stranger", {"login": "$fresh", "password": PASSWORD}),
    Row("auth.refresh", "ok", "stranger", {"refresh_token": "$refresh"}, writes=True),
    Row("auth.refresh", "unauthenticated", "stranger", {"refresh_token": "nonsense"}),
    Row("auth.logout", "ok", "$again"),
]

USERS = [
    Row("users.me", "ok", "member"),
    Row("users.one", "ok", "member", {"user": "$owner"}),
    Row("users.one", "user_not_found", "member", {"user": "nobody"}),
    Row("users.list", "ok", "member", {"ids": "$owner,$member"}),
    Row("presence.watch", "ok", "member", {"users": ["$owner", "$stranger", "nobody"]}),
    Row("presence.set", "ok", "member", {"status": "online"}),
    Row("users.get", "ok", "member", {"users": ["$owner", "$member", "nobody"]}),
]

ROOMS = [
    Row("room.create", "ok", "member", {"name": "new", "kind": "private", "description": "about"}, writes=True),
    Row("room.direct", "ok", "member", {"user": "$stranger"}, writes=True),
    Row("room.direct", "user_not_found", "member", {"user": "nobody"}),
    Row("room.list", "ok", "peer"),
    Row("room.list", "ok", "member", {"scope": "public", "q": "$unique"}),
    Row("room.get", "ok", "member", _MEMBER),
    *_of_room("room.get", _MEMBER, public=False),
    Row("room.update", "ok", "moderator", _MEMBER | {"name": "other", "description": ""}, writes=True),
    *_of_room("room.update", _MEMBER | {"name": "other"}),
    Row("room.update", "forbidden", "member", _MEMBER | {"name": "other"}),
    Row("room.update", "direct_room", "member", _MEMBER | {"name": "other"}, kind="direct"),
    Row("room.delete", "ok", "owner", _MEMBER, writes=True),
    *_of_room("room.delete", _MEMBER),
    Row("room.delete", "forbidden", "moderator", _MEMBER),
    Row("room.delete", "direct_room", "member", _MEMBER, kind="direct"),
    Row("room.changes", "ok", "member", _MEMBER | {"since": 0}),
    *_of_room("room.changes", _MEMBER | {"since": 0}),
    Row("room.changes", "reset", "member", _MEMBER | {"since": 1_000_000}),
    Row("room.read", "ok", "member", _MEMBER | {"seq": 1}, writes=True),
    *_of_room("room.read", _MEMBER | {"seq": 1}),
    Row("room.typing", "ok", "member", _MEMBER),
    *_of_room("room.typing", _MEMBER),
    Row("room.presence", "ok", "member", _MEMBER),
    *_of_room("room.presence", _MEMBER),
]

_OTHER = _MEMBER | {"user": "$member"}
_STRANGER = _MEMBER | {"user": "$stranger"}

MEMBERS = [
    Row("room.members", "ok", "member", _MEMBER),
    Row("room.members", "ok", "member", _MEMBER | {"role": "moderator"}),
    *_of_room("room.members", _MEMBER),
    Row("room.join", "ok", "stranger", _MEMBER, writes=True),
    Row("room.join", "ok", "member", _MEMBER),
    *_of_room("room.join", _MEMBER, public=False),
    Row("room.join", "banned", "stranger", _MEMBER, before=_BANNED),
    Row("room.add", "ok", "moderator", _STRANGER, writes=True),
    *_of_room("room.add", _MEMBER | {"user": "$peer"}),
    Row("room.add", "forbidden", "member", _STRANGER),
    Row("room.add", "banned", "owner", _STRANGER, before=_BANNED),
    Row("room.add", "direct_room", "member", _STRANGER, kind="direct"),
    Row("room.add", "user_not_found", "owner", _MEMBER | {"user": "nobody"}),
    Row("room.leave", "ok", "member", _MEMBER, writes=True),
    *_of_room("room.leave", _MEMBER),
    Row("room.leave", "owner_must_stay", "owner", _MEMBER),
    Row("room.remove", "ok", "moderator", _OTHER, writes=True),
    *_of_room("room.remove", _OTHER),
    Row("room.remove", "forbidden", "moderator", _MEMBER | {"user": "$owner"}),
    Row("room.remove", "direct_room", "member", _MEMBER | {"user": "$peer"}, kind="direct"),
    Row("room.remove", "member_not_found", "owner", _STRANGER),
    Row("room.ban", "ok", "moderator", _OTHER, writes=True),
    *_of_room("room.ban", _OTHER),
    Row("room.ban", "forbidden", "member", _STRANGER),
    Row("room.ban", "direct_room", "member", _MEMBER | {"user": "$peer"}, kind="direct"),
    Row("room.ban", "user_not_found", "owner", _MEMBER | {"user": "nobody"}),
    Row("room.unban", "ok", "moderator", _STRANGER, before=_BANNED, writes=True),
    *_of_room("room.unban", _STRANGER),
    Row("room.unban", "forbidden", "member", _STRANGER),
    Row("room.role", "ok", "owner", _OTHER | {"role": "moderator"}, writes=True),
    Row("room.role", "ok", "owner", _OTHER | {"role": "owner"}),
    *_of_room("room.role", _OTHER | {"role": "moderator"}),
    Row("room.role", "forbidden", "moderator", _OTHER | {"role": "moderator"}),
    Row("room.role", "direct_room", "member", _MEMBER | {"user": "$peer", "role": "moderator"}, kind="direct"),
    Row("room.role", "member_not_found", "owner", _STRANGER | {"role": "moderator"}),
    Row("room.role", "owner_must_stay", "owner", _MEMBER | {"user": "$owner", "role": "member"}),
]

MESSAGES = [
    Row("message.send", "ok", "member", _SEND, writes=True),
    Row("message.send", "ok", "member", _SEND | {"reply_to": "$message"}),
    Row("message.send", "ok", "member", _SEND, before=(("member", "message.send", _SEND),)),
    *_of_room("message.send", _SEND),
    Row("message.send", "forbidden", "member", _SEND | {"room": "$self"}),
    Row("message.send", "message_not_found", "member", _SEND | {"reply_to": "none"}),
    Row(
        "message.send", "cid_conflict", "member", _SEND, before=(("member", "message.send", _SEND | {"text": "other"}),)
    ),
    Row("message.list", "ok", "member", _MEMBER | {"limit": 2}),
    Row("message.list", "ok", "member", _MEMBER | {"around": 2}),
    *_of_room("message.list", _MEMBER),
    Row("message.get", "ok", "member", _MESSAGE),
    *_of_message("message.get", _MESSAGE),
    Row("message.edit", "ok", "member", _MESSAGE | {"text": "changed"}, writes=True),
    *_of_message("message.edit", _MESSAGE | {"text": "changed"}),
    Row("message.edit", "forbidden", "owner", _MESSAGE | {"text": "changed"}),
    Row("message.edit", "message_deleted", "member", _MESSAGE | {"text": "changed"}, before=_DELETED),
    Row("message.delete", "ok", "moderator", _MESSAGE, writes=True),
    *_of_message("message.delete", _MESSAGE),
    Row("message.delete", "forbidden", "peer", _MESSAGE, before=(("peer", "room.join", _MEMBER),)),
    Row("message.react", "ok", "owner", _REACT, writes=True),
    Row("message.react", "ok", "owner", _REACT | {"on": False}, before=(("owner", "message.react", _REACT),)),
    Row("message.react", "bad_request", "owner", _REACT | {"emoji": "two words"}),
    *_of_message("message.react", _REACT),
    Row("message.react", "message_deleted", "owner", _REACT, before=_DELETED),
    Row("message.react", "too_many_reactions", "owner", _REACT, before=_MANY),
    Row("ping", "ok", "member"),
]

ROWS = [*AUTH, *USERS, *ROOMS, *MEMBERS, *MESSAGES]


class Stage:
    """The people of the table, and fresh rooms for them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.people: dict[str, Person] = {}
        self._numbers = itertools.count()

    async def begin(self, people: tuple[str, ...] = PEOPLE) -> None:
        """Let everybody in."""
        for name in people:
            account = await self.site.register(name)
            self.people[name] = Person(account, await self.site.connect(account, deaf=True))

    async def prepare(self, row: Row) -> Json:
        """Make what a row needs, and return what to ask with."""
        number = next(self._numbers)
        names = {f"${name}": person.id for name, person in self.people.items()}
        names |= {"$fresh": f"fresh-{number}", "$cid": f"cid-{number}", "$unique": f"unique{number}"}
        names["$self"] = self.people["member"].socket.session["rooms"][0]["id"]
        names["$name"] = self.people["member"].account.username
        if row.who == "$again":
            again = await self.site.log_in(self.people["member"].account)
            self.people["$again"] = Person(again, self.people["member"].socket)
        if "$refresh" in row.d.values():
            names["$refresh"] = (await self.site.log_in(self.people["member"].account)).refresh_token
        if "room" in row.d or "$unique" in row.d.values():
            names |= await self._room(row.kind, names["$unique"])
        for who, op, d in row.before:
            await self.people[who].do(op, _filled(d, names), socket=True)
        filled: Json = _filled(row.d, names)
        return filled

    async def _room(self, kind: str, name: str) -> dict[str, str]:
        owner, member = self.people["owner"], self.people["member"]
        if kind == "direct":
            room = await member.do("room.direct", {"user": self.people["peer"].id})
        else:
            room = await owner.do("room.create", {"name": name, "kind": kind})
            for who in ("moderator", "member"):
                await owner.do("room.add", {"room": room["id"], "user": self.people[who].id})
            d = {"room": room["id"], "user": self.people["moderator"].id, "role": "moderator"}
            await owner.do("room.role", d)
        cid = f"first-{next(self._numbers)}"
        message = await member.do("message.send", {"room": room["id"], "text": "first", "cid": cid})
        return {"$room": room["id"], "$message": message["id"]}


def _filled(value: Any, names: dict[str, str]) -> Any:
    """Return a value with what its names stand for."""
    if isinstance(value, dict):
        return {key: _filled(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, names) for inner in value]
    if isinstance(value, str) and value.startswith("$"):
        return ",".join(names[part] for part in value.split(","))
    return value
