"""What a caller wants written to streams, all of it or nothing."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from services.ids import new_id, now_ms
from services.streams.batch import Event
from store.database import Database, Delete, Insert, Put, Record, Table, Write
from store.tables import ENTRIES, ROOMS, Body, Effect, Entry, Notice, Person, Room

SERVER = "~"
"""Author of entries that nobody in particular wrote."""

R = TypeVar("R", bound=Record)

log = logging.getLogger(__name__)


class Later(Exception):
    """A plan needs a record that an earlier one of the same flight changes."""


class Wider(Exception):
    """A plan has to write to streams whose lanes it does not hold: it runs again with them."""

    def __init__(self, *streams: str) -> None:
        self.streams = streams
        super().__init__(*streams)


@dataclass(slots=True)
class Step:
    """One rev: a new item, or a marker with the ``subject`` (item or room) as it is from then on."""

    entry: Entry
    subject: Entry | Room | None = None
    event: Event | None = None
    """What its stream is told of it, once it is durable."""


@dataclass(slots=True)
class Plan:
    """What an append comes to, once the state it stands on is known."""

    steps: list[Step] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    """Rows that go along in the same transaction."""
    found: Entry | None = None
    """The item as it is, where there is nothing to change: no rev is taken."""
    numbered: Callable[[], None] | None = None
    """Called when the steps have their revs and before anything is written: rows may name them."""


@dataclass(slots=True)
class Outcome:
    """What was kept: the entry of each step, or the subject where the step changed one."""

    entries: list[Entry | Room]
    repeated: bool = False
    """Whether the cid was used before; ``entries`` is then the first item, as it is now."""
    event: Event | None = None
    """What the stream of the last step was told of it; None where nothing was written."""

    @property
    def item(self) -> Entry:
        """The last entry that is an item: what an append is for stands behind what has to come first."""
        return next(entry for entry in reversed(self.entries) if isinstance(entry, Entry) and entry.seq is not None)


class View:
    """Records as they are for a plan: what earlier plans of the same flight will have made of them, or the store's."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[tuple[str, str], Record | None] = {}
        self._moved: set[tuple[str, str]] = set()

    async def get(self, table: Table[R], id_: str) -> R | None:
        """Return a record as it is for this plan.

        Raises:
            Later: If an earlier plan of this flight changes it in a way that is not known here.
        """
        key = (table.name, id_)
        if key in self._moved:
            raise Later
        if key in self._seen:
            record = self._seen[key]
            return record if isinstance(record, table.record) else None
        return await self._database.get(table, id_)

    def apply(self, plan: Plan) -> None:
        """Let later plans of the same flight see what this one does."""
        for step in plan.steps:
            if isinstance(step.subject, Entry):
                self._seen[ENTRIES.name, step.subject.id] = step.subject
            elif isinstance(step.subject, Room):
                self._seen[ROOMS.name, step.subject.id] = step.subject
        for write in plan.writes:
            if isinstance(write, Insert | Put):
                self._seen[write.table.name, write.record.id] = write.record
            elif isinstance(write, Delete):
                self._seen[write.table.name, write.id] = None
            else:
                self._moved.add((write.table.name, write.id))


Planner = Callable[[View], Awaitable[Plan]]


class Append:
    """One caller's append to one or several streams.

    ``plan`` runs inside the lanes of all its streams: what it reads of them cannot change before it is written, on any
    node. It may run several times. With ``item`` the first try skips the plan: the caller has checked already, and only
    a foreign entry in between, or ``still`` saying no, makes the check run again.
    """

    __slots__ = ("attempts", "future", "item", "plan", "still", "streams", "then")

    def __init__(
        self,
        streams: tuple[str, ...],
        plan: Planner,
        item: Entry | None = None,
        still: Callable[[], bool] | None = None,
    ) -> None:
        self.streams = streams
        self.plan = plan
        self.item = item
        self.still = still
        self.attempts = 0
        self.future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.then: Callable[[asyncio.Future[Outcome]], None] | None = None
        """Called with the future in the very turn in which the append is decided: an answer goes out with what the
        same write delivers."""

    def settle(self, outcome: Outcome) -> None:
        """Tell the caller what was kept, unless it was told something before."""
        if not self.future.done():
            self.future.set_result(outcome)
            self._tell()

    def fail(self, error: Exception) -> None:
        """Tell the caller why nothing was kept, or that it is not known; unless it was told something before."""
        if not self.future.done():
            self.future.set_exception(error)
            self._tell()

    def _tell(self) -> None:
        then, self.then = self.then, None  # it refers to this, and nothing is to be left to the garbage collector
        if then is not None:
            try:
                then(self.future)
            except Exception:  # the flight and its other callers have no part in it
                log.exception("a caller failed to take what became of its append")


def item_entry(
    stream: str,
    kind: str,
    body: Body,
    author: Person | None = None,
    *,
    user: str | None = None,
    cid: str | None = None,
    digest: str | None = None,
    effect: Effect | None = None,
) -> Entry:
    """Return a new item; its rev and seq are given by the lane.

    ``author``: under which name it shows, where it is somebody's; ``user``: who that is, where it is another name of
    theirs. An item with no ``cid`` is of no client's making.
    """
    id_ = new_id()
    return Entry(
        id=id_,
        stream=stream,
        rev=0,
        seq=0,
        changed=0,
        kind=kind,
        author=SERVER if author is None else author.id,
        username=None if author is None else author.username,
        person=user if author is not None and author.anonymous else None,
        cid=f"~{id_}" if cid is None else cid,
        created_at=now_ms(),
        digest=digest,
        body=body,
        effect=effect,
    )


def notice_entry(stream: str, notice: Notice, effect: Effect | None = None) -> Entry:
    """Return a new notice; its rev and seq are given by the lane."""
    return item_entry(stream, "notice", notice, effect=effect)


def marker_entry(stream: str, item: str | None = None, author: str = SERVER, effect: Effect | None = None) -> Entry:
    """Return the marker of a change; its rev is given by the lane."""
    id_ = new_id()
    return Entry(
        id=id_, stream=stream, rev=0, author=author, cid=f"~{id_}", created_at=now_ms(), item=item, effect=effect
    )
