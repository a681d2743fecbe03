"""The parts that operations work with, put together once by ``server.py``."""

from dataclasses import dataclass, field

from services.accounts.directory import Directory
from services.accounts.passwords import Passwords
from services.accounts.tokens import Tokens
from services.live import Live
from services.messages.marks import ReadMarks
from services.messages.pages import Pages
from services.metrics import Metrics
from services.operations.deadlines import Deadlines
from services.operations.limits import Limits
from services.operations.underway import Underway
from services.pace import Pace
from services.presence.seen import LastSeen
from services.presence.statuses import Desk
from services.rooms.facts import Facts
from services.streams.lanes import Lanes
from services.turns import Turns
from store.database import Database


@dataclass(frozen=True, slots=True)
class Application:
    """One node's application."""

    node: str
    database: Database
    directory: Directory
    lanes: Lanes
    facts: Facts
    marks: ReadMarks
    counts: Pace
    """Paces what is told of a room's number of members."""
    reads: Pace
    """Paces what is told of somebody's reading."""
    live: Live
    passwords: Passwords
    tokens: Tokens
    limits: Limits
    metrics: Metrics
    presence: Desk
    seen: LastSeen
    pages: Pages = field(default_factory=Pages)
    """Of history, as many ask for the same."""
    turns: Turns = field(default_factory=Turns)
    """Of those who are heard, through either door."""
    deadlines: Deadlines = field(default_factory=Deadlines)
    underway: Underway = field(default_factory=Underway)
    """The operations that are being done, through either door."""
