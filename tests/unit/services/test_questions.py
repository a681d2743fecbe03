"""Counting what is asked of the store."""

from pathlib import Path

import pytest

from services.metrics import Metrics
from services.questions import VERBS, counted
from store import open_database
from store.database import Database, Delete, Insert
from store.errors import Duplicate
from store.tables import STREAMS, Stream


def shown(metrics: Metrics, verb: str, table: str) -> float | None:
    """Return what the meter shows."""
    return metrics.registry.get_sample_value("parley_store_questions_total", {"verb": verb, "table": table})


async def test_questions_are_counted_by_verb_and_table(tmp_path: Path) -> None:
    metrics = Metrics()
    async with open_database(tmp_path / "data", None) as real:
        database = counted(real, metrics)
        await database.insert(STREAMS, Stream(id="s", floor=1))
        assert [await database.get(STREAMS, id_) for id_ in "st"] == [Stream(id="s", floor=1), None]
        assert await database.gather((STREAMS, ["s", "t"])) == [{"s": Stream(id="s", floor=1)}]
        await database.together([Delete(STREAMS, "s")])
        assert await real.get(STREAMS, "s") is None
    assert shown(metrics, "get", "streams") == 2
    assert shown(metrics, "insert", "streams") == 1
    assert shown(metrics, "gather", "") == 1
    assert shown(metrics, "together", "") == 1


async def test_refused_writes_are_counted_by_index(tmp_path: Path) -> None:
    metrics, taken = Metrics(), Stream(id="s", floor=1)
    async with open_database(tmp_path / "data", None) as real:
        database = counted(real, metrics)
        await database.batch(STREAMS, [taken])
        with pytest.raises(Duplicate):
            await database.batch(STREAMS, [Stream(id="t"), taken])
        with pytest.raises(Duplicate):
            await database.together([Insert(STREAMS, taken)])
    labels = {"index": "id", "table": "streams"}
    assert metrics.registry.get_sample_value("parley_refused_writes_total", labels) == 2


def test_every_verb_of_the_seam_is_counted_or_passed_on() -> None:
    verbs = {name for name, value in vars(Database).items() if callable(value) and not name.startswith("_")}
    assert verbs == {*VERBS, "gather", "together", "ping", "close"}
