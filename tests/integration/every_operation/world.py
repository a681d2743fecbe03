"""People who do things to each other in rooms, through either door, while mirrors watch."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from tests.client.account import PASSWORD, Account
from tests.client.checks import Json, check_answer
from tests.client.mirror import Mirror
from tests.client.rest import Refused
from tests.client.routes import ROUTES, request_of
from tests.client.site import Site
from tests.client.socket import Socket
from tests.client.truth import all_of, converged

T = TypeVar("T")
TEXTS = ["hello", "👍🏽 <b>", "x" * 4000, " trailing ", "@all"]
EMOJIS = [":+1:", "❤️", "👨‍👩‍👧‍👦"]

REFUSALS = frozenset(
    {
        "already_invited",
        "already_member",
        "bad_request",
        "banned",
        "direct_room",
        "forbidden",
        "invitation_not_found",
        "member_not_found",
        "message_deleted",
        "message_not_found",
        "not_a_member",
        "not_found",
        "notification_not_found",
        "owner_must_stay",
        "permission_missing",
        "room_not_found",
        "title_taken",
        "too_many_reactions",
        "conflict",
        "comment_not_found",
        "deleted",
        "post_not_found",
    }
)
"""What a person may be told who asks for something at random."""

Pick = Callable[[Sequence[Any]], Any]
"""Chooses one of several; the machine or a seed stands behind it."""


Work = Callable[[], Coroutine[Any, Any, None]]
"""What was chosen, and can be begun."""


class Person:
    """Somebody who acts: an account with a socket of its own."""

    def __init__(self, account: Account, socket: Socket, history: list[str] | None = None) -> None:
        self.account = account
        self.socket = socket
        self.history = [] if history is None else history
        """What was asked and answered, in words, for whoever has to find out what went wrong."""

    def __repr__(self) -> str:
        return self.account.username

    @property
    def id(self) -> str:
        return self.account.id

    async def do(self, op: str, d: Json, *, socket: bool = False) -> Any:
        """Ask through the websocket where that is wanted and there is a door, else through REST."""
        asked = f"{self} ({self.id}) {op} {d}"[:300]
        self.history.append(f"{asked} …")
        try:
            ok = await self._ask(op, d, socket=socket)
        except Refused as refused:
            self.history.append(f"{asked}: {refused.code}")
            raise
        self.history.append(f"{asked}: {ok}"[:600])
        return ok

    async def _ask(self, op: str, d: Json, *, socket: bool) -> Any:
        route = ROUTES[op]
        if route.method is None or (socket and route.socket):
            return await self.socket.call(op, d)
        ok = (await self.account.request(*request_of(op, d))).ok()
        check_answer(op, d, ok)
        return ok


class World:
    """Five people, three of whom are mirrored by a device that only listens."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.people: list[Person] = []
        self.mirrors: list[Mirror] = []
        self.rooms: list[str] = []
        self.messages: list[tuple[str, str]] = []
        """Room and id of each message that was sent."""
        self.done: Counter[str] = Counter()
        """Operations that succeeded, by name."""
        self.refused: Counter[str] = Counter()
        """Refusals, by operation and code."""
        self.cids = itertools.count()
        self.history: list[str] = []
        """What people asked and were answered, and what mirrors were told."""

    async def begin(self) -> None:
        """Let everybody in; a first room with everybody in it."""
        for _ in range(5):
            await self.add_person()
        await self.open_room()
        for person in self.people[:3]:
            mirror = Mirror(self.site, await self.site.log_in(person.account), self.history)
            await mirror.connect()
            self.mirrors.append(mirror)

    async def open_room(self) -> None:
        """Make a public room with everybody in it, the first person being its owner."""
        first, *others = self.people
        room = (await first.do("room.create", {"name": "open", "kind": "public"}))["id"]
        self.rooms.append(room)
        for person in others:
            await person.do("room.join", {"room": room})

    async def furnish(self) -> None:
        """Make another such room where the newest is none any more: deleted, handed over or deserted."""
        try:
            room = await self.people[0].do("room.get", {"room": self.rooms[-1]})
        except Refused:
            room = {}
        if room.get("kind") != "public" or room["role"] != "owner" or room["member_count"] < len(self.people):
            await self.open_room()

    async def add_person(self) -> Person:
        """Register somebody who acts."""
        account = await self.site.register("person")
        person = Person(account, await self.site.connect(account, deaf=True), self.history)
        self.people.append(person)
        return person

    async def act(self, name: str, work: Work) -> None:
        """Do something; whoever asks for it may be refused, with a code that fits."""
        try:
            await work()
        except Refused as refused:
            if refused.code not in REFUSALS:
                raise AssertionError(f"{name}: {refused.code}: {refused.detail}") from refused
            self.refused[f"{name} {refused.code}"] += 1
        else:
            self.done[name] += 1

    async def check(self) -> None:
        """Every mirror equals a fresh fetch, those that are cut off once they are back."""
        await all_of(mirror.connect() for mirror in self.mirrors if mirror.socket is None)
        await all_of(converged(mirror) for mirror in self.mirrors)


