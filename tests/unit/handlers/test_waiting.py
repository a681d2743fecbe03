"""What is waited for ends in its turn, and with one timer for all."""

import asyncio

import pytest

from handlers.entrance.waiting import Waiting
from tests.peers import until

LIMIT_S = 0.05


@pytest.fixture
def late() -> list[str]:
    return []


@pytest.fixture
def waiting(late: list[str]) -> Waiting[str]:
    return Waiting(LIMIT_S, late.append)


async def test_those_who_take_too_long_are_late_in_the_order_in_which_they_began(
    waiting: Waiting[str], late: list[str]
) -> None:
    for one in ("a", "b", "c"):
        waiting.begin(one)
    waiting.end("b")
    await until(lambda: len(late) == 2)
    assert late == ["a", "c"]
    assert len(waiting) == 0


async def test_whoever_begins_anew_has_all_of_the_time_again(waiting: Waiting[str], late: list[str]) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    waiting.begin("a")
    waiting.begin("b")
    await until(lambda: loop.time() >= began + LIMIT_S / 2)
    waiting.begin("a")
    again = loop.time()
    await until(lambda: late)
    assert late == ["b"]
    await until(lambda: len(late) == 2)
    assert loop.time() - again >= LIMIT_S * 0.9


async def test_nobody_is_late_who_ended_or_after_the_end(waiting: Waiting[str], late: list[str]) -> None:
    waiting.begin("a")
    waiting.end("a")
    waiting.end("a")
    waiting.begin("b")
    waiting.close()
    other: list[str] = []
    Waiting(2 * LIMIT_S, other.append).begin("c")
    await until(lambda: other)
    assert late == []


async def test_it_goes_on_after_nothing_was_waited_for(waiting: Waiting[str], late: list[str]) -> None:
    for one in ("a", "b"):
        waiting.begin(one)
        await until(lambda one=one: one in late)  # type: ignore[misc]
    assert late == ["a", "b"]
