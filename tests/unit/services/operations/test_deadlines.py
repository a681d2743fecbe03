"""Deadlines of appends: what is not decided in time ends, on one timer for all."""

import asyncio

import pytest

from services.operations.deadlines import Deadlines
from services.streams.append import Append, Outcome, Plan, View


async def nothing(_view: View) -> Plan:
    return Plan()


def append() -> Append:
    return Append(("r",), nothing)


def now() -> float:
    return asyncio.get_running_loop().time()


async def test_what_is_late_ends_and_nothing_else() -> None:
    deadlines, late, early = Deadlines(), append(), append()
    deadlines.watch(early, now() + 60)
    deadlines.watch(late, now() + 0.02)
    deadlines.watch(first := append(), now() + 0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(first.future), 5)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(late.future), 5)
    assert not early.future.done()


async def test_append_may_come_while_a_deadline_is_now() -> None:
    deadlines, first, second = Deadlines(), append(), append()
    deadlines.watch(first, now() + 0.0003)  # for uvloop no time at all: its handle then has no time to tell
    deadlines.watch(second, now() + 60)
    with pytest.raises(TimeoutError):
        await first.future
    assert not second.future.done()


async def test_what_is_forgotten_has_no_deadline() -> None:
    deadlines, kept, late = Deadlines(), append(), append()
    deadlines.watch(kept, now())
    deadlines.forget(kept)
    deadlines.watch(late, now())
    with pytest.raises(TimeoutError):
        await late.future
    assert not kept.future.done()


async def test_what_is_decided_is_told_in_the_same_turn_and_once() -> None:
    one = append()
    told: list[asyncio.Future[Outcome]] = []
    one.then = told.append
    one.settle(outcome := Outcome([]))
    one.settle(Outcome([]))
    one.fail(TimeoutError())
    assert told == [one.future]
    assert one.future.result() is outcome


async def test_caller_that_fails_is_logged_and_leaves_the_flight_alone(caplog: pytest.LogCaptureFixture) -> None:
    one = append()

    def failing(_: asyncio.Future[Outcome]) -> None:
        raise ZeroDivisionError

    one.then = failing
    one.settle(Outcome([]))
    assert one.future.done()
    assert "ZeroDivisionError" in caplog.text
