"""Token buckets: so many at once, then one more each so many seconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import TooMany
from services.operations import limits as limits_module
from services.operations.limits import Limit, Limits
from tests.clock import Clock

THREE = Limit("three", 3, 2.0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> Limits:
    return Limits(on=True, clock=clock)


def test_burst_is_allowed_and_no_more(limits: Limits) -> None:
    for _ in range(3):
        limits.take(THREE, "ann")
    with pytest.raises(TooMany):
        limits.take(THREE, "ann")


def test_bucket_fills_with_time_up_to_its_size(limits: Limits, clock: Clock) -> None:
    assert [limits.wait(THREE, "ann") for _ in range(4)] == [0, 0, 0, 2.0]
    clock.now += 2.0
    assert [limits.wait(THREE, "ann") for _ in range(2)] == [0, 2.0]
    clock.now += 1000.0
    assert [limits.wait(THREE, "ann") for _ in range(4)] == [0, 0, 0, 2.0]


def test_wait_is_how_long_it_takes(limits: Limits, clock: Clock) -> None:
    for _ in range(3):
        limits.take(THREE, "ann")
    clock.now += 0.5
    with pytest.raises(TooMany) as refused:
        limits.take(THREE, "ann")
    assert refused.value.retry_after == 1.5
    clock.now += 1.5
    limits.take(THREE, "ann")


def test_refusal_costs_nothing(limits: Limits, clock: Clock) -> None:
    for _ in range(100):
        limits.wait(THREE, "ann")
    clock.now += 2.0
    assert limits.wait(THREE, "ann") == 0


def test_buckets_are_by_limit_and_by_key(limits: Limits) -> None:
    other = Limit("other", 1, 2.0)
    for _ in range(3):
        limits.take(THREE, "ann")
    limits.take(THREE, "bob")
    limits.take(other, "ann")
    with pytest.raises(TooMany):
        limits.take(other, "ann")


def test_limits_that_are_off_allow_everything(clock: Clock) -> None:
    limits = Limits(on=False, clock=clock)
    for _ in range(100):
        limits.take(THREE, "ann")


def test_limits_that_are_off_still_pace(clock: Clock) -> None:
    limits = Limits(on=False, clock=clock)
    assert [limits.wait_always(THREE, "ann") for _ in range(4)] == [0, 0, 0, 2.0]


def test_oldest_bucket_is_forgotten_beyond_a_number(
    limits: Limits, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits_module, "BUCKETS_KEPT", 2)
    one = Limit("one", 1, 1000.0)
    for key in ("a", "b", "c"):
        limits.take(one, key)
    assert len(limits._full_at) == 2
    limits.take(one, "a")
    with pytest.raises(TooMany):
        limits.take(one, "c")


@given(st.lists(st.floats(0, 10), max_size=60), st.integers(1, 5), st.floats(0.1, 5))
def test_no_span_of_time_holds_more_than_the_limit(pauses: list[float], burst: int, every_s: float) -> None:
    clock = Clock()
    limits = Limits(on=True, clock=clock)
    limit = Limit("any", burst, every_s)
    taken = []
    for pause in pauses:
        clock.now += pause
        if limits.wait(limit, "ann") == 0:
            taken.append(clock.now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            assert last - first + 1 <= burst + (taken[last] - taken[first]) / every_s + 1e-6
