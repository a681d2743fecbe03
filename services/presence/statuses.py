"""What somebody's status is, and what of it is told."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, Protocol

import msgspec

from services.ids import rfc3339

Status = Literal["online", "away", "busy"]
"""What a device says of itself."""

Shown = Literal["online", "away", "busy", "offline"]
"""What others read."""

_RANK: Final[dict[Shown, int]] = {"offline": 0, "away": 1, "online": 2, "busy": 3}
_KNOWN: Final[dict[str, Shown]] = {status: status for status in _RANK}


def merged(statuses: Iterable[str]) -> Shown:
    """Return the status of somebody whose devices, or nodes, say these; whoever has none is offline.

    Busy counts before online, and online before away: a device that is in use beats one that lies idle, and who is busy
    means it. The order does not matter, so nodes need not agree on who said what last. A word that is not known here,
    of a newer node, counts as online.
    """
    return max((_KNOWN.get(status, "online") for status in statuses), key=_RANK.__getitem__, default="offline")


class PresenceView(msgspec.Struct, frozen=True):
    """How somebody is."""

    user: str
    status: Shown
    last_seen: str | None


class PresenceEvent(msgspec.Struct, tag_field="ev", tag="presence", frozen=True):
    """Not kept: how somebody is by now, to sessions that watch them."""

    d: PresenceView


def presence_view(user: str, status: str, seen_ms: int | None) -> PresenceView:
    """Return how somebody is, for the wire: when they were last seen counts only for who is not there."""
    shown = merged((status,))
    return PresenceView(user, shown, rfc3339(seen_ms) if shown == "offline" and seen_ms else None)


class Desk(Protocol):
    """What services may ask of the live side of presence. Nothing here fails, and no answer waits for long."""

    def declare(self, session: object, status: str) -> None:
        """Take what a session says of itself."""

    async def watch(self, session: object, users: Sequence[str]) -> None:
        """Tell a session from now on how these people are; return when that is known as far as it can be."""

    def end_watch(self, session: object) -> None:
        """Tell a session of nobody any more."""

    def status(self, user: str) -> str:
        """Return how somebody is who is watched here; of others only this node's own truth is known."""

    async def present(self, users: Sequence[str]) -> int:
        """Return how many of these people are there."""

    async def count(self, room: str) -> int:
        """Return how many people watch a room live, each counted once; nearly, and of up to 10 s ago."""
