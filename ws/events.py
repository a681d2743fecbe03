"""Every kind of event that a session may be told, with the type that each has on the wire."""

from typing import Final

import msgspec

from services.accounts.people.tied import TieEvent
from services.accounts.profile.revising import UserEvent
from services.aliases.keeping import AliasEvent
from services.calls.views import CallEvent, SignalEvent, SpeakingEvent
from services.forum.feed.spreading import FeedEvent
from services.messages.hiding import HiddenEvent
from services.messages.reading import ReadEvent, TypingEvent
from services.notifications.stances import StanceEvent
from services.operations.schemas.published import markdown
from services.presence.statuses import PresenceEvent
from services.reports.views import ReportEvent
from services.rooms.members.members import MemberCountEvent
from services.rooms.visiting import UnwatchedEvent
from services.streams.items.items import MessageEvent, RoomEvent
from ws.sessions.moves import JoinedEvent, LeftEvent
from ws.signals import BehindEvent, GoAwayEvent, LiveEvent, ResetEvent

EVENTS: Final[tuple[type[msgspec.Struct], ...]] = (
    MessageEvent,
    RoomEvent,
    MemberCountEvent,
    TypingEvent,
    ReadEvent,
    HiddenEvent,
    PresenceEvent,
    UserEvent,
    TieEvent,
    AliasEvent,
    StanceEvent,
    ReportEvent,
    FeedEvent,
    CallEvent,
    SignalEvent,
    SpeakingEvent,
    JoinedEvent,
    LeftEvent,
    UnwatchedEvent,
    LiveEvent,
    GoAwayEvent,
    BehindEvent,
    ResetEvent,
)
"""All of them; those with a ``rev`` are kept and told again to whoever missed them."""


def name_of(event: type[msgspec.Struct]) -> str:
    """Return the ``ev`` of a kind of event."""
    return str(event.__struct_config__.tag)


def said_of(event: type[msgspec.Struct]) -> str:
    """Return what a kind of event tells, in one line."""
    return markdown(event.__doc__ or "").partition("\n")[0]


def kept(event: type[msgspec.Struct]) -> bool:
    """Tell whether an event is told again to those who missed it: it has a rev."""
    return "rev" in event.__struct_fields__