Action = Callable[[World, Pick], Work]
ACTIONS: dict[str, Action] = {}
"""For each operation something that uses it. What is chosen is chosen before it begins."""


def _ask(op: str, fill: Callable[[World, Pick], Json]) -> Action:
    """Make an action of an operation whose answer nobody needs."""

    def act(world: World, pick: Pick) -> Work:
        person, d, socket = pick(world.people), fill(world, pick), pick([False, True])

        async def run() -> None:
            await person.do(op, d, socket=socket)

        return run

    return act


def _in_room(**fields: Sequence[Any]) -> Callable[[World, Pick], Json]:
    return lambda world, pick: {"room": pick(world.rooms)} | {name: pick(values) for name, values in fields.items()}


def _with_user(**fields: Sequence[Any]) -> Callable[[World, Pick], Json]:
    return lambda world, pick: _in_room(**fields)(world, pick) | {"user": pick([one.id for one in world.people])}


def _on_message(**fields: Sequence[Any]) -> Callable[[World, Pick], Json]:
    def fill(world: World, pick: Pick) -> Json:
        room, message = pick(world.messages or [(world.rooms[0], "none")])
        return {"room": room, "message": message} | {name: pick(values) for name, values in fields.items()}

    return fill


def _send(world: World, pick: Pick) -> Work:
    person, socket = pick(world.people), pick([False, True])
    texts = [*TEXTS, f"@{pick(world.people)}", "@everyone"]
    d = {"room": pick(world.rooms), "text": pick(texts), "cid": f"cid-{next(world.cids)}"}
    answered = pick([None, *[message for room, message in world.messages if room == d["room"]][-3:]])
    if answered is not None:
        d["reply_to"] = answered

    async def run() -> None:
        item = await person.do("message.send", d, socket=socket)
        again = await person.do("message.send", d, socket=not socket)
        assert (again["id"], again["seq"]) == (item["id"], item["seq"]), (item, again)
        world.messages.append((d["room"], item["id"]))

    return run


def _on_notification(op: str) -> Action:
    """Make an action on the latest notification of somebody, who is named for it where there is none."""

    def act(world: World, pick: Pick) -> Work:
        person, other, socket = pick(world.people), pick(world.people), pick([False, True])

        async def run() -> None:
            for _ in range(50):
                found = (await person.do("notification.list", {"limit": 1}, socket=socket))["items"]
                if found:
                    await person.do(op, {"notification": found[0]["item"]["id"]}, socket=socket)
                    return
                said = {"room": world.rooms[-1], "text": f"@{person}", "cid": f"cid-{next(world.cids)}"}
                await other.do("message.send", said)
                await asyncio.sleep(0.05)  # a job tells

        return run

    return act


def _create(world: World, pick: Pick) -> Work:
    person, socket = pick(world.people), pick([False, True])
    d = {"name": "room", "kind": pick(["public", "private"]), "history": pick(["all", "joined"])}

    async def run() -> None:
        world.rooms.append((await person.do("room.create", d, socket=socket))["id"])

    return run


def _direct(world: World, pick: Pick) -> Work:
    person, peer = pick(world.people), pick(world.people)

    async def run() -> None:
        room = (await person.do("room.direct", {"user": peer.id}))["id"]
        if room not in world.rooms:
            world.rooms.append(room)

    return run


