"""A node that has nothing but lanes, and the appends of those who write there."""

import asyncio
import itertools
from collections.abc import Callable

import msgspec

from services.streams.append import Append, Outcome, Plan, Step, View, marker_entry
from services.streams.batch import Batch
from services.streams.lanes.lanes import Lanes
from store.database import Database
from store.tables import ENTRIES, Entry, Text
from tests.entries import text_entry

_cids = itertools.count(1)


class Node:
    """Lanes on a database, and all that they delivered."""

    def __init__(self, database: Database) -> None:
        self.batches: list[Batch] = []
        self.lanes = Lanes(database, self.batches.append)

    def send(
        self, stream: str = "r", text: str = "x", *, cid: str = "", author: str = "ann", still: bool = True
    ) -> asyncio.Future[Outcome]:
        """Queue a new item."""
        return self.lanes.append(sending(stream, text, cid=cid, author=author, still=lambda: still))

    def edit(self, item: Entry, text: str) -> asyncio.Future[Outcome]:
        """Queue a change of an item."""

        async def plan(view: View) -> Plan:
            entry = await view.get(ENTRIES, item.id)
            assert entry is not None
            if entry.body == Text(text=text):
                return Plan(found=entry)
            edited = msgspec.structs.replace(entry, body=Text(text=text))
            return Plan([Step(marker_entry(item.stream, item.id), edited)])

        return self.lanes.append(Append((item.stream,), plan))

    def both(self, *streams: str, text: str = "x") -> asyncio.Future[Outcome]:
        """Queue new items of several streams, all or none."""

        async def plan(_view: View) -> Plan:
            return Plan(
                [Step(text_entry(stream, "ann", "Ann", fresh_cid(), Text(text=text), "d")) for stream in streams]
            )

        return self.lanes.append(Append(streams, plan))

    def delivered(self, stream: str = "r") -> list[int]:
        """Return the revs that were delivered of a stream, each batch beginning where the one before it ended."""
        revs: list[int] = []
        for batch in self.batches:
            if batch.stream == stream and batch.events:
                if revs:
                    assert batch.prev == revs[-1], "a batch out of order"
                assert batch.prev == batch.events[0].rev - 1
                assert batch.last == batch.events[-1].rev
                revs += [event.rev for event in batch.events]
        return revs


def fresh_cid() -> str:
    """Return a cid that nobody has used."""
    return f"c{next(_cids)}"


def sending(
    stream: str,
    text: str,
    *,
    cid: str = "",
    author: str = "ann",
    still: Callable[[], bool] | None = None,
) -> Append:
    """Return an append of a new item, as sending a message makes it."""
    entry = text_entry(stream, author, author.title(), cid or fresh_cid(), Text(text=text), text)

    async def plan(_view: View) -> Plan:
        return Plan([Step(msgspec.structs.replace(entry, rev=0, seq=0, changed=0))])

    return Append((stream,), plan, entry, still)


async def stored(database: Database, stream: str = "r") -> list[Entry]:
    """Return all entries of a stream, and demand that no rev is missing."""
    entries = await database.find(ENTRIES, {"stream": stream}, by="rev", limit=1000)
    assert [entry.rev for entry in entries] == list(range(1, len(entries) + 1))
    return entries


async def texts(database: Database, stream: str = "r") -> list[str]:
    """Return the texts of a stream's items, in order."""
    return [words(entry) for entry in await stored(database, stream) if entry.body is not None]


def words(entry: Entry) -> str:
    """Return what an item says."""
    assert isinstance(entry.body, Text)
    return entry.body.text
