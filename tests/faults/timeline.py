"""A history put in order for the checker: calls, sessions, rooms."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.faults.history import (
    Closed,
    End,
    Fail,
    Fault,
    Final,
    Greeted,
    Heard,
    Invoke,
    Line,
    Live,
    Ok,
    Opened,
    Page,
    RoomMade,
    Seen,
    Told,
    Unknown,
)

NEVER = math.inf

CHANGES = frozenset({"message.edit", "message.delete", "message.react"})
JOINS = frozenset({"room.join", "room.add"})
REMOVALS = frozenset({"room.remove", "room.leave", "room.ban"})


@dataclass(frozen=True)
class Verdict:
    """Something that a promise forbids: which one, and what was seen."""

    kind: str
    text: str


@dataclass
class Call:
    """One call with all its attempts."""

    first: Invoke
    attempts: list[Invoke] = field(default_factory=list)
    ok: Ok | None = None
    ok_at: float = NEVER
    failed: Fail | None = None
    unknown: list[Unknown] = field(default_factory=list)

    @property
    def subject(self) -> str:
        """The user whose membership it changes."""
        return self.first.target or self.first.user


@dataclass
class Span:
    """Events of one room in one session that have to follow each other without a gap."""

    room: str
    start: float
    """The rev above which they begin."""
    heard: list[Heard] = field(default_factory=list)


@dataclass
class Session:
    """One connection of a device."""

    opened: Opened
    greeted: Greeted | None = None
    live: Live | None = None
    closed: Closed | None = None
    spans: dict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))
    pages: list[Page] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)

    @property
    def node(self) -> str:
        """The node that answered it, else the place that was asked."""
        return (self.greeted and self.greeted.node) or self.opened.node

    @property
    def name(self) -> str:
        """How verdicts call it."""
        return f"{self.opened.device}#{self.opened.session} on {self.node}"


@dataclass
class View:
    """What a device has of a room: begun anew at each reset."""

    base: float = 0
    """Items whose last rev is above it have to be there at the end."""
    items: dict[str, Seen] = field(default_factory=dict)

    def see(self, item: Seen) -> None:
        """Keep the newer of two states."""
        known = self.items.get(item.id)
        if known is None or known.rev < item.rev:
            self.items[item.id] = item


@dataclass
class Membership:
    """When somebody was in a room: revs of joins and removals, rising, and the times of the calls behind them."""

    joins: list[int] = field(default_factory=list)
    removals: list[int] = field(default_factory=list)
    join_calls: list[Call] = field(default_factory=list)
    removal_calls: list[Call] = field(default_factory=list)

    def rejoin_begun(self, join: int) -> float:
        """Return when the call behind a join was first sent. Joins before the run have no call: long ago."""
        place = self.joins.index(join) - len(self.joins) + len(self.join_calls)
        return self.join_calls[place].first.at if place >= 0 else -NEVER

    def removed_at(self, removal: int) -> float:
        """Return when the call behind a removal was answered."""
        place = self.removals.index(removal) - len(self.removals) + len(self.removal_calls)
        return self.removal_calls[place].ok_at if place >= 0 else NEVER


class Timeline:
    """The records of one run, once read."""

    def __init__(self, records: Iterable[Line]) -> None:
        self.rooms: dict[str, RoomMade] = {}
        self.calls: dict[int, Call] = {}
        self.sessions: dict[tuple[str, int], Session] = {}
        self.views: dict[tuple[str, str], View] = defaultdict(View)
        """By device and room."""
        self.users: dict[str, str] = {}
        """The user of each device."""
        self.finals: dict[str, dict[str, Final]] = defaultdict(dict)
        """By room and node."""
        self.ends: list[End] = []
        self.faults: list[Fault] = []
        self.orphan_answers: list[str] = []
        """Records that belong to nothing: the history itself is wrong."""
        self._truths: dict[str, dict[str, Seen]] = {}
        self._sends: dict[str, list[Call]] = defaultdict(list)
        self._by_device: dict[str, list[Session]] = defaultdict(list)
        for record in records:
            self._take(record)
        self._members: dict[tuple[str, str], Membership] = {}
        self._judge_members()

    def truth_of(self, room: str) -> dict[str, Seen]:
        """Return the final items of a room by id, as the first node has them."""
        if room not in self._truths:
            first = next(iter(self.finals.get(room, {}).values()), None)
            self._truths[room] = {} if first is None else {item.id: item for item in first.items}
        return self._truths[room]

    def membership(self, room: str, user: str) -> Membership:
        """Return when somebody was in a room."""
        return self._members.get((room, user)) or Membership()

    def of_device(self, device: str) -> list[Session]:
        """Return the sessions of a device, in order."""
        if not self._by_device:
            for session in self.sessions.values():
                self._by_device[session.opened.device].append(session)
        return self._by_device[device]

    def sends(self, room: str) -> list[Call]:
        """Return the messages of a room that were answered."""
        if not self._sends:
            for call in self.calls.values():
                if call.first.name == "message.send" and call.ok is not None:
                    self._sends[call.first.room].append(call)
        return self._sends[room]

    def hidden_below(self, room: str, user: str) -> int:
        """Return the seq below which a room whose history begins with one's join is hidden; 0: nothing is."""
        made = self.rooms.get(room)
        if made is None or made.history != "joined":
            return 0
        return max(self.membership(room, user).joins, default=0)

    # Reading

    def _take(self, record: Line) -> None:
        match record:
            case RoomMade():
                self.rooms[record.room] = record
            case Invoke():
                call = self.calls.setdefault(record.op, Call(record))
                call.attempts.append(record)
            case Ok() | Unknown() | Fail():
                self._answer(record)
            case Opened():
                self.sessions[record.device, record.session] = Session(record)
                self.users[record.device] = record.user
            case Greeted() | Live() | Closed() | Heard() | Told() | Page():
                self._in_session(record)
            case _:
                self._around(record)

    def _around(self, record: Line) -> None:
        match record:
            case End():
                self.ends.append(record)
            case Fault():
                self.faults.append(record)
            case Final():
                self.finals[record.room][record.node] = record

    def _answer(self, record: Ok | Unknown | Fail) -> None:
        call = self.calls.get(record.op)
        if call is None:
            self.orphan_answers.append(f"call {record.op} was answered and never sent")
        elif isinstance(record, Ok):
            call.ok, call.ok_at = record, min(call.ok_at, record.at)
        elif isinstance(record, Unknown):
            call.unknown.append(record)
        else:
            call.failed = record

    def _in_session(self, record: Greeted | Live | Closed | Heard | Told | Page) -> None:
        session = self.sessions.get((record.device, record.session))
        if session is None:
            self.orphan_answers.append(f"{record.device}#{record.session} was never opened")
            return
        match record:
            case Live():
                session.live = record
            case Closed():
                session.closed = record
            case Heard():
                self._heard(session, record)
            case _:
                self._placed(session, record)

    def _placed(self, session: Session, record: Greeted | Told | Page) -> None:
        match record:
            case Greeted():
                self._greeted(session, record)
            case Told():
                self._told(session, record)
            case Page():
                session.pages.append(record)
                for item in record.items:
                    self.views[record.device, record.room].see(item)

    def _greeted(self, session: Session, record: Greeted) -> None:
        session.greeted = record
        for room, (state, head) in record.rooms.items():
            resumed = state in ("ok", "delta")
            start = session.opened.cursors.get(room, 0) if resumed else head
            session.spans[room].append(Span(room, start))
            if state in ("new", "reset"):
                self.views[record.device, room] = View(base=head)

    def _told(self, session: Session, record: Told) -> None:
        session.told.append(record)
        if record.what == "left":
            self.views.pop((record.device, record.room), None)
            session.spans[record.room].append(Span(record.room, NEVER))
            return
        session.spans[record.room].append(Span(record.room, record.head))
        if record.what in ("reset", "joined"):
            self.views[record.device, record.room] = View(base=record.head)

    def _heard(self, session: Session, record: Heard) -> None:
        spans = session.spans[record.room]
        if not spans:
            spans.append(Span(record.room, NEVER))  # of a room that nobody announced: a verdict
        spans[-1].heard.append(record)
        if record.item is not None:
            self.views[record.device, record.room].see(record.item)

    def _judge_members(self) -> None:
        for room in self.finals:
            for item in sorted(self.truth_of(room).values(), key=lambda item: item.seq):
                if item.notice in ("joined", "left", "removed", "banned"):
                    member = self._members.setdefault((room, item.user), Membership())
                    (member.joins if item.notice == "joined" else member.removals).append(item.seq)
        for call in sorted(self.calls.values(), key=lambda call: call.ok_at):
            member_of = self._members.get((call.first.room, call.subject))
            if call.ok is None or member_of is None:
                continue
            if call.first.name in JOINS:
                member_of.join_calls.append(call)
            elif call.first.name in REMOVALS:
                member_of.removal_calls.append(call)
