"""The parity table: for each operation a row that succeeds, and one for each code it may answer."""

import itertools

from tests.client.account import PASSWORD
from tests.client.checks import Json
from tests.client.site import Site
from tests.integration.every_operation.alias_rows import ALIASES
from tests.integration.every_operation.call_rows import CALLS
from tests.integration.every_operation.comment_rows import COMMENTS, VOTES
from tests.integration.every_operation.notification_rows import NOTIFICATIONS
from tests.integration.every_operation.people_rows import TIED
from tests.integration.every_operation.places import filled, notification, place, words
from tests.integration.every_operation.post_rows import POSTS
from tests.integration.every_operation.report_rows import REPORTS
from tests.integration.every_operation.rows import MEMBER, PEOPLE, Row, of_room
from tests.integration.every_operation.topic_rows import TOPICS
from tests.integration.every_operation.world import Person

STATUS = {
    "ok": (200, 201, 204),
    "bad_request": (400,),
    "unauthenticated": (401,),
    "bad_credentials": (401,),
    "forbidden": (403,),
    "not_a_member": (403,),
    "banned": (403,),
    "permission_missing": (403,),
    "content_refused": (400,),
    "blocked": (403,),
    "calls_off": (403,),
    "user_not_found": (404,),
    "room_not_found": (404,),
    "message_not_found": (404,),
    "not_found": (404,),
    "notification_not_found": (404,),
    "member_not_found": (404,),
    "request_not_found": (404,),
    "target_not_found": (404,),
    "own_content": (403,),
    "reported_already": (409,),
    "invitation_not_found": (404,),
    "username_taken": (409,),
    "title_taken": (409,),
    "already_member": (409,),
    "already_invited": (409,),
    "answered_elsewhere": (409,),
    "busy": (409,),
    "call_full": (409,),
    "call_over": (409,),
    "cid_conflict": (409,),
    "not_in_call": (409,),
    "owner_must_stay": (409,),
    "direct_room": (409,),
    "message_deleted": (409,),
    "too_many_reactions": (409,),
    "too_many_watched": (409,),
    "reset": (410,),
    "post_not_found": (404,),
    "comment_not_found": (404,),
    "post_closed": (409,),
    "deleted": (409,),
    "anonymous_off": (403,),
    "alias_silenced": (403,),
    "alias_not_found": (404,),
    "alias_taken": (409,),
    "rate_limited": (429,),
    "unavailable": (503,),
}
"""The status of REST that each code comes with."""

_MEMBER = MEMBER
_MESSAGE = {"room": "$room", "message": "$message"}


def _of_message(op: str, d: Json) -> list[Row]:
    return [*of_room(op, d), Row(op, "message_not_found", "member", d | {"message": "none"})]


_MANY = tuple(("member", "message.react", _MESSAGE | {"emoji": f":e{n}:", "on": True}) for n in range(50))
_DELETED = (("member", "message.delete", _MESSAGE),)
_BANNED = (("owner", "room.ban", _MEMBER | {"user": "$stranger"}),)
_LOOKING = tuple(("peer", "room.watch", {"room": f"p_nobody{n}"}) for n in range(20))
_BLOCKED = (("peer", "users.block", {"user": "$owner"}),)
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
    *of_room("room.get", _MEMBER, public=False),
    Row("room.update", "ok", "moderator", _MEMBER | {"name": "other", "description": ""}, writes=True),
    *of_room("room.update", _MEMBER | {"name": "other"}),
    Row("room.update", "forbidden", "member", _MEMBER | {"name": "other"}),
    Row("room.update", "direct_room", "member", _MEMBER | {"name": "other"}, kind="direct"),
    Row("room.delete", "ok", "owner", _MEMBER, writes=True),
    *of_room("room.delete", _MEMBER),
    Row("room.delete", "forbidden", "moderator", _MEMBER),
    Row("room.delete", "direct_room", "member", _MEMBER, kind="direct"),
    Row("room.changes", "ok", "member", _MEMBER | {"since": 0}),
    *of_room("room.changes", _MEMBER | {"since": 0}),
    Row("room.changes", "reset", "member", _MEMBER | {"since": 1_000_000}),
    Row("room.read", "ok", "member", _MEMBER | {"seq": 1}, writes=True),
    *of_room("room.read", _MEMBER | {"seq": 1}),
    Row("room.read", "blocked", "member", _MEMBER | {"seq": 1}, kind="blocked"),
    Row("room.typing", "ok", "member", _MEMBER),
    Row("room.typing", "blocked", "member", _MEMBER, kind="blocked"),
    *of_room("room.typing", _MEMBER),
    Row("room.presence", "ok", "member", _MEMBER),
    *of_room("room.presence", _MEMBER),
    Row("room.watch", "ok", "stranger", _MEMBER),
    Row("room.watch", "ok", "stranger", _MEMBER | {"since": 0}),
    *of_room("room.watch", _MEMBER, public=False),
    Row("room.unwatch", "ok", "stranger", _MEMBER),
    Row("room.watch", "too_many_watched", "peer", _MEMBER, before=_LOOKING),
]

