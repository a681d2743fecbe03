"""Folding votes into the item that they are on: once a second an item, in the order of its stream.

A row says what somebody wants and what of it the item has already; ``due`` marks those that differ. The difference goes
into the item, its place in the orders and the row in one transaction: whatever is done twice, or never, stays exact.
"""

import asyncio
import contextlib
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from services.errors import ServiceError
from services.forum.orders import hot, top
from services.loop import tasks
from services.loop.pace import Pace
from services.streams.append import Append, Plan, Step, View, marker_entry
from store.database import Database, Update, Write
from store.errors import Mismatch, StoreError
from store.tables import COMMENTS, ENTRIES, POSTS, VOTES, Commented, Entry, Posted, Vote

if TYPE_CHECKING:
    from services.application import Application

log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
"""Pause between two foldings of an item on a node: everybody who watches it is told each time."""

AT_ONCE: Final = 500
"""Votes folded at once; with the item and its row they fit into a transaction."""

LEAST: Final = 16
"""Votes folded at once after many tries. Whoever changes a vote at the moment in which it is folded has all of them
tried again: of few votes none is changed just then."""

FOLDS: Final = 64
"""Foldings under way on a node; what is more is left to the job."""

FOLD: Final = "votes"
"""The kind of the job that folds what nobody else did: a node died, or had too much to do."""
FOLD_EVERY_S: Final = 10.0
"""Pause between two looks."""
FOUND: Final = 1000
"""Votes found by one question."""
LOOKS: Final = 20
"""Questions of one look: what is more waits for the next."""


class Folding:
    """What a node folds of the votes that came to it."""

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._pace = Pace(every_s)
        self._under_way: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    def note(self, application: "Application", item: str, stream: str) -> None:
        """Fold the votes on an item of a stream now, or when the pause after the last time is over."""
        if self._closed:
            return
        self._pace.note(item, partial(self._begin, application, item, stream))

    def _begin(self, application: "Application", item: str, stream: str) -> None:
        if item in self._under_way:
            # Two in one flight would not see what the other makes of the rows.
            self.note(application, item, stream)
            return
        if len(self._under_way) >= FOLDS:
            return
        task = asyncio.create_task(self._fold(application, item, stream))
        self._under_way[item] = task
        task.add_done_callback(lambda _: self._under_way.pop(item, None))

    async def _fold(self, application: "Application", item: str, stream: str) -> None:
        try:
            if await fold(application, item, stream):
                self.note(application, item, stream)
        except (ServiceError, StoreError) as error:
            log.info("votes wait", extra={"cause": type(error).__name__})
        except Exception:
            log.exception("votes were not folded", extra={"item": item})

    async def ready(self) -> None:
        """Return when another folding could begin."""
        while len(self._under_way) >= FOLDS:
            await asyncio.wait(list(self._under_way.values()), return_when=asyncio.FIRST_COMPLETED)

    async def close(self) -> None:
        """Fold nothing more: others do it, or whoever starts next."""
        self._closed = True
        self._pace.close()
        await tasks.end(*self._under_way.values())


async def fold(application: "Application", item: str, stream: str) -> bool:
    """Fold the votes on an item that it does not have yet; tell whether there were more than fit.

    Not twice at once for an item on one node; several nodes may.

    Raises:
        Unavailable: If it could not be written.
        StoreError: If the store does not answer.
    """
    tries, more = 0, False

    async def plan(view: View) -> Plan:
        nonlocal tries, more
        limit = max(LEAST, AT_ONCE >> tries // 2)
        tries += 1
        rows = await application.database.find(VOTES, {"due": item}, by="id", limit=limit)
        more = len(rows) == limit
        return await _plan(view, item, rows) if rows else Plan()

    await application.lanes.append(Append((stream,), plan))
    return more


async def _plan(view: View, item: str, rows: list[Vote]) -> Plan:
    entry = await view.get(ENTRIES, item)
    up = sum((row.value == 1) - row.up for row in rows)
    down = sum((row.value == -1) - row.down for row in rows)
    plan = Plan(writes=[_counted(row) for row in rows])
    if entry is None or not isinstance(entry.body, Posted | Commented) or (not up and not down):
        return plan
    body = msgspec.structs.replace(entry.body, up=entry.body.up + up, down=entry.body.down + down)
    plan.steps.append(Step(marker_entry(entry.stream, item), msgspec.structs.replace(entry, body=body)))
    if up != down:
        plan.writes += await _ordered(view, entry, body.up - body.down)
    return plan


def _counted(row: Vote) -> Write:
    changes = {"up": int(row.value == 1), "down": int(row.value == -1), "due": None}
    return Update(VOTES, row.id, changes, {"value": row.value, "up": row.up, "down": row.down})


async def _ordered(view: View, entry: Entry, score: int) -> list[Write]:
    """Return the write of where something stands now by its score: of its row nothing else."""
    seq = entry.seq or 0
    changes = {"top": top(score, seq)}
    if entry.kind == "comment":
        return [] if await view.get(COMMENTS, entry.id) is None else [Update(COMMENTS, entry.id, changes)]
    changes["hot"] = hot(score, entry.created_at, seq)
    return [] if await view.get(POSTS, entry.id) is None else [Update(POSTS, entry.id, changes)]


async def fold_late(application: "Application", _work: dict[str, Any]) -> None:
    """Do the job: have folded what is not. What another node folds at the same time is folded once."""
    database, after = application.database, ""
    for _ in range(LOOKS):
        rows = await database.find(VOTES, {}, by="due", above=after, limit=FOUND)
        items = list(dict.fromkeys(row.item for row in rows))
        entries = await database.get_many(ENTRIES, items)
        for item in items:
            if item in entries:
                await application.folding.ready()
                application.folding.note(application, item, entries[item].stream)
        await _drop(database, [row for row in rows if row.item not in entries])
        if len(rows) < FOUND:
            return
        after = items[-1]


async def _drop(database: Database, rows: list[Vote]) -> None:
    """Let votes go that are on nothing any more."""
    with contextlib.suppress(Mismatch):  # changed just now: the next look finds it
        if rows:
            await database.together([Update(VOTES, row.id, {"due": None}, {"value": row.value}) for row in rows])