def _read(world: World, pick: Pick) -> Work:
    person, room, socket, back = pick(world.people), pick(world.rooms), pick([False, True]), pick([0, 1, 3])

    async def run() -> None:
        head = (await person.do("message.list", {"room": room, "limit": 1}))["head"]
        answer = await person.do("room.read", {"room": room, "seq": max(0, head - back)}, socket=socket)
        assert answer["read"] >= max(0, head - back)

    return run


def _log_in(world: World, pick: Pick) -> Work:
    person = pick(world.people)

    async def run() -> None:
        person.account = await world.site.log_in(person.account)
        person.socket = await world.site.connect(person.account, deaf=True)

    return run


def _log_out(world: World, pick: Pick) -> Work:
    person = pick(world.people)

    async def run() -> None:
        await person.account.log_out()
        assert (await person.socket.closed).code == 4504
        person.account = await world.site.log_in(person.account)
        person.socket = await world.site.connect(person.account, deaf=True)

    return run


def _refresh(world: World, pick: Pick) -> Work:
    person = pick(world.people)

    async def run() -> None:
        await person.account.refresh()
        await person.socket.call("auth.refresh", {"token": person.account.token})

    return run


def _register(world: World, pick: Pick) -> Work:
    async def run() -> None:
        await Account.register(world.site.rest, f"extra-{next(world.cids)}-{id(world) % 9973}", password=PASSWORD)

    del pick
    return run


def _users(world: World, pick: Pick) -> Work:
    person, wanted = pick(world.people), [one.id for one in world.people]

    async def run() -> None:
        by_socket = await person.do("users.get", {"users": wanted})
        assert by_socket == await person.do("users.list", {"ids": ",".join(wanted)})
        assert [user["id"] for user in by_socket["items"]] == wanted

    return run


def _me(world: World, pick: Pick) -> Work:
    person = pick(world.people)

    async def run() -> None:
        assert (await person.do("users.me", {}))["id"] == person.id

    return run


ACTIONS |= {
    "auth.register": _register,
    "auth.login": _log_in,
    "auth.logout": _log_out,
    "auth.refresh": _refresh,
    "users.me": _me,
    "users.get": _users,
    "users.list": _users,
    "users.one": _ask("users.one", lambda world, pick: {"user": pick(world.people).id}),
    "room.create": _create,
    "room.direct": _direct,
    "room.list": _ask("room.list", lambda world, pick: {"scope": "public"} if pick([False, True]) else {}),
    "room.get": _ask("room.get", _in_room()),
    "room.update": _ask("room.update", _in_room(name=["renamed", "again"], description=["", "about"])),
    "room.delete": _ask("room.delete", _in_room()),
    "room.join": _ask("room.join", _in_room()),
    "room.add": _ask("room.add", _with_user()),
    "room.members": _ask("room.members", _in_room()),
    "room.role": _ask("room.role", _with_user(role=["member", "moderator", "owner"])),
    "room.leave": _ask("room.leave", _in_room()),
    "room.remove": _ask("room.remove", _with_user()),
    "room.ban": _ask("room.ban", _with_user()),
    "room.unban": _ask("room.unban", _with_user()),
    "room.changes": _ask("room.changes", _in_room(since=[0])),
    "room.read": _read,
    "room.typing": _ask("room.typing", _in_room()),
    "message.send": _send,
    "message.list": _ask("message.list", _in_room(around=[1, 5])),
    "message.get": _ask("message.get", _on_message()),
    "message.edit": _ask("message.edit", _on_message(text=["edited", "edited again"])),
    "message.delete": _ask("message.delete", _on_message()),
    "message.react": _ask("message.react", _on_message(emoji=EMOJIS, on=[True, False])),
    "message.hide": _ask("message.hide", _on_message()),
    "message.show": _ask("message.show", _on_message()),
    "message.clear": _ask("message.clear", _in_room()),
    "message.hidden": _ask("message.hidden", _in_room()),
    "message.conversations": _ask("message.conversations", lambda world, pick: {}),
    "message.unread": _ask("message.unread", lambda world, pick: {}),
    "notification.list": _ask("notification.list", lambda world, pick: {"unread": pick([True, False])}),
    "notification.unread": _ask("notification.unread", lambda world, pick: {}),
    "notification.read": _on_notification("notification.read"),
    "notification.read_all": _ask("notification.read_all", lambda world, pick: {}),
    "notification.delete": _on_notification("notification.delete"),
    "ping": _ask("ping", lambda world, pick: {}),
}
