"""Who leaves, and what the call is by then."""

import pytest

from services.calls.machine import ending
from services.calls.machine.legs import altered
from services.calls.machine.looks import in_legs, own_leg
from services.calls.machine.terms import Who
from services.errors import AnsweredElsewhere, CallOver, NotInCall
from tests.unit.services.calls.machine.stage import (
    ANN,
    ANN_TABLET,
    BOB,
    BOB_TABLET,
    CAT,
    DAN,
    THERE,
    direct,
    group,
    talking,
)

# Two people.


@pytest.mark.parametrize("who", [ANN, BOB])
def test_a_call_of_two_is_completed_when_one_leaves(who: Who) -> None:
    stage = talking()
    stage.wait(65)
    stage.leave(who)
    assert stage.outcome() == ("ended", "completed")
    assert not in_legs(stage.call)
    assert (stage.call.ended_at or 0) - (stage.call.active_at or 0) == 65_000


def test_a_call_of_two_goes_on_while_each_has_a_device_in_it() -> None:
    stage = talking()
    stage.join(BOB_TABLET)
    stage.connected(BOB_TABLET)
    stage.leave(BOB)
    assert stage.outcome() == ("active", None)
    stage.leave(BOB_TABLET)
    assert stage.outcome() == ("ended", "completed")


def test_a_starter_who_leaves_before_anything_flows_has_cancelled() -> None:
    stage = direct()
    stage.accept(BOB)
    stage.leave(ANN)
    assert stage.outcome() == ("ended", "cancelled")


def test_who_leaves_before_anything_flows_has_let_the_media_fail() -> None:
    stage = direct()
    stage.accept(BOB)
    stage.leave(BOB)
    assert stage.outcome() == ("ended", "failed_media")
    assert not stage.missed


def test_to_leave_twice_changes_nothing() -> None:
    stage = talking(CAT)
    stage.leave(BOB)
    assert stage.leave(BOB) is stage.call


def test_nobody_leaves_who_was_never_in() -> None:
    stage = talking(CAT)
    with pytest.raises(NotInCall):
        stage.leave(DAN)


@pytest.mark.parametrize("act", ["accept", "join", "connected"])
def test_nobody_comes_into_what_is_over(act: str) -> None:
    stage = talking()
    stage.end()
    with pytest.raises(CallOver):
        getattr(stage, act)(BOB)


@pytest.mark.parametrize("act", ["ringing", "decline", "cancel", "leave"])
def test_what_is_over_answers_as_it_is(act: str) -> None:
    stage = talking()
    stage.end()
    assert getattr(stage, act)(BOB) is stage.call


# Groups.


def test_a_group_goes_on_with_who_stays() -> None:
    stage = talking(CAT)
    stage.leave(ANN)
    stage.leave(BOB)
    assert stage.outcome() == ("active", None)
    stage.leave(CAT)
    assert stage.outcome() == ("ended", "completed")


def test_a_starter_who_leaves_others_that_connect_ends_nothing() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.accept(CAT)
    stage.leave(ANN)
    assert stage.outcome() == ("connecting", None)


def test_ringing_goes_on_when_who_answered_is_gone_before_anything_flows() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.leave(BOB)
    assert stage.outcome() == ("ringing", None)
    stage.wait(30)
    stage.accept(CAT)
    assert stage.outcome() == ("connecting", None)
    assert stage.leg(ANN).until == stage.call.deadline


def test_ringing_that_goes_on_is_over_with_its_time() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.leave(BOB)
    stage.wait(41)
    assert stage.outcome() == ("ended", "missed")
    assert stage.missed == ["cat"]


def test_a_starter_who_leaves_one_that_connects_has_cancelled() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.leave(ANN)
    assert stage.outcome() == ("ended", "cancelled")
    assert stage.missed == ["cat"]


def test_whoever_is_rung_by_a_call_that_is_completed_has_missed_it() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    for who in (ANN, BOB):
        stage.connected(who)
    for who in (ANN, BOB):
        stage.leave(who)
    assert stage.outcome() == ("ended", "completed")
    assert (stage.invited(), stage.missed) == ({"bob": "accepted", "cat": "cancelled"}, ["cat"])


