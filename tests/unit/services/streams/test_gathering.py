"""A flight waits a moment for those who are about to write, and for nobody else."""

import asyncio

import pytest

from services.streams.lanes import gathering as gathering_module
from services.streams.lanes.gathering import LEAST, Gathering
from tests.peers import until


class Calls:
    """How often the flight that waited was told to look again."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@pytest.fixture
async def calls() -> Calls:
    return Calls()


@pytest.fixture
def gathering(calls: Calls) -> Gathering:
    return Gathering(calls)


async def test_first_of_many_waits_for_the_others(gathering: Gathering) -> None:
    assert gathering.complete(50), "nothing is known of anybody else"
    gathering.left(50)
    assert not gathering.complete(1)
    assert not gathering.complete(40)
    assert gathering.complete(48)


async def test_few_are_not_waited_for(gathering: Gathering) -> None:
    gathering.left(LEAST - 1)
    assert gathering.complete(1)


async def test_who_does_not_come_is_waited_for_a_moment_and_a_few_times(gathering: Gathering, calls: Calls) -> None:
    gathering.left(50)
    for flights in range(1, 20):
        if gathering.complete(2):
            break
        await until(lambda flights=flights: calls.count == flights)  # type: ignore[misc]
        assert gathering.complete(2), "its moment is over"
        gathering.left(2)
    assert 1 < calls.count < 15


async def test_flight_that_left_is_not_called_again(
    gathering: Gathering, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering_module, "LONGEST_S", 0.0)
    gathering.left(50)
    assert not gathering.complete(1)
    gathering.left(50)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert calls.count == 0


async def test_hurry_lets_the_next_flight_leave_with_whoever_is_there(gathering: Gathering, calls: Calls) -> None:
    gathering.left(50)
    gathering.hurry()
    assert calls.count == 1
    assert gathering.complete(1)
    gathering.left(1)
    assert not gathering.complete(1)
