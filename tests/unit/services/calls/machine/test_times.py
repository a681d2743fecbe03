"""What is over by itself, and when; by whose clock."""

import pytest

from services.calls.machine import legs, ringing, timers
from services.calls.machine.looks import own_leg, rings
from services.calls.machine.terms import CONNECT_S, MAX_DURATION_S, RING_S, UNREACHABLE_S, Moment
from services.errors import CallOver
from tests.unit.services.calls.machine.stage import ANN, BOB, CAT, DAN, HERE, THERE, direct, group, talking

HOUR_MS = 3_600_000
YEAR_MS = 365 * 24 * HOUR_MS


def test_nobody_is_rung_for_longer_than_it_takes() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.wait(RING_S - 0.5)
    assert stage.outcome() == ("ringing", None)
    stage.wait(1)
    assert stage.outcome() == ("ended", "missed")
    assert stage.missed == ["bob"]


def test_a_group_that_does_not_answer_has_missed_it() -> None:
    stage = group(BOB, CAT)
    stage.decline(BOB)
    stage.wait(RING_S)
    assert stage.outcome() == ("ended", "missed")
    assert stage.missed == ["cat"]


def test_the_rest_of_a_group_is_rung_to_the_end() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.connected(ANN)
    stage.connected(BOB)
    stage.wait(RING_S - 1)
    stage.ringing(CAT)
    assert rings(stage.call, "cat")
    stage.wait(2)
    assert stage.outcome() == ("active", None)
    assert stage.states()["cat-phone"] == "left"
    assert stage.missed == ["cat"]


def test_media_that_does_not_flow_in_time_has_failed() -> None:
    stage = direct()
    stage.accept(BOB)
    stage.wait(CONNECT_S - 0.5)
    assert stage.outcome() == ("connecting", None)
    stage.wait(1)
    assert stage.outcome() == ("ended", "failed_media")
    assert not stage.missed


def test_to_be_lost_and_found_gives_a_call_no_more_time_to_connect() -> None:
    stage = direct()
    stage.accept(BOB)
    stage.wait(10)
    for who in (ANN, BOB):
        leg = stage.leg(who)
        stage.lost(leg)
        stage.bound(leg)
    stage.wait(CONNECT_S - 10)
    assert stage.outcome() == ("ended", "failed_media")


def test_each_that_answers_gives_all_who_connect_their_time_again() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.wait(15)
    stage.accept(CAT)
    stage.wait(15)
    assert stage.outcome() == ("connecting", None)
    stage.connected(CAT)
    stage.wait(6)
    assert stage.states() == {"ann-phone": "left", "bob-phone": "left", "cat-phone": "connected"}


def test_a_newcomer_that_does_not_connect_leaves() -> None:
    stage = talking(CAT)
    stage.join(DAN)
    stage.wait(CONNECT_S + 1)
    assert own_leg(stage.call, DAN) is None
    assert stage.outcome() == ("active", None)


def test_one_of_two_that_does_not_connect_ends_the_call() -> None:
    stage = direct()
    stage.accept(BOB)
    stage.connected(BOB)
    stage.wait(CONNECT_S + 1)
    assert stage.outcome() == ("ended", "completed")


def test_no_call_goes_on_for_ever() -> None:
    stage = talking(CAT)
    stage.wait(MAX_DURATION_S - 1)
    assert stage.outcome() == ("active", None)
    stage.wait(2)
    assert stage.outcome() == ("ended", "max_duration")


def test_nothing_happens_before_its_time() -> None:
    stage = direct()
    assert stage.do(timers.due, stage.moment()) is stage.call


# Whom nobody can reach.


def test_who_has_no_device_that_rings_is_not_reached() -> None:
    stage = direct()
    stage.wait(UNREACHABLE_S)
    stage.unreachable("bob")
    assert stage.outcome() == ("ended", "unreachable")
    assert stage.missed == ["bob"]


def test_who_has_a_device_that_rings_is_reached() -> None:
    stage = direct()
    stage.ringing(BOB)
    assert stage.unreachable("bob") is stage.call
    assert rings(stage.call, "bob")


def test_a_device_that_rang_and_is_lost_had_reached_them() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.lost(stage.leg(BOB))
    assert stage.unreachable("bob") is stage.call


def test_the_others_ring_on_when_one_is_not_reached() -> None:
    stage = group(BOB, CAT)
    stage.ringing(CAT)
    stage.unreachable("bob", "cat")
    assert stage.invited() == {"bob": "unreachable", "cat": "ringing"}
    assert stage.leg(CAT).state == "ringing"
    stage.wait(RING_S)
    assert stage.outcome() == ("ended", "missed")


@pytest.mark.parametrize("rings_first", [True, False])
def test_a_device_rings_as_its_person_is_given_up(rings_first: bool) -> None:
    stage = direct()
    if rings_first:
        stage.ringing(BOB)
        stage.unreachable("bob")
        assert stage.outcome() == ("ringing", None)
    else:
        stage.unreachable("bob")
        assert stage.ringing(BOB) is stage.call
        assert stage.outcome() == ("ended", "unreachable")


