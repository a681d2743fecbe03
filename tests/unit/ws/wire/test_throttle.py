"""What one client may send: so much at once, then a rate; frames cost beside their bytes."""

import pytest

from ws.wire.throttle import BURST, CONTROL_COST, FAR_S, FRAME_COST, RATE, Throttle


def test_burst_is_free_and_the_rest_is_waited_for() -> None:
    throttle = Throttle()
    assert throttle.spend(100.0, BURST, 0, 0) == 0
    assert throttle.spend(100.0, RATE, 0, 0) == pytest.approx(1.0)
    assert throttle.spend(101.0, RATE, 0, 0) == pytest.approx(1.0)


def test_rest_makes_even() -> None:
    throttle = Throttle()
    throttle.spend(100.0, BURST, 0, 0)
    assert throttle.spend(100.0 + BURST / RATE, BURST, 0, 0) == 0
    assert throttle.spend(100.0 + BURST / RATE, RATE, 0, 0) > 0


def test_frames_cost_beside_their_bytes() -> None:
    throttle = Throttle()
    assert throttle.spend(100.0, 0, BURST // FRAME_COST, 0) == 0
    assert throttle.spend(100.0, 0, 1, 0) == pytest.approx(FRAME_COST / RATE)
    pinged = Throttle()
    assert pinged.spend(100.0, 0, 0, BURST // CONTROL_COST) == 0
    assert pinged.spend(100.0, 0, 0, 1) == pytest.approx(CONTROL_COST / RATE)


def test_talking_is_far_from_it() -> None:
    throttle = Throttle()
    assert not any(throttle.spend(second / 10, 300, 1, 0) for second in range(10_000)), "ten long messages a second"


def test_one_read_of_pings_is_too_much() -> None:
    assert Throttle().spend(100.0, 65_536, 10_000, 10_000) > FAR_S


def test_reads_of_short_messages_are_paused_between_and_not_too_much() -> None:
    throttle, now = Throttle(), 100.0
    pauses = []
    for _ in range(20):
        pauses.append(throttle.spend(now, 65_536, 400, 0))
        now += pauses[-1]
    assert 0 < max(pauses) < FAR_S
