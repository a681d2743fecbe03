"""Removing what is over, and counting what is left to do."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from services.ids import new_id, now_ms
from services.jobs import jobs, sweeping
from services.jobs.job import job
from services.jobs.sweeping import DAY_MS, PART, sweep
from store.database import Insert, Record, Table
from store.tables import ACTS, JOBS, LOGINS, REFRESHES, TICKETS, Act, Job, Login, Refresh, Ticket
from tests.application import Parley
from tests.peers import until
from ws.relay import leases


def at(days: float) -> int:
    """Return a time so many days ago."""
    return now_ms() - int(days * DAY_MS)


def id_of(days: float) -> str:
    """Return an id that was made so many days ago."""
    return f"{at(days):012x}{new_id()[12:]}"


def ticket(days: float) -> Ticket:
    """Return a ticket that is over for so long."""
    return Ticket(id=new_id(), kind="reset", created_at=at(days + 1), expires_at=at(days))


def refresh(days: float) -> Refresh:
    """Return a refresh token that is over for so long."""
    return Refresh(id=new_id(), login="x", created_at=at(days + 14), expires_at=at(days))


def login(days: float) -> Login:
    """Return a log-in that was begun so long ago."""
    return Login(
        id=id_of(days), user="x", live=True, address="192.0.2.1", created_at=at(days), expires_at=at(days - 30)
    )


def act(days: float) -> Act:
    """Return a line of the audit log of so long ago."""
    return Act(id=id_of(days), created_at=at(days), actor="~", action="ban", subject="x", address="192.0.2.1")


def given_up(days: float) -> Job:
    """Return a job that is dead for so long."""
    row = job("note", {})
    row.state, row.due_at = "dead", at(days)
    return row


@pytest.mark.parametrize(
    ("table", "make", "kept", "over"),
    [
        (TICKETS, ticket, 0.9, 1.1),
        (TICKETS, ticket, -1, 400),
        (REFRESHES, refresh, 0.9, 1.1),
        (LOGINS, login, 30.5, 31.5),
        (ACTS, act, 364, 366),
        (JOBS, given_up, 29, 31),
    ],
)
async def test_what_is_over_is_removed_and_all_else_is_kept(
    one: Parley, table: Table[Any], make: Any, kept: float, over: float
) -> None:
    records: list[Record] = [make(kept), make(over)]
    await one.database.together([Insert(table, record) for record in records])
    await sweep(one.application, {})
    assert list(await one.database.get_many(table, [record.id for record in records])) == [records[0].id]


async def test_a_person_who_is_logged_in_stays_so(one: Parley) -> None:
    (ann,) = await one.people("ann")
    await sweep(one.application, {})
    await ann.account.refresh()
    await ann.do("users.me")


async def test_a_long_backlog_is_removed_in_parts(one: Parley, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [ticket(2) for _ in range(PART * 3)]
    await one.database.together([Insert(TICKETS, row) for row in rows])
    monkeypatch.setattr(sweeping, "PARTS", 2)
    await sweep(one.application, {})
    assert await one.database.count(TICKETS, {}, by="expires_at", below=now_ms(), limit=1000) == PART
    await sweep(one.application, {})
    assert await one.database.count(TICKETS, {}, by="expires_at", below=now_ms(), limit=1000) == 0


async def test_every_node_sweeps_but_one_at_a_time(one: Parley, two: Parley) -> None:
    await one.application.jobs.count()
    (row,) = await two.database.find(JOBS, {"state": "waiting", "kind": sweeping.SWEEP})
    assert 0 < row.due_at - now_ms() <= sweeping.EVERY_S * 1000


async def test_node_whose_clock_is_a_year_ahead_removes_nothing_and_holds_no_job(
    nodes: tuple[Parley, Parley], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    one, _ = nodes
    (ann,) = await one.people("ann")
    await one.without_jobs()
    before = await one.database.get(JOBS, sweeping.SWEEP)
    assert before is not None
    year_ms = 365 * DAY_MS
    with monkeypatch.context() as ahead:
        ahead.setattr(jobs, "now_ms", lambda: now_ms() + year_ms)
        ahead.setattr(sweeping, "now_ms", lambda: now_ms() + year_ms)
        ahead.setattr(leases, "time", SimpleNamespace(time=lambda: time.time() + year_ms / 1000))
        one.application.jobs.wake()
        await until(lambda: "jobs are left to other nodes" in caplog.text)
    assert await one.database.get(JOBS, sweeping.SWEEP) == before
    await ann.account.refresh()


async def test_metrics_tell_of_what_waits_and_what_is_dead(one: Parley) -> None:
    row = job("mail", {}, after_s=1000)
    row.created_at = at(1)
    await one.database.together([Insert(JOBS, row), Insert(JOBS, given_up(1))])
    await one.database.update(JOBS, (await one.database.find(JOBS, {"state": "dead"}))[0].id, {"kind": "mail"})
    await one.application.jobs.count()
    read = one.application.metrics.registry.get_sample_value
    assert read("parley_jobs_waiting", {"kind": "mail"}) == 1
    assert read("parley_jobs_dead", {"kind": "mail"}) == 1
    assert read("parley_jobs_oldest_seconds", {"kind": "mail"}) == pytest.approx(86_400, abs=60)
    assert read("parley_jobs_waiting", {"kind": "sweep"}) == 1


async def test_metrics_count_how_jobs_end(one: Parley) -> None:
    await one.database.insert(JOBS, job("mail", {"id": new_id(), "letter": "code", "language": "en", "facts": {}}))
    one.application.jobs.wake()
    await one.without_jobs()
    read = one.application.metrics.registry.get_sample_value
    assert read("parley_jobs_total", {"kind": "mail", "ending": "refused"}) == 1