def test_two_devices_of_one_person_are_two_legs() -> None:
    stage = talking(CAT)
    stage.join(BOB_TABLET)
    assert sum(leg.user == "bob" for leg in in_legs(stage.call)) == 2
    stage.leave(BOB)
    assert own_leg(stage.call, BOB_TABLET) is not None
    assert own_leg(stage.call, BOB) is None


def test_who_has_left_may_come_again() -> None:
    stage = talking(CAT)
    stage.leave(BOB)
    stage.join(BOB)
    assert stage.leg(BOB).order == 4
    with pytest.raises(AnsweredElsewhere):
        stage.accept(BOB_TABLET)


# A page that is loaded anew.


def test_a_device_that_joins_again_gets_another_leg() -> None:
    stage = talking()
    old = stage.leg(BOB)
    stage.join(BOB, THERE)
    new = stage.leg(BOB)
    assert (new.id != old.id, new.state, new.node, new.order) == (True, "connecting", THERE, 3)
    assert [leg.state for leg in stage.call.legs if leg.id == old.id] == ["left"]
    assert stage.outcome() == ("active", None)


def test_a_device_that_joins_again_needs_no_room_of_its_own() -> None:
    stage = talking()
    stage.most = 2
    stage.join(BOB)
    assert len(in_legs(stage.call)) == 2


def test_a_device_that_joins_again_is_muted_still_and_shows_nothing() -> None:
    stage = talking()
    stage.do(altered, stage.leg(BOB).id, stage.moment(), muted=True, camera=True, screen=True, hand=True)
    stage.join(BOB)
    new = stage.leg(BOB)
    assert (new.muted, new.hand, new.camera, new.screen) == (True, True, False, False)


def test_a_starter_that_joins_again_rings_on() -> None:
    stage = direct()
    stage.join(ANN)
    assert stage.outcome() == ("ringing", None)
    assert stage.leg(ANN).order == 2


def test_a_device_that_joins_again_while_lost_is_back() -> None:
    stage = talking()
    stage.lost(stage.leg(BOB))
    stage.join(BOB)
    stage.wait(16)
    assert stage.outcome() == ("active", None)


@pytest.mark.parametrize("joins_first", [True, False])
def test_one_joins_while_the_last_one_leaves(joins_first: bool) -> None:
    stage = group()
    if joins_first:
        stage.join(BOB)
        stage.leave(ANN)
        assert stage.outcome() == ("active", None)
    else:
        stage.leave(ANN)
        with pytest.raises(CallOver):
            stage.join(BOB)
        assert stage.outcome() == ("ended", "completed")


@pytest.mark.parametrize("lost_first", [True, False])
def test_a_device_is_lost_as_it_leaves(lost_first: bool) -> None:
    stage = talking(CAT)
    leg = stage.leg(BOB)
    if lost_first:
        stage.lost(leg)
    stage.leave(BOB)
    stage.lost(leg)
    assert own_leg(stage.call, BOB) is None
    assert stage.states()["bob-phone"] == "left"


@pytest.mark.parametrize("ends_first", [True, False])
def test_a_call_is_ended_as_somebody_accepts(ends_first: bool) -> None:
    stage = direct()
    if ends_first:
        stage.end("removed")
        with pytest.raises(CallOver):
            stage.accept(BOB)
    else:
        stage.accept(BOB)
        stage.end("removed")
    assert stage.outcome() == ("ended", "removed")


@pytest.mark.parametrize("first", ["ann", "bob"])
def test_both_leave_at_once(first: str) -> None:
    stage = talking()
    for who in (ANN, BOB) if first == "ann" else (BOB, ANN):
        stage.leave(who)
    assert stage.outcome() == ("ended", "completed")
    assert stage.call.version == 5


def test_what_has_ended_stays_as_it_is() -> None:
    stage = talking()
    stage.end("shutdown")
    assert stage.end("completed") is stage.call
    assert stage.do(ending.removed, stage.moment(), user="ann") is stage.call
    assert stage.leave(ANN_TABLET) is stage.call
