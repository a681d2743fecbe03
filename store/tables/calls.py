"""Calls: who is in them, by which device, and which node looks after them."""

from typing import Final

import msgspec

from store.database import Index, Record, Table

ENDED: Final = "ended"
"""The state of a call that is over."""


class Leg(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """One device of one person in a call."""

    id: str
    user: str
    username: str
    login: str
    """The session of the log-in that the device is."""
    state: str
    """ringing, connecting, connected, reconnecting, left, answered_elsewhere or declined_elsewhere."""
    node: str
    """The node that its socket is at, or was at last."""
    order: int = 0
    """Its place among those who came in, from 1; 0 while it rings. The later one of two offers, and is polite."""
    until: int | None = None
    """When its state is over by itself: a connecting or reconnecting one then leaves. By the clock of the keeper."""
    was: str = ""
    """The state before it was lost: reconnecting comes back to it."""
    muted: bool = False
    camera: bool = False
    screen: bool = False
    hand: bool = False


class Invited(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Somebody who was rung."""

    user: str
    username: str
    state: str
    """ringing, accepted, declined, missed, busy, unreachable or cancelled."""
    acked: bool = False
    """Whether one of their devices rings."""
    until: int | None = None
    """When ringing is over by itself, by the clock of the keeper."""


class Call(Record, kw_only=True, omit_defaults=True):
    """One call, as it is at a ``version``: nobody changes it, whoever has something to change makes another one.

    It is kept by comparing the version, which rises with every change.
    """

    room: str
    direct: bool = False
    """Whether it is one of two people: it is over when one of them has no leg left."""
    open: str | None = None
    """The room, while the call is not ended: one at a time in a room."""
    live: bool = True
    """Whether it is not ended."""
    media: str
    """audio or video."""
    topology: str = "mesh"
    """mesh, or sfu where a media server carries it."""
    state: str
    """ringing, connecting, active or ended."""
    reason: str | None = None
    """Why it ended."""
    version: int = 1
    starter: str
    starter_name: str
    started_at: int
    """Milliseconds since 1970."""
    deadline: int | None = None
    """When ringing or connecting is over by itself, by the clock of the keeper."""
    active_at: int | None = None
    ended_at: int | None = None
    keeper: str
    """The node that changed it last: it fires the timers, which are by its clock."""
    item: str = ""
    """The item of the room's stream that tells of it."""
    orders: int = 0
    """The highest ``order`` given so far."""
    legs: tuple[Leg, ...] = ()
    invited: tuple[Invited, ...] = ()


class Keeper(Record, kw_only=True, omit_defaults=True):
    """A node that has legs or looks after calls; its id is the node's name of this run. It beats while it lives."""

    beat: int = 0


CALLS = Table(
    "calls",
    Call,
    (Index(("open",), unique=True), Index(("live", "id")), Index(("room", "started_at"))),
)
KEEPERS = Table("keepers", Keeper)

CALL_TABLES = (CALLS, KEEPERS)
