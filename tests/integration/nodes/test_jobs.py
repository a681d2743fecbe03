"""Jobs of many nodes: none is lost, none is done twice at once, and what ends its nodes is left alone."""

import asyncio
import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import contextmanager
from typing import Any

import pytest

from services.application import Application
from services.ids import now_ms
from services.jobs import jobs as jobs_module
from services.jobs import leases, pauses
from services.jobs.endings import JobFailed, JobRefused
from services.jobs.job import job
from services.jobs.jobs import Function
from services.jobs.leases import Times
from services.jobs.worker import AT_ONCE
from store import open_database
from store.database import Database
from store.tables import JOBS, Job
from tests.brokers import until
from tests.integration.conftest import Store
from tests.processes import ROOT
from tests.unstable import Fault, Unstable
from tests.working import Diary, gone, insert, several, working


@pytest.fixture
async def database(store: Store) -> AsyncIterator[Database]:
    """Each store in turn, with nobody on it."""
    async with open_database(store.folder / "data", store.mongo) as database:
        yield database


@pytest.fixture
def swift(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses between tries that a test can wait for."""
    monkeypatch.setattr(pauses, "FIRST_S", 0.02)
    monkeypatch.setattr(leases, "FAILED_LIMIT", 4)


class Doing:
    """A function of jobs that notes what it is given, and does as it is told."""

    def __init__(self, deed: Callable[[], Any] = lambda: None) -> None:
        self.begun: list[str] = []
        self._deed = deed

    async def __call__(self, _application: Application, work: dict[str, Any]) -> None:
        self.begun.append(work["id"])
        if (result := self._deed()) is not None:
            await result


def raising(error: Exception) -> Callable[[], None]:
    """Return a deed that raises."""

    def deed() -> None:
        raise error

    return deed


async def dead(database: Database) -> list[Job]:
    """Return the dead jobs."""
    return await database.find(JOBS, {"state": "dead"}, limit=1000)


async def test_each_of_500_jobs_is_done_once_by_two_nodes(database: Database) -> None:
    first, second = Doing(lambda: asyncio.sleep(0)), Doing(lambda: asyncio.sleep(0))
    rows = several("note", 500)
    async with working(database, {"note": first}) as one, working(database, {"note": second}) as other:
        await insert(database, rows)
        one.wake()
        other.wake()
        await gone(database)
    assert Counter(first.begun + second.begun) == Counter(row.id for row in rows)
    assert first.begun
    assert second.begun


async def test_a_job_is_begun_at_once_where_it_was_written_down(database: Database) -> None:
    doing = Doing()
    async with working(database, {"note": doing}) as jobs:
        await asyncio.sleep(0)
        await insert(database, several("note", 1))
        jobs.wake()
        assert await until(lambda: doing.begun, "begun") < jobs_module.LOOK_S / 2


async def test_a_job_that_nobody_tells_of_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_module, "LOOK_S", 0.3)
    doing = Doing()
    async with working(database, {"note": doing}):
        await insert(database, several("note", 1))
        await until(lambda: doing.begun, "found")


async def test_a_job_waits_for_its_time(database: Database) -> None:
    doing = Doing()
    row = job("note", {"id": "x"}, after_s=0.4)
    async with working(database, {"note": doing}) as jobs:
        await insert(database, [row])
        jobs.wake()
        await until(lambda: doing.begun, "begun")
    assert now_ms() >= row.due_at


async def test_a_failing_job_is_tried_again_and_is_dead_at_last(
    database: Database, swift: None, caplog: pytest.LogCaptureFixture
) -> None:
    doing = Doing(raising(JobFailed("the other side sleeps")))
    async with working(database, {"note": doing}) as jobs:
        await insert(database, several("note", 1))
        jobs.wake()
        await gone(database)
    (row,) = await dead(database)
    assert (len(doing.begun), row.holder, row.reason) == (4, None, "failed 4 times: the other side sleeps")
    assert "a job is dead" in caplog.messages


async def test_a_job_that_fails_and_then_does_not_is_done(database: Database, swift: None) -> None:
    doing = Doing(lambda: None if len(doing.begun) == 3 else raising(JobFailed("not yet"))())
    async with working(database, {"note": doing}) as jobs:
        await insert(database, several("note", 1))
        jobs.wake()
        await gone(database)
    assert (len(doing.begun), await dead(database)) == (3, [])


async def test_a_mistake_of_ours_is_told_and_tried_again(
    database: Database, swift: None, caplog: pytest.LogCaptureFixture
) -> None:
    doing = Doing(lambda: None if len(doing.begun) == 2 else raising(KeyError("x"))())
    async with working(database, {"note": doing}) as jobs:
        await insert(database, several("note", 1))
        jobs.wake()
        await gone(database)
    assert len(doing.begun) == 2
    assert "a job failed by a mistake of ours" in caplog.messages


async def test_a_refused_job_is_dead_at_once_without_its_facts(database: Database) -> None:
    doing = Doing(raising(JobRefused("nobody lives there")))
    async with working(database, {"note": doing}) as jobs:
        await insert(database, [job("note", {"id": "x", "facts": {"code": "123456"}})])
        jobs.wake()
        await gone(database)
    (row,) = await dead(database)
    assert (doing.begun, row.reason, row.work) == (["x"], "nobody lives there", {"id": "x"})


async def test_a_job_over_its_deadline_is_begun_once_more_and_no_third_time(database: Database, swift: None) -> None:
    doing = Doing(lambda: asyncio.sleep(60))
    async with working(database, {"note": doing}, times=Times(deadline_s=0.1, lease_s=5.0)) as jobs:
        await insert(database, several("note", 1))
        jobs.wake()
        await gone(database)
    assert len(doing.begun) == 2
    (row,) = await dead(database)
    assert row.reason == "begun 2 times, and nobody knows what became of it: not done in 0.1 s"


async def test_a_slow_kind_holds_up_no_other(database: Database) -> None:
    end = asyncio.Event()
    slow, quick = Doing(end.wait), Doing()
    async with working(database, {"slow": slow, "quick": quick}, times=Times()) as jobs:
        await insert(database, several("slow", jobs_module.PAGE * 2))
        await insert(database, several("quick", 1))
        jobs.wake()
        assert await until(lambda: quick.begun, "the quick one") < jobs_module.LOOK_S / 2
        await until(lambda: len(slow.begun) == AT_ONCE, "as many as may be at once")
        end.set()
        await gone(database)
    assert len(slow.begun) == jobs_module.PAGE * 2


async def test_jobs_of_a_kind_that_a_node_does_not_know_wait_for_one_that_does(database: Database) -> None:
    known, new = Doing(), Doing()
    async with working(database, {"note": known}) as jobs:
        await insert(database, several("new", jobs_module.PAGE + 1) + several("note", 1))
        jobs.wake()
        await until(lambda: known.begun, "the known one")
    async with working(database, {"new": new}):
        await gone(database)
    assert len(new.begun) == jobs_module.PAGE + 1


async def test_a_node_that_ends_waits_for_what_it_has_begun(database: Database) -> None:
    doing = Doing(lambda: asyncio.sleep(0.3))
    async with working(database, {"note": doing}) as jobs:
        await insert(database, several("note", 3))
        jobs.wake()
        await until(lambda: len(doing.begun) == 3, "begun")
    assert await database.find(JOBS, {"state": "waiting"}) == []


async def test_what_takes_too_long_at_the_end_is_given_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_module, "PATIENCE_S", 0.05)
    slow, quick = Doing(lambda: asyncio.sleep(60)), Doing()
    rows = several("note", 1)
    async with working(database, {"note": slow}, times=Times()) as jobs:
        await insert(database, rows)
        jobs.wake()
        await until(lambda: slow.begun, "begun")
    (row,) = await database.find(JOBS, {"state": "waiting"})
    assert (row.holder, row.begun) == (None, 1)
    assert row.due_at <= now_ms()
    async with working(database, {"note": quick}, times=Times()):
        await gone(database)
    assert quick.begun == slow.begun


async def test_work_that_comes_again_and_again_is_written_down_once(database: Database) -> None:
    begun: list[int] = []

    async def tick(_application: Application, _work: dict[str, Any]) -> None:
        begun.append(now_ms())

    functions: dict[str, Function] = {"tick": tick}
    async with working(database, functions, {"tick": 0.2}), working(database, functions, {"tick": 0.2}):
        await until(lambda: len(begun) >= 4, "four times")
        assert len(await database.find(JOBS, {"state": "waiting"})) == 1
    assert all(later - earlier >= 190 for earlier, later in itertools.pairwise(begun))


async def test_work_that_comes_again_and_again_comes_after_it_was_refused(database: Database) -> None:
    begun: list[str] = []

    async def tick(_application: Application, _work: dict[str, Any]) -> None:
        begun.append("x")
        raise JobRefused("not today")

    async with working(database, {"tick": tick}, {"tick": 0.05}):
        await until(lambda: len(begun) >= 2, "twice")
    assert await dead(database) == []


# Where the store fails


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_job_whose_taking_fails_is_done_all_the_same(database: Database, fault: Fault) -> None:
    unstable, doing = Unstable(database), Doing()
    await insert(database, several("note", 1))
    unstable.fail(fault, "update")
    async with working(unstable.database, {"note": doing}):
        await gone(database)
    assert len(doing.begun) == 1


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_job_whose_end_is_not_heard_is_not_done_again(database: Database, fault: Fault) -> None:
    unstable, doing = Unstable(database), Doing()
    await insert(database, several("note", 1))
    unstable.fail(fault, "delete")
    async with working(unstable.database, {"note": doing}):
        await gone(database)
    assert (len(doing.begun), unstable.healed) == (1, True)


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_failure_that_is_not_heard_counts_once(database: Database, fault: Fault, swift: None) -> None:
    unstable, doing = Unstable(database), Doing(lambda: None if len(doing.begun) == 2 else raising(JobFailed("x"))())
    await insert(database, several("note", 1))
    unstable.fail(fault, "update", skip=1)
    async with working(unstable.database, {"note": doing}):
        await gone(database)
    assert (len(doing.begun), unstable.healed) == (2, True)


async def test_jobs_wait_for_a_store_that_is_away(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs_module, "LOOK_S", 0.1)
    unstable, doing = Unstable(database), Doing()
    await insert(database, several("note", 1))
    unstable.fail(Fault.UNAVAILABLE, "find", times=3)
    async with working(unstable.database, {"note": doing}):
        await until(lambda: doing.begun, "the store is back")
    assert caplog.messages.count("jobs wait for the store") == 1


# Nodes that are killed


@contextmanager
def process(store: Store, diary: Diary) -> Any:
    """Run a process that does jobs; it is killed at the end of the block."""
    words = [str(diary.path), str(store.folder / "data"), *([store.mongo] if store.mongo else [])]
    running = subprocess.Popen([sys.executable, "-m", "tests.working", *words], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()


async def test_a_killed_node_loses_no_job_and_none_is_begun_a_third_time(store: Store, database: Database) -> None:
    diary = Diary(store.folder / "diary")
    rows = several("note", 60)
    await insert(database, rows)
    with process(store, diary):
        await until(lambda: 8 <= diary.of("done").total() < diary.of("begun").total(), "some are done, some begun")
    cut_off = diary.of("begun") - diary.of("done")
    assert cut_off, "nothing was under way"
    with process(store, diary), process(store, diary):
        await gone(database)
    assert diary.of("done").keys() == {row.id for row in rows}
    assert max(diary.of("begun").values()) == 2
    assert await dead(database) == []


async def test_a_job_that_ends_its_nodes_is_dead_after_the_second(store: Store, database: Database) -> None:
    diary = Diary(store.folder / "diary")
    rows = several("die", 1)
    await insert(database, rows)
    for number in (1, 2):
        with process(store, diary) as running:
            await asyncio.to_thread(running.wait, 30)
        assert diary.of("begun").total() == number
    with process(store, diary):
        await gone(database)
    (row,) = await dead(database)
    assert (row.id, row.reason) == (rows[0].id, "begun 2 times and not heard of again")
    assert diary.of("begun").total() == 2
