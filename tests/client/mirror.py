"""What a client holds that knows the protocol and nothing else: rooms, items, cursors, read markers."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from tests.client.account import Account
from tests.client.checks import Json, check_item, demand
from tests.client.rest import Refused
from tests.client.site import Site
from tests.client.socket import Socket
from tests.client.wire import VIOLATIONS, Closed, Rejected, Violation

AUDIENCE = frozenset({"joined", "left", "removed", "banned", "role"})
"""Notices after which a list of members is out of date."""

PATIENCE = 60.0
"""Seconds that anything may take before a test fails: generous, since two cores carry everything."""


def who(value: Any) -> str | None:
    """Return the id of a user, which is given as such or in an object."""
    return str(value["id"]) if isinstance(value, dict) else value


class Mirror:
    """One device of a person. It only listens; what is done is done by other sessions.

    ``connect`` comes back with the cursors it has; ``cut`` is a dead network; ``stay`` comes back by itself.
    """

    def __init__(self, site: Site, account: Account, history: list[str] | None = None) -> None:
        self.site = site
        self.account = account
        self.history = [] if history is None else history
        """What it was told, in words."""
        self.options: dict[str, Any] = {}
        """How its connections are opened: see ``Wire.open``."""
        self.epoch: str | None = None
        self.rooms: dict[str, Json] = {}
        self.items: dict[str, dict[str, Json]] = {}
        self.cursors: dict[str, int] = {}
        self.reads: dict[str, int] = {}
        """The person's own read markers."""
        self.members: dict[str, dict[str, str]] = {}
        """Roles by user; fetched, and fetched again after a notice says that they changed."""
        self.seen: Counter[str] = Counter()
        """Events by name, and states of hello as ``hello:delta``."""
        self.socket: Socket | None = None
        self.live = asyncio.Event()
        self.moves = 0
        """Rooms joined and left while it was live: some are left by what goes on when an operation is done."""
        self._unloaded: set[str] = set()
        self._behind: set[str] = set()
        self.outdated: set[str] = set()
        """Rooms whose members, or one's own role in them, have to be fetched again."""
        self._work: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    # Connection

    async def connect(self) -> None:
        """Say hello with the cursors there are, and wait until live.

        Raises:
            Closed: If the server closes before.
            OSError, Rejected: If it cannot be reached.
        """
        self.live.clear()
        self.socket = socket = await self.site.open(lambda event: self._event(socket, event), **self.options)
        await socket.hello(self.account.token, dict(self.cursors), self.epoch)
        live: asyncio.Future[Any] = asyncio.ensure_future(self.live.wait())
        closed: asyncio.Future[Any] = socket.closed
        try:
            async with asyncio.timeout(PATIENCE):
                await asyncio.wait({live, closed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            live.cancel()
        if not self.live.is_set():
            raise socket.closed.result()

    def cut(self) -> None:
        """Lose the connection without a word; nothing that is on its way arrives any more."""
        if self.socket is not None:
            self.history.append(f"  {self.account.username} is cut off")
            self.socket.cut()
            self.socket = None
        self.live.clear()

    async def stay(self, *, unit: float = 0.5, rng: random.Random | None = None) -> None:
        """Come back whenever the close code says so, with back-off and full jitter, until cancelled.

        Raises:
            Closed: With a code that says not to come back.
        """
        rng = rng or random.Random()
        attempt = 0
        while True:
            try:
                if self.socket is None or self.socket.closed.done():
                    await self.connect()
                attempt = 0
                assert self.socket is not None
                closed = await asyncio.shield(self.socket.closed)
            except Closed as error:
                closed = error
            except (OSError, Rejected):
                closed = Closed(1006, "unreachable")
            if closed.code >= 4500 or closed.code in (1002, 1003, 1007, 1008, 1009):
                raise closed
            if closed.code == 4009:
                await self.account.refresh()
            await asyncio.sleep(rng.uniform(0, min(30.0, unit * 2**attempt)))
            attempt = min(attempt + 1, 6)

    async def until(self, holds: Callable[[], bool], what: str, *, seconds: float = PATIENCE) -> None:
        """Wait until something holds of this mirror; it is looked at after every event."""
        try:
            async with asyncio.timeout(seconds):
                while not holds():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{self.account.username} waited in vain for {what}; {dict(self.seen)}") from None

    async def settled(self) -> None:
        """Wait until live and until all that was to be fetched is."""
        await self.until(lambda: self.live.is_set() and not self._work, "being settled")
        for room in tuple(self.outdated):
            self.outdated.discard(room)
            try:
                await self._refetch(room)
            except Refused:
                # Closed by what goes on after its topic was: one is told of it a moment later.
                await self.until(lambda room=room: room not in self.rooms, f"the end of {room}, which is refused")  # type: ignore[misc]

    def in_order(self, room: str) -> list[Json]:
        """Return the items of a room in order."""
        return sorted(self.items[room].values(), key=lambda item: int(item["seq"]))

    # Events

    def _event(self, socket: Socket, event: Json) -> None:
        if socket is not self.socket:
            return  # what was on its way when the network died
        name = event["ev"]
        self.seen[name] += 1
        self.history.append(f"  {self.account.username} is told {event}"[:500])
        if name == "hello":
            self._hello(event["d"])
        elif name == "live":
            self.live.set()
        elif name == "room.joined":
            self.moves += 1
            self._joined(event["d"])
        elif name == "room.left":
            self.moves += 1
            demand(event["d"]["room"] in self.rooms, "left a room that was not mine", event)
            self._forget(event["d"]["room"])
        elif event.get("room") is not None:
            demand(event["room"] in self.rooms, "an event of a room that is not mine", event)
            self._of_room(event["room"], event)
        self._changed.set()

    def _of_room(self, room: str, event: Json) -> None:
        name, d = event["ev"], event["d"]
        if name == "message":
            self._upsert(room, d)
        elif name == "room":
            self.rooms[room] |= d
        elif name == "read" and who(d["user"]) == self.account.id:
            self.reads[room] = max(self.reads.get(room, 0), int(d["seq"]))
        elif name == "behind":
            self._catch_up(room)
        elif name == "reset":
            self._reset(room, d["head"])
        if "rev" in event and room not in self._behind:
            self.cursors[room] = int(event["rev"])

    def _hello(self, answer: Json) -> None:
        demand(answer["rooms_next"] is None, "a mirror holds 200 rooms", answer["rooms_next"])
        self.epoch = answer["epoch"]
        for room in set(self.rooms) - {room["id"] for room in answer["rooms"]}:
            self._forget(room)
        self._behind.clear()
        for room in answer["rooms"]:
            id_, state = room["id"], room["state"]
            self.seen[f"hello:{state}"] += 1
            self.rooms[id_] = room
            self.reads[id_] = room["read"]
            self.outdated.add(id_)
            if state in ("new", "reset"):
                self._reset(id_, room["head"])
                continue
            demand(self.cursors[id_] <= room["head"], "a head below my cursor", room)
            if state == "behind":
                self._catch_up(id_)
            if id_ in self._unloaded:
                self._start(self._load(id_))

    def _joined(self, room: Json) -> None:
        self.rooms[room["id"]] = room
        self.reads[room["id"]] = room["read"]
        self.outdated.add(room["id"])
        self._reset(room["id"], room["head"])

    def _forget(self, room: str) -> None:
        tables: tuple[dict[str, Any], ...] = (self.rooms, self.items, self.cursors, self.reads, self.members)
        for table in tables:
            table.pop(room, None)
        for group in (self._unloaded, self._behind, self.outdated):
            group.discard(room)

    def _upsert(self, room: str, item: Json) -> None:
        known = self.items[room].get(item["id"])
        if known is not None and known["rev"] >= item["rev"]:
            return
        if known is not None:
            demand(known["seq"] == item["seq"] and known["cid"] == item["cid"], "an item moved", (known, item))
        self.items[room][item["id"]] = item
        if item["kind"] == "notice" and item["type"] in AUDIENCE:
            self.outdated.add(room)
        if item["kind"] == "text" and who(item["author"]) == self.account.id:
            self.reads[room] = max(self.reads.get(room, 0), item["seq"])

    # What is fetched

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._work.discard(task)
        self._changed.set()
        error = None if task.cancelled() else task.exception()
        if isinstance(error, Refused) and error.code in ("not_found", "forbidden", "room_not_found"):
            return  # left the room meanwhile; what is missing shows in the comparison
        if error is not None and not isinstance(error, Closed):
            VIOLATIONS.append(f"{type(error).__name__}: {error}")

    def _reset(self, room: str, head: int) -> None:
        self.items[room] = {}
        self.cursors[room] = head
        self._behind.discard(room)
        self._unloaded.add(room)
        self._start(self._load(room))

    async def _load(self, room: str) -> None:
        """Fetch the newest page, and the older ones behind it."""
        socket, before, items = self.socket, None, self.items.get(room)
        if socket is None:
            return
        while room in self._unloaded:
            d = {"room": room, "limit": 100} | ({} if before is None else {"before": before})
            page = await socket.call("message.list", d)
            if socket is not self.socket or self.items.get(room) is not items:
                return  # cut off, or out of the room and perhaps back
            self._page(room, page["items"])
            if not page["has_more"]:
                self._unloaded.discard(room)
                return
            before = page["items"][0]["seq"]

    def _catch_up(self, room: str) -> None:
        self._behind.add(room)
        self._start(self._changes(room))

    async def _changes(self, room: str) -> None:
        """Page what changed since the cursor, which live events do not move meanwhile."""
        socket, items = self.socket, self.items.get(room)
        while socket is not None and room in self._behind:
            page = await socket.call("room.changes", {"room": room, "since": self.cursors[room], "limit": 100})
            if socket is not self.socket or room not in self._behind or self.items.get(room) is not items:
                return
            self._page(room, page["items"])
            if page["complete"]:
                self._behind.discard(room)
                self.cursors[room] = max(page["head"], socket.order.revs.get(room, 0))
                return
            last = page["items"][-1]["rev"]
            demand(last > self.cursors[room], "a page that leads nowhere", page["head"])
            self.cursors[room] = min(last, page["head"])

    def _page(self, room: str, items: list[Json]) -> None:
        for item in items:
            check_item(item)
            demand(item["room"] == room, "an item of another room", item)
            self._upsert(room, item)

    async def _refetch(self, room: str) -> None:
        """Fetch the person's own view of a room and its members, as they are now."""
        if room not in self.rooms:
            return
        fresh = await self.account.get("rooms", room)
        if room not in self.rooms:
            return
        self.rooms[room]["role"] = fresh["role"]  # the rest comes with events
        if self.rooms[room]["kind"] != "self":
            roles = await members(self.account, room)
            if room in self.rooms:
                self.members[room] = roles


async def members(account: Account, room: str) -> dict[str, str]:
    """Return the roles of a room's members by user, from all pages."""
    roles: dict[str, str] = {}
    cursor = None
    while True:
        page = await account.get("rooms", room, "members", cursor=cursor, limit=100)
        for member in page["items"]:
            demand(member["user"]["id"] not in roles, "a member on two pages", member)
            roles[member["user"]["id"]] = member["role"]
        cursor = page["next"]
        if cursor is None:
            return roles


__all__ = ["PATIENCE", "Mirror", "Violation", "members", "who"]