_OTHER = _MEMBER | {"user": "$member"}
_STRANGER = _MEMBER | {"user": "$stranger"}

MEMBERS = [
    Row("room.members", "ok", "member", _MEMBER),
    Row("room.members", "ok", "member", _MEMBER | {"role": "moderator"}),
    *of_room("room.members", _MEMBER),
    Row("room.join", "ok", "stranger", _MEMBER, writes=True),
    Row("room.join", "ok", "member", _MEMBER),
    *of_room("room.join", _MEMBER, public=False),
    Row("room.join", "banned", "stranger", _MEMBER, before=_BANNED),
    Row("room.add", "ok", "moderator", _STRANGER, writes=True),
    *of_room("room.add", _MEMBER | {"user": "$peer"}),
    Row("room.add", "forbidden", "member", _STRANGER),
    Row("room.add", "banned", "owner", _STRANGER, before=_BANNED),
    Row("room.add", "blocked", "owner", _MEMBER | {"user": "$peer"}, before=_BLOCKED),
    Row("room.add", "direct_room", "member", _STRANGER, kind="direct"),
    Row("room.add", "user_not_found", "owner", _MEMBER | {"user": "nobody"}),
    Row("room.leave", "ok", "member", _MEMBER, writes=True),
    *of_room("room.leave", _MEMBER),
    Row("room.leave", "owner_must_stay", "owner", _MEMBER),
    Row("room.leave", "forbidden", "member", {"room": "$self"}),
    Row("room.remove", "ok", "moderator", _OTHER, writes=True),
    *of_room("room.remove", _OTHER),
    Row("room.remove", "forbidden", "moderator", _MEMBER | {"user": "$owner"}),
    Row("room.remove", "direct_room", "member", _MEMBER | {"user": "$peer"}, kind="direct"),
    Row("room.remove", "member_not_found", "owner", _STRANGER),
    Row("room.ban", "ok", "moderator", _OTHER, writes=True),
    *of_room("room.ban", _OTHER),
    Row("room.ban", "forbidden", "member", _STRANGER),
    Row("room.ban", "direct_room", "member", _MEMBER | {"user": "$peer"}, kind="direct"),
    Row("room.ban", "user_not_found", "owner", _MEMBER | {"user": "nobody"}),
    Row("room.unban", "ok", "moderator", _STRANGER, before=_BANNED, writes=True),
    *of_room("room.unban", _STRANGER),
    Row("room.unban", "forbidden", "member", _STRANGER),
    Row("room.role", "ok", "owner", _OTHER | {"role": "moderator"}, writes=True),
    Row("room.role", "ok", "owner", _OTHER | {"role": "owner"}),
    *of_room("room.role", _OTHER | {"role": "moderator"}),
    Row("room.role", "forbidden", "moderator", _OTHER | {"role": "moderator"}),
    Row("room.role", "direct_room", "member", _MEMBER | {"user": "$peer", "role": "moderator"}, kind="direct"),
    Row("room.role", "member_not_found", "owner", _STRANGER | {"role": "moderator"}),
    Row("room.role", "owner_must_stay", "owner", _MEMBER | {"user": "$owner", "role": "member"}),
]

