"""What is read of a node's own meters."""

from pathlib import Path

import pytest
from prometheus_client import generate_latest

from benchmarks.load.meters import contention, parsed, questions, stall_ms
from services.metrics import Metrics
from services.questions import counted
from store import open_database
from store.errors import Duplicate
from store.tables import ENTRIES, Entry


def shown(metrics: Metrics) -> dict[str, float]:
    return parsed(generate_latest(metrics.registry).decode())


def entry(rev: int, id_: str) -> Entry:
    return Entry(id=id_, stream="s", rev=rev, author="a", cid=f"c-{id_}", created_at=0)


def test_stall_is_the_bound_that_no_beat_was_over() -> None:
    metrics = Metrics()
    metrics.late.observe(3)
    before = shown(metrics)
    assert stall_ms(before, before) == 1
    for late in (0.0001, 0.004, 0.011, 0.0004):
        metrics.late.observe(late)
    assert stall_ms(before, shown(metrics)) == 20
    metrics.late.observe(7)
    assert stall_ms(before, shown(metrics)) == 10_000


async def test_questions_and_refusals_are_those_since_before(tmp_path: Path) -> None:
    metrics = Metrics()
    async with open_database(tmp_path / "data", None) as real:
        database = counted(real, metrics)
        await database.batch(ENTRIES, [entry(1, "a")])
        before = shown(metrics)
        await database.batch(ENTRIES, [entry(2, "b")])
        for id_ in ("x", "y"):
            with pytest.raises(Duplicate):
                await database.batch(ENTRIES, [entry(2, id_)])
        await database.find(ENTRIES, {"stream": "s"}, by="rev", limit=5)
        await database.get(ENTRIES, "a")
        after = shown(metrics)
    assert questions(before, after) == {"all": 5, "entries": 1}
    told = contention(before, after, sends=100)
    assert told["messages_a_write"] == 100 / 3
    assert told["refused"] == 2 / 3
    assert told["reads"] == 10
    assert told["gap_reads"] == 0
