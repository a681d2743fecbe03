"""A fresh fetch of all that somebody may see, and how a mirror differs from it."""

import asyncio
import time
from collections.abc import Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.mirror import PATIENCE, Mirror, members, who
from tests.client.rest import Refused
from tests.client.site import Site

T = TypeVar("T")

ROOM_FIELDS = (
    *("id", "kind", "name", "description", "picture", "owner", "history", "role", "peer"),
    *("open", "place", "tags", "anonymous", "background"),
)
"""What of a room has to agree; ``member_count`` comes later, and ``head`` counts what a viewer need not see."""

QUIET_S = PATIENCE / 3
"""Seconds that nothing may come for, neither by events nor by fetching, before a difference is one."""

AGAIN_S = 0.5
"""Seconds after which is fetched again, should no event come before."""

AT_ONCE = 4
"""Rooms that are fetched at once."""


@dataclass
class Truth:
    """What a client that comes for the first time is told."""

    rooms: dict[str, Json]
    items: dict[str, dict[str, Json]]
    members: dict[str, dict[str, str]]


async def fetch(site: Site, account: Account) -> Truth:
    """Say hello without cursors and fetch every room from its start."""
    socket = await site.connect(account, deaf=True)
    rooms = {room["id"]: room for room in socket.session["rooms"]}
    await socket.close()
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(id_: str) -> tuple[list[Json], dict[str, str]]:
        async with gate:
            items = await account.history(id_)
            return items, {} if rooms[id_]["kind"] == "self" else await members(account, id_)

    found = dict(zip(rooms, await all_of(one(id_) for id_ in rooms), strict=True))
    items = {id_: {item["id"]: item for item in history} for id_, (history, _) in found.items()}
    return Truth(rooms, items, {id_: roles for id_, (_, roles) in found.items() if rooms[id_]["kind"] != "self"})


async def all_of(works: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Do all of it at once, to its end, and return the results.

    Raises:
        BaseException: What the first of those raised that failed.
    """
    results = await asyncio.gather(*works, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [result for result in results if not isinstance(result, BaseException)]


def differences(mirror: Mirror, truth: Truth) -> list[str]:
    """Return in words what a mirror has that a fresh fetch has not, and the reverse."""
    found = _of("room", dict.fromkeys(mirror.rooms), dict.fromkeys(truth.rooms))
    for id_ in mirror.rooms.keys() & truth.rooms.keys():
        mine, fresh = mirror.rooms[id_], truth.rooms[id_]
        found += _of(f"{id_}: ", _room(mine), _room(fresh))
        found += _of(f"{id_}: item ", mirror.items[id_], truth.items[id_])
        found += _of(f"{id_}: member ", mirror.members.get(id_, {}), truth.members.get(id_, {}))
        found += _unread(mirror, id_, fresh)
        if fresh["kind"] in ("public", "private", "topic") and fresh["member_count"] != len(truth.members[id_]):
            found.append(f"{id_}: member_count {fresh['member_count']}, but {len(truth.members[id_])} members")
    return found


def _room(room: Json) -> Json:
    """Return what has to agree; what is left out is nothing, or what it is in most rooms."""
    return {key: room.get(key) or None for key in ROOM_FIELDS} | {"links": room.get("links", "allow")}


def _of(what: str, mine: dict[str, Any], fresh: dict[str, Any]) -> list[str]:
    """Compare two tables, key by key."""
    keys = [key for key in mine.keys() | fresh.keys() if mine.get(key, "nothing") != fresh.get(key, "nothing")]
    return [f"{what}{key}: {mine.get(key, 'nothing')!r}, fresh {fresh.get(key, 'nothing')!r}" for key in keys]


def _unread(mirror: Mirror, room: str, fresh: Json) -> list[str]:
    """The read marker agrees, and ``unread`` is what the marker and the items make of it.

    The protocol leaves open whether a deleted message still counts.
    """
    found = [] if mirror.reads[room] == fresh["read"] else [f"{room}: read {mirror.reads[room]}, fresh {fresh['read']}"]
    counted = [item for item in mirror.items[room].values() if item["seq"] > fresh["read"]]
    others = [item for item in counted if _counts(item, mirror.account.id)]
    least = min(100, sum(not item["deleted"] for item in others))
    if not least <= fresh["unread"] <= min(100, len(others)):
        found.append(f"{room}: unread {fresh['unread']}, not from {least} to {len(others)}")
    return found


def _counts(item: Json, user: str) -> bool:
    if item["kind"] == "notification":
        return not item["seen"]
    return item["kind"] == "text" and who(item["author"]) != user


async def converged(mirror: Mirror) -> None:
    """Wait until a mirror equals a fresh fetch; nobody may do anything meanwhile.

    Either of the two may be the older one: people are told of what happened by jobs, a moment later. So what is there
    is fetched again and again, and what counts as a difference is one that stays though nothing comes any more.
    """
    last: Truth | None = None
    quiet_since = begun = time.monotonic()
    while True:
        told = mirror.seen.total()
        truth = await _fetched(mirror, begun + PATIENCE)
        await mirror.settled()
        left = differences(mirror, truth)
        if not left:
            return
        now = time.monotonic()
        if last is None or truth != last or mirror.seen.total() != told:
            quiet_since = now
        if now - quiet_since > QUIET_S or now - begun > PATIENCE:
            raise AssertionError(f"{mirror.account.username} differs: " + "\n".join(left[:8]))
        last = truth
        if await _equal_soon(mirror, truth):
            return


async def _fetched(mirror: Mirror, deadline: float) -> Truth:
    """Fetch what is there, again where a room went meanwhile: what is in a topic goes a moment after it."""
    while True:
        try:
            return await fetch(mirror.site, mirror.account)
        except Refused as refused:
            if refused.code != "room_not_found" or time.monotonic() > deadline:
                raise


async def _equal_soon(mirror: Mirror, truth: Truth) -> bool:
    """Tell whether events that are on their way make a mirror equal, without more being fetched."""
    moves = mirror.moves

    def over() -> bool:
        return bool(mirror.outdated) or mirror.moves != moves or not differences(mirror, truth)

    with suppress(AssertionError):
        await mirror.until(over, "being equal", seconds=AGAIN_S)
    return not mirror.outdated and not differences(mirror, truth)