MESSAGES = [
    Row("message.send", "ok", "member", _SEND, writes=True),
    Row("message.send", "ok", "member", _SEND | {"reply_to": "$message"}),
    Row("message.send", "ok", "member", _SEND, before=(("member", "message.send", _SEND),)),
    *of_room("message.send", _SEND),
    Row("message.send", "content_refused", "member", _SEND | {"text": "$refused"}, kind="topic"),
    Row("message.send", "forbidden", "member", _SEND | {"room": "$self"}),
    Row("message.send", "message_not_found", "member", _SEND | {"reply_to": "none"}),
    Row(
        "message.send", "cid_conflict", "member", _SEND, before=(("member", "message.send", _SEND | {"text": "other"}),)
    ),
    Row("message.list", "ok", "member", _MEMBER | {"limit": 2}),
    Row("message.list", "ok", "member", _MEMBER | {"around": 2}),
    *of_room("message.list", _MEMBER),
    Row("message.get", "ok", "member", _MESSAGE),
    *_of_message("message.get", _MESSAGE),
    Row("message.edit", "ok", "member", _MESSAGE | {"text": "changed"}, writes=True),
    *_of_message("message.edit", _MESSAGE | {"text": "changed"}),
    Row("message.edit", "content_refused", "member", _MESSAGE | {"text": "$refused"}, kind="topic"),
    Row("message.edit", "forbidden", "owner", _MESSAGE | {"text": "changed"}),
    Row("message.edit", "blocked", "member", _MESSAGE | {"text": "changed"}, kind="blocked"),
    Row("message.send", "blocked", "member", _SEND, kind="blocked"),
    Row("message.react", "blocked", "stranger", _REACT, kind="blocked"),
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

ROWS = [*AUTH, *USERS, *ROOMS, *MEMBERS, *MESSAGES, *CALLS, *ALIASES, *TIED, *NOTIFICATIONS, *COMMENTS, *VOTES, *TOPICS]
ROWS += [*REPORTS, *POSTS]


class Stage:
    """The people of the table, and fresh rooms for them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.people: dict[str, Person] = {}
        self._crowd: list[Person] = []
        """The owner, five more times."""
        self._kept: dict[tuple[str, str], dict[str, str]] = {}
        """What there is for rows that change nothing, by kind and call."""
        self._numbers = itertools.count()

    async def begin(self, people: tuple[str, ...] = PEOPLE) -> None:
        """Let everybody in."""
        for name in people:
            account = await self.site.register(name)
            self.people[name] = Person(account, await self.site.connect(account, deaf=True))

    async def prepare(self, row: Row, *, kept: bool = False) -> Json:
        """Make what a row needs, and return what to ask with.

        Where the row changes nothing, and nothing needs to be done before, it may stand on what is ``kept`` of another
        of its kind: making all anew takes most of the time.
        """
        number = next(self._numbers)
        names = {f"${name}": person.id for name, person in self.people.items()} | words(number)
        names["$self"] = self.people["member"].socket.session["rooms"][0]["id"]
        names["$name"] = self.people["member"].account.username
        names |= await self._of_member(row, number)
        names |= await (self._kept_place if kept else self._place)(row, number)
        for who, op, d in () if kept else row.before:
            await self.people[who].do(op, filled(d, names), socket=True)
        return filled(row.d, names)

    async def _kept_place(self, row: Row, number: int) -> dict[str, str]:
        key = row.kind, row.call
        if key not in self._kept and (made := await self._place(row, number)):
            self._kept[key] = made
        return self._kept.get(key, {})

    async def _place(self, row: Row, number: int) -> dict[str, str]:
        """Make the room, the call or the discussion that a row stands on, if it needs one."""
        names = await place(self.people, row, number)
        if row.op.startswith("call.") or row.call:
            await self._end_calls()
        return names | await self._call(row, names["$room"]) if row.call else names

    async def _of_member(self, row: Row, number: int) -> dict[str, str]:
        """Make what a row needs of the member's own: another session, a token, a notification."""
        member = self.people["member"]
        if row.who == "$again":
            self.people["$again"] = Person(await self.site.log_in(member.account), member.socket)
        if "$refresh" in row.d.values():
            return {"$refresh": (await self.site.log_in(member.account)).refresh_token}
        if "$notification" in row.d.values():
            return {"$notification": await notification(self.people, member.account.username, number)}
        return {}

    async def _end_calls(self) -> None:
        """End the calls of the rows before: who is in one is busy."""
        for person in self.people.values():
            for call in (await person.do("call.list", {}, socket=True))["items"]:
                if call["started_by"]["id"] == person.id:
                    await person.do("call.end", {"call": call["id"]}, socket=True)

    async def _call(self, row: Row, room: str) -> dict[str, str]:
        """Begin the call of a row."""
        starter, member = self.people["member" if row.kind == "direct" else "owner"], self.people["member"]
        rung = [member.id] if row.call not in {"open", "joined"} and row.kind != "direct" else []
        call = await starter.do("call.start", {"room": room, "media": "audio", "ring": rung}, socket=True)
        this = {"call": call["id"]}
        if row.call == "busy":
            elsewhere = await member.do("room.create", {"name": "elsewhere", "kind": "private"})
            await member.do("call.start", {"room": elsewhere["id"], "media": "audio"}, socket=True)
        elif row.call == "over":
            await starter.do("call.end", this, socket=True)
        elif row.call == "answered":
            await (await self._again(member)).do("call.accept", this, socket=True)
        elif row.call == "full" and not self._crowd:
            self._crowd += [await self._again(starter) for _ in range(5)]
        more = {"joined": [self.people["moderator"]], "full": self._crowd}
        legs = [await person.do("call.join", this, socket=True) for person in more.get(row.call, ())]
        return {"$call": call["id"], "$leg": call["leg"], "$other": legs[0]["leg"] if legs else ""}

    async def _again(self, person: Person) -> Person:
        account = await self.site.log_in(person.account)
        return Person(account, await self.site.connect(account, deaf=True))
