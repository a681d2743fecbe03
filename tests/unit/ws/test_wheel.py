import asyncio
import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clock import Clock
from tests.peers import until
from ws.wheel import SLICE_LIMIT, Wheel


def advance(clock: Clock, wheel: Wheel, seconds: float) -> None:
    """Turn a wheel at each of its ticks."""
    end = clock.now + seconds
    while clock.now < end:
        clock.now = min(clock.now + 0.25, end)
        wheel.turn(clock.now)


@given(st.floats(0, 10_000), st.floats(0, 300), st.sampled_from([0.1, 0.25, 1.0, 5.0]))
def test_callback_runs_within_one_tick_after_its_delay(start: float, delay: float, tick: float) -> None:
    clock = Clock(start)
    wheel = Wheel(clock, tick)
    ran: list[float] = []
    wheel.schedule(delay, lambda: ran.append(clock.now))
    step = tick / 4
    while not ran:
        clock.now += step
        wheel.turn(clock.now)
    assert delay - 1e-6 <= ran[0] - start <= delay + tick + step + 1e-6


def test_callback_runs_once() -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[int] = []
    wheel.schedule(1, lambda: ran.append(1))
    advance(clock, wheel, 10)
    assert ran == [1]
    assert len(wheel) == 0


def test_callbacks_run_in_the_order_of_ticks_and_of_scheduling() -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[str] = []
    for name, delay in (("c", 9.0), ("a", 2.0), ("b", 2.0), ("d", 70.0)):
        wheel.schedule(delay, lambda name=name: ran.append(name))  # type: ignore[misc]
    clock.now += 100
    wheel.turn(clock.now)
    assert ran == ["a", "b", "c", "d"]


def test_cancelled_callback_does_not_run_and_is_forgotten() -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[int] = []
    slots = [wheel.schedule(5, lambda: ran.append(1)) for _ in range(1_000)]
    for slot in slots:
        slot.cancel()
        slot.cancel()
    assert len(wheel) == 0
    advance(clock, wheel, 10)
    assert not ran


def test_callback_may_cancel_one_of_its_own_tick() -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[str] = []

    def first() -> None:
        ran.append("first")
        later.cancel()

    wheel.schedule(1, first)
    later = wheel.schedule(1, lambda: ran.append("second"))
    advance(clock, wheel, 3)
    assert ran == ["first"]


def test_callback_may_cancel_itself_and_schedule_anew() -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[float] = []

    def beat() -> None:
        ran.append(clock.now)
        slot.cancel()
        if len(ran) < 5:
            wheel.schedule(0, beat)

    slot = wheel.schedule(0, beat)
    advance(clock, wheel, 10)
    assert len(ran) == 5
    assert all(later > earlier for earlier, later in itertools.pairwise(ran))


def test_failing_callback_is_logged_and_does_not_stop_the_wheel(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[int] = []

    def fail() -> None:
        raise RuntimeError("told to")

    wheel.schedule(1, fail)
    wheel.schedule(1, lambda: ran.append(1))
    advance(clock, wheel, 3)
    assert ran == [1]
    assert [record.getMessage() for record in caplog.records] == ["a callback of the wheel failed"]


def test_leap_of_the_clock_runs_everything_that_is_due() -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[int] = []
    for delay in range(100):
        wheel.schedule(delay, lambda delay=delay: ran.append(delay))  # type: ignore[misc]
    clock.now += 100_000
    wheel.turn(clock.now)
    assert ran == list(range(100))


def test_clock_that_goes_back_runs_nothing_twice() -> None:
    clock = Clock(1000.3)
    wheel = Wheel(clock)
    ran: list[int] = []
    wheel.schedule(1, lambda: ran.append(1))
    advance(clock, wheel, 3)
    clock.now -= 50
    wheel.turn(clock.now)
    wheel.schedule(1, lambda: ran.append(2))
    advance(clock, wheel, 60)
    assert ran == [1, 2]


def test_scheduling_and_cancelling_take_constant_time() -> None:
    def seconds(count: int) -> float:
        wheel = Wheel(Clock(1000.3))
        began = time.thread_time()
        slots = [wheel.schedule(25, lambda: None) for _ in range(count)]
        for slot in slots:
            slot.cancel()
        return time.thread_time() - began

    assert min(seconds(40_000) for _ in range(5)) < 400 * min(seconds(1_000) for _ in range(5))


async def test_run_turns_with_the_clock() -> None:
    wheel = Wheel(time.monotonic, 0.05)
    ran: list[float] = []
    began = time.monotonic()
    for _ in range(1_000):
        wheel.schedule(0.1, lambda: ran.append(time.monotonic() - began))
    running = asyncio.create_task(wheel.run())
    await until(lambda: len(ran) == 1_000)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ran[0] >= 0.1


async def test_run_leaves_the_loop_its_turns() -> None:
    wheel = Wheel(time.monotonic, 0.05)
    ran = 0

    def count() -> None:
        nonlocal ran
        ran += 1

    for _ in range(2_000):
        wheel.schedule(0.06, count)
    running = asyncio.create_task(wheel.run())
    most = 0
    while ran < 2_000:
        before = ran
        await asyncio.sleep(0)
        most = max(most, ran - before)
    running.cancel()
    assert 0 < most <= SLICE_LIMIT
