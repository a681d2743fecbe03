"""Pacing: the first at once, then the latest when the pause is over."""

import asyncio
import time
from collections.abc import Callable

import pytest

from services.loop import pace as pace_module
from services.loop.pace import Pace
from tests.peers import until

PAUSE_S = 0.05


class Told:
    """What was told, and when."""

    def __init__(self) -> None:
        self.what: list[str] = []
        self.when: list[float] = []

    def __call__(self, what: str) -> Callable[[], None]:
        def tell() -> None:
            self.what.append(what)
            self.when.append(time.monotonic())

        return tell


async def test_first_is_told_at_once_and_the_latest_after_the_pause() -> None:
    pace, told = Pace(PAUSE_S), Told()
    for what in ("1", "2", "3"):
        pace.note("key", told(what))
    assert told.what == ["1"]
    await until(lambda: len(told.what) == 2)
    assert told.what == ["1", "3"]
    assert told.when[1] - told.when[0] >= PAUSE_S * 0.9
    pace.close()


async def test_what_is_told_late_begins_a_pause_of_its_own() -> None:
    pace, told = Pace(PAUSE_S), Told()
    for what in ("1", "2"):
        pace.note("key", told(what))
    await until(lambda: len(told.what) == 2)
    pace.note("key", told("3"))
    assert told.what == ["1", "2"]
    await until(lambda: len(told.what) == 3)
    assert told.when[2] - told.when[1] >= PAUSE_S * 0.9
    pace.close()


async def test_pause_in_which_nothing_came_ends_it() -> None:
    pace, told = Pace(PAUSE_S), Told()
    pace.note("key", told("1"))
    await until(lambda: not pace._timers)
    pace.note("key", told("2"))
    assert told.what == ["1", "2"]
    pace.close()


async def test_keys_do_not_wait_for_each_other() -> None:
    pace, told = Pace(PAUSE_S), Told()
    for key in ("a", "b"):
        pace.note(key, told(key))
    assert told.what == ["a", "b"]
    pace.close()


async def test_beyond_so_many_keys_nothing_is_paced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace_module, "KEYS_LIMIT", 1)
    pace, told = Pace(PAUSE_S), Told()
    for what in ("1", "2", "3"):
        pace.note("a" if what == "1" else "b", told(what))
    assert told.what == ["1", "2", "3"]
    pace.close()


async def test_closed_it_tells_nothing_more() -> None:
    pace, told = Pace(PAUSE_S), Told()
    pace.note("key", told("1"))
    pace.note("key", told("2"))
    pace.close()
    await asyncio.sleep(PAUSE_S * 1.5)
    assert told.what == ["1"]