def test_nobody_is_given_up_by_a_call_that_has_ended() -> None:
    stage = direct()
    stage.cancel(ANN)
    assert stage.unreachable("bob") is stage.call


# Races with time.


@pytest.mark.parametrize("accepts_first", [True, False])
def test_somebody_accepts_as_their_time_is_up(accepts_first: bool) -> None:
    stage = direct()
    stage.clock.now += RING_S
    if accepts_first:
        stage.accept(BOB)
        stage.do(timers.due, stage.moment())
        assert stage.outcome() == ("connecting", None)
    else:
        stage.do(timers.due, stage.moment())
        with pytest.raises(CallOver):
            stage.accept(BOB)
        assert stage.outcome() == ("ended", "missed")


@pytest.mark.parametrize("connects_first", [True, False])
def test_media_flows_as_its_time_is_up(connects_first: bool) -> None:
    stage = direct()
    stage.accept(BOB)
    stage.clock.now += CONNECT_S - (1 if connects_first else 0)
    if connects_first:
        stage.connected(BOB)
        stage.connected(ANN)
        stage.wait(2)
        assert stage.outcome() == ("active", None)
    else:
        stage.do(timers.due, stage.moment())
        with pytest.raises(CallOver):
            stage.connected(BOB)
        assert stage.outcome() == ("ended", "failed_media")


@pytest.mark.parametrize("cancels_first", [True, False])
def test_the_starter_cancels_as_the_time_is_up(cancels_first: bool) -> None:
    stage = direct()
    stage.clock.now += RING_S
    if cancels_first:
        stage.cancel(ANN)
    stage.do(timers.due, stage.moment())
    stage.cancel(ANN)
    assert stage.outcome() == ("ended", "cancelled" if cancels_first else "missed")
    assert stage.missed == ["bob"]


def test_all_that_is_over_at_once_is_done_in_one_version() -> None:
    stage = group(BOB, CAT)
    stage.lost(stage.leg(ANN))
    version = stage.call.version
    stage.clock.now += 100
    stage.do(timers.due, stage.moment())
    assert stage.outcome() == ("ended", "missed")
    assert stage.call.version == version + 1


# Clocks that do not agree.


@pytest.mark.parametrize("ahead_ms", [-YEAR_MS, -HOUR_MS, HOUR_MS])
def test_a_node_whose_clock_is_wrong_ends_no_ring_and_prolongs_none(ahead_ms: int) -> None:
    """It keeps the call from then on, by its own clock: the ring takes its time at most once more."""
    stage = direct()
    stage.wait(10)
    wrong = Moment(stage.now + ahead_ms, THERE)
    call = ringing.ringing(stage.call, BOB, wrong)
    assert call.keeper == THERE
    assert timers.due(call, wrong) is call
    assert timers.due_at(call) == call.deadline == wrong.now + RING_S * 1000
    late = Moment(wrong.now + RING_S * 1000, THERE)
    assert (timers.due(call, late).state, timers.due(call, late).reason) == ("ended", "missed")


def test_a_node_whose_clock_differs_a_little_gives_no_more_time() -> None:
    stage = direct()
    stage.wait(39)
    call = ringing.ringing(stage.call, BOB, Moment(stage.now + 2000, THERE))
    assert call.deadline == stage.call.deadline


def test_what_a_dead_keeper_has_left_undone_is_over_though_nobody_has_noticed_its_death() -> None:
    stage = talking(CAT)
    stage.lost(stage.leg(BOB))
    stage.clock.now += 28
    stage.connected(CAT, THERE)
    stage.bound(stage.leg(CAT), THERE)
    assert stage.call.keeper == THERE
    stage.do(timers.due, stage.moment(THERE))
    assert own_leg(stage.call, BOB) is None


def test_a_clock_that_is_set_back_prolongs_nothing_by_more_than_its_time() -> None:
    stage = talking()
    stage.lost(stage.leg(BOB))
    back = Moment(stage.now - HOUR_MS, HERE)
    call = timers.due(stage.call, back)
    assert (timers.due_at(call) or 0) - back.now <= 15_000


def test_a_clock_that_is_set_back_leaves_a_lone_leg_its_time() -> None:
    stage = direct()
    leg = stage.leg(ANN)
    stage.lost(leg)
    call = legs.bound(stage.call, leg.id, Moment(stage.now - HOUR_MS, HERE))
    assert call.deadline == stage.now - HOUR_MS + RING_S * 1000


def test_of_a_dead_keeper_no_time_is_full_again() -> None:
    stage = direct()
    moment = Moment(stage.now + HOUR_MS, THERE)
    call = timers.taken_over(stage.call, {HERE}, moment)
    assert call.deadline == stage.call.deadline
