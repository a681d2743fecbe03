"""Whose turn it is to write, by what nodes say of their batches."""

import pytest

from services.streams.lanes import rivals as rivals_module
from services.streams.lanes.rivals import FORGET_S, STEP_FLIGHTS, STEPS_S, Rivals
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def rivals(clock: Clock) -> Rivals:
    return Rivals(clock)


def waits(rivals: Rivals, stream: str = "r") -> float:
    """Return how many steps this node waits."""
    return round(rivals.wait_s(stream) / rivals.step_s, 6)


def test_who_is_alone_in_a_stream_waits_for_nobody(rivals: Rivals) -> None:
    rivals.wrote("r")
    rivals.heard("other", "n2")
    assert (rivals.any("r"), waits(rivals)) == (False, 0)


def test_who_wrote_last_waits_a_step_for_each_of_the_others(rivals: Rivals) -> None:
    rivals.heard("r", "n2")
    rivals.wrote("r")
    assert waits(rivals) == 1
    rivals.heard("r", "n3")
    rivals.wrote("r")
    assert waits(rivals) == 2


def test_each_batch_of_the_others_brings_the_turn_nearer(rivals: Rivals) -> None:
    for node in ("n2", "n3"):
        rivals.heard("r", node)
    rivals.wrote("r")
    rivals.heard("r", "n2")
    assert waits(rivals) == 1
    rivals.heard("r", "n3")
    assert waits(rivals) == 0


def test_time_that_passed_is_not_waited_again(rivals: Rivals, clock: Clock) -> None:
    rivals.heard("r", "n2")
    rivals.wrote("r")
    clock.now += rivals.step_s / 2
    assert waits(rivals) == 0.5
    clock.now += rivals.step_s
    assert waits(rivals) == 0


def test_who_has_not_written_to_the_stream_lately_need_not_wait(rivals: Rivals) -> None:
    rivals.heard("r", "n2")
    rivals.heard("r", "n3")
    assert waits(rivals) == 0


def test_who_lets_two_others_write_in_its_turn_is_waited_for_no_more(rivals: Rivals) -> None:
    for node in ("n2", "n3", "n4"):
        rivals.heard("r", node)
    rivals.wrote("r")
    assert waits(rivals) == 3
    rivals.heard("r", "n3")
    rivals.heard("r", "n4")
    assert waits(rivals) == 0
    rivals.wrote("r")
    assert waits(rivals) == 2


def test_others_are_forgotten(rivals: Rivals, clock: Clock) -> None:
    rivals.heard("r", "n2")
    rivals.wrote("r")
    clock.now += FORGET_S + 0.1
    assert (rivals.any("r"), waits(rivals)) == (False, 0)
    rivals.heard("r", "n3")
    rivals.wrote("r")
    assert waits(rivals) == 1, "n2 is no more"


def test_a_step_is_as_long_as_flights_take_within_bounds(rivals: Rivals) -> None:
    least, most = STEPS_S
    assert rivals.step_s == least
    rivals.took(0.01)
    assert rivals.step_s == pytest.approx(0.01 * STEP_FLIGHTS)
    for _ in range(100):
        rivals.took(1.0)
    assert rivals.step_s == most
    for _ in range(100):
        rivals.took(0.0)
    assert rivals.step_s == least


def test_of_many_streams_the_oldest_is_forgotten(rivals: Rivals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rivals_module, "STREAMS", 2)
    for stream in ("a", "b", "a", "c"):
        rivals.heard(stream, "n2")
    assert [rivals.any(stream) for stream in "abc"] == [True, False, True]
