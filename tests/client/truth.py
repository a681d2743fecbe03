"""A fresh fetch of all that somebody may see, and how a mirror differs from it."""

from dataclasses import dataclass
from typing import Any

from tests.client.account import Account
from tests.client.checks import Json
from tests.client.mirror import PATIENCE, Mirror, members, who
from tests.client.site import Site

ROOM_FIELDS = ("id", "kind", "name", "description", "picture", "owner", "history", "role", "peer")
"""What of a room has to agree; ``member_count`` comes later, and ``head`` counts what a viewer need not see."""


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
    items = {room: {item["id"]: item for item in await account.history(room)} for room in rooms}
    roles = {id_: await members(account, id_) for id_, room in rooms.items() if room["kind"] != "self"}
    return Truth(rooms, items, roles)


def differences(mirror: Mirror, truth: Truth) -> list[str]:
    """Return in words what a mirror has that a fresh fetch has not, and the reverse."""
    found = _of("room", dict.fromkeys(mirror.rooms), dict.fromkeys(truth.rooms))
    for id_ in mirror.rooms.keys() & truth.rooms.keys():
        mine, fresh = mirror.rooms[id_], truth.rooms[id_]
        found += _of(
            f"{id_}: ", {key: mine.get(key) for key in ROOM_FIELDS}, {key: fresh.get(key) for key in ROOM_FIELDS}
        )
        found += _of(f"{id_}: item ", mirror.items[id_], truth.items[id_])
        found += _of(f"{id_}: member ", mirror.members.get(id_, {}), truth.members.get(id_, {}))
        found += _unread(mirror, id_, fresh)
        if fresh["kind"] in ("public", "private") and fresh["member_count"] != len(truth.members[id_]):
            found.append(f"{id_}: member_count {fresh['member_count']}, but {len(truth.members[id_])} members")
    return found


def _of(what: str, mine: dict[str, Any], fresh: dict[str, Any]) -> list[str]:
    """Compare two tables, key by key."""
    keys = [key for key in mine.keys() | fresh.keys() if mine.get(key, "nothing") != fresh.get(key, "nothing")]
    return [f"{what}{key}: {mine.get(key, 'nothing')!r}, fresh {fresh.get(key, 'nothing')!r}" for key in keys]


def _unread(mirror: Mirror, room: str, fresh: Json) -> list[str]:
    """The read marker agrees, and ``unread`` is what the marker and the items make of it.

    The protocol leaves open whether a deleted message still counts.
    """
    found = [] if mirror.reads[room] == fresh["read"] else [f"{room}: read {mirror.reads[room]}, fresh {fresh['read']}"]
    others = [
        item
        for item in mirror.items[room].values()
        if item["kind"] == "text" and who(item["author"]) != mirror.account.id and item["seq"] > fresh["read"]
    ]
    least = min(100, sum(not item["deleted"] for item in others))
    if not least <= fresh["unread"] <= min(100, len(others)):
        found.append(f"{room}: unread {fresh['unread']}, not from {least} to {len(others)}")
    return found


async def converged(mirror: Mirror) -> None:
    """Wait until a mirror equals a fresh fetch; nobody may do anything meanwhile."""
    truth = await fetch(mirror.site, mirror.account)
    left: list[str] = ["not looked at"]

    def equal() -> bool:
        nonlocal left
        left = differences(mirror, truth)
        return not left

    await mirror.settled()
    if equal():
        return
    # Something may still be on its way: an event after which a list has to be fetched again.
    try:
        await mirror.until(lambda: bool(mirror.outdated) or equal(), "being equal", seconds=PATIENCE / 3)
    except AssertionError:
        raise AssertionError(f"{mirror.account.username} differs: " + "\n".join(left[:8])) from None
    await converged(mirror)
