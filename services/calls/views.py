"""Calls as they stand on the wire."""

from typing import Any, Literal

import msgspec

from services.ids import rfc3339
from services.streams.items.authors import Author
from store.tables import Call, Leg

Media = Literal["audio", "video"]
Kind = Literal["offer", "answer", "ice", "restart"]
"""What a signal is for; what it says is between the two legs."""
CallState = Literal["ringing", "connecting", "active", "ended"]
LegState = Literal[
    "ringing", "connecting", "connected", "reconnecting", "left", "answered_elsewhere", "declined_elsewhere"
]
Reason = Literal[
    "completed",
    "cancelled",
    "declined",
    "missed",
    "busy",
    "unreachable",
    "failed_media",
    "removed",
    "max_duration",
    "shutdown",
]
InvitedState = Literal["ringing", "accepted", "declined", "missed", "busy", "unreachable", "cancelled"]


class LegView(msgspec.Struct, frozen=True, kw_only=True):
    """One device of one person in a call."""

    id: str
    user: Author
    state: str
    order: int
    muted: bool
    camera: bool
    screen: bool
    hand: bool


class InvitedView(msgspec.Struct, frozen=True):
    """Somebody who was rung, and what became of it."""

    user: Author
    state: str


class SfuView(msgspec.Struct, frozen=True):
    """The media server that carries a call, and what lets this leg in."""

    url: str
    token: str


class CallView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A call. Of two versions of it the higher one holds."""

    id: str
    room: str
    media: str
    topology: str
    state: str
    reason: str | None
    version: int
    started_by: Author
    started_at: str
    deadline: str | None
    ended_at: str | None
    seconds: int | None
    """How long it was active; None while it is not ended."""
    legs: list[LegView]
    invited: list[InvitedView]
    leg: str | msgspec.UnsetType = msgspec.UNSET
    """In an answer to the device itself: its own leg."""
    joined: bool | msgspec.UnsetType = msgspec.UNSET
    """In the answer to ``call.start``: the call was there already."""
    sfu: SfuView | msgspec.UnsetType = msgspec.UNSET
    """In an answer to the device itself, where a media server carries the call."""


class CallEvent(msgspec.Struct, tag_field="ev", tag="call", frozen=True):
    """Not kept, but never left out: a call as it is now."""

    d: CallView


class Signal(msgspec.Struct, frozen=True):
    """What one leg has to say to another."""

    call: str
    sender: str = msgspec.field(name="from")
    kind: str
    data: dict[str, Any]


class SignalEvent(msgspec.Struct, tag_field="ev", tag="call.signal", frozen=True):
    """Not kept, but in order: a signal of another leg, for this one alone."""

    d: Signal


class Speaking(msgspec.Struct, frozen=True):
    """Who speaks, or has stopped to."""

    call: str
    leg: str
    speaking: bool


class SpeakingEvent(msgspec.Struct, tag_field="ev", tag="call.speaking", frozen=True):
    """Not kept: a leg's person began to speak, or stopped."""

    d: Speaking


def seconds_of(call: Call) -> int | None:
    """Return how long a call was active, in whole seconds; None while it is not ended."""
    if call.ended_at is None:
        return None
    return 0 if call.active_at is None else max(0, call.ended_at - call.active_at) // 1000


def call_view(
    call: Call,
    *,
    leg: str | msgspec.UnsetType = msgspec.UNSET,
    joined: bool | msgspec.UnsetType = msgspec.UNSET,
    sfu: SfuView | msgspec.UnsetType = msgspec.UNSET,
) -> CallView:
    """Return a call for the wire; the keywords are for one device alone."""
    return CallView(
        id=call.id,
        room=call.room,
        media=call.media,
        topology=call.topology,
        state=call.state,
        reason=call.reason,
        version=call.version,
        started_by=Author(call.starter, call.starter_name),
        started_at=rfc3339(call.started_at),
        deadline=None if call.deadline is None else rfc3339(call.deadline),
        ended_at=None if call.ended_at is None else rfc3339(call.ended_at),
        seconds=seconds_of(call),
        legs=[_leg_view(leg) for leg in call.legs],
        invited=[InvitedView(Author(one.user, one.username), one.state) for one in call.invited],
        leg=leg,
        joined=joined,
        sfu=sfu,
    )


def _leg_view(leg: Leg) -> LegView:
    return LegView(
        id=leg.id,
        user=Author(leg.user, leg.username),
        state=leg.state,
        order=leg.order,
        muted=leg.muted,
        camera=leg.camera,
        screen=leg.screen,
        hand=leg.hand,
    )
