"""What others than a device itself do to a call and its legs."""

import pytest

from services.calls.machine import ending, legs
from services.calls.machine.looks import in_legs, own_leg, rings
from services.errors import CallOver, NotInCall
from tests.unit.services.calls.machine.stage import ANN, BOB, BOB_TABLET, CAT, CAT_TABLET, direct, group, talking


def test_the_end_is_the_end_for_all() -> None:
    stage = talking(CAT)
    stage.end("shutdown")
    assert stage.outcome() == ("ended", "shutdown")
    assert set(stage.states().values()) == {"left"}


def test_who_is_rung_by_a_call_that_is_ended_has_missed_it() -> None:
    stage = group(BOB, CAT)
    stage.end("cancelled")
    assert stage.missed == ["bob", "cat"]


def test_nobody_has_missed_a_call_that_was_removed() -> None:
    stage = group(BOB, CAT)
    stage.end("removed")
    assert not stage.missed


def test_a_leg_is_removed_and_the_others_go_on() -> None:
    stage = talking(CAT)
    stage.do(ending.removed, stage.moment(), leg=stage.leg(CAT).id)
    assert own_leg(stage.call, CAT) is None
    assert stage.outcome() == ("active", None)


def test_a_leg_that_is_removed_from_a_call_of_two_ends_it() -> None:
    stage = talking()
    stage.do(ending.removed, stage.moment(), leg=stage.leg(BOB).id)
    assert stage.outcome() == ("ended", "removed")


def test_somebody_is_removed_with_all_devices() -> None:
    stage = talking(CAT)
    stage.join(CAT_TABLET)
    stage.do(ending.removed, stage.moment(), user="cat")
    assert {leg.user for leg in in_legs(stage.call)} == {"ann", "bob"}


def test_who_is_removed_is_rung_no_more_and_has_missed_nothing() -> None:
    stage = group(BOB, CAT)
    stage.ringing(BOB)
    stage.do(ending.removed, stage.moment(), user="bob")
    assert not rings(stage.call, "bob")
    assert stage.states()["bob-phone"] == "left"
    stage.cancel(ANN)
    assert stage.missed == ["cat"]


@pytest.mark.parametrize("user", ["ann", "bob"])
def test_one_of_two_who_is_removed_while_it_rings_ends_the_call(user: str) -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.do(ending.removed, stage.moment(), user=user)
    assert stage.outcome() == ("ended", "removed")
    assert not stage.missed


def test_a_log_in_that_is_over_has_left() -> None:
    stage = talking()
    stage.do(ending.removed, stage.moment(), login=BOB.login)
    assert stage.outcome() == ("ended", "completed")


def test_a_log_in_that_is_over_while_it_rings_answers_nothing() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.ringing(BOB_TABLET)
    stage.do(ending.removed, stage.moment(), login=BOB.login)
    assert stage.states() == {"ann-phone": "connecting", "bob-phone": "left", "bob-tablet": "ringing"}
    assert rings(stage.call, "bob")


def test_the_log_in_of_a_caller_that_is_over_cancels() -> None:
    stage = direct()
    stage.do(ending.removed, stage.moment(), login=ANN.login)
    assert stage.outcome() == ("ended", "cancelled")
    assert stage.missed == ["bob"]


def test_a_lost_leg_is_removed_too() -> None:
    stage = talking(CAT)
    stage.lost(stage.leg(CAT))
    stage.do(ending.removed, stage.moment(), user="cat")
    assert own_leg(stage.call, CAT) is None


def test_who_is_not_there_is_not_removed() -> None:
    stage = talking()
    for name in ("user", "login", "leg"):
        assert stage.do(ending.removed, stage.moment(), **{name: "nobody"}) is stage.call


@pytest.mark.parametrize("removed_first", [True, False])
def test_somebody_is_removed_as_they_accept(removed_first: bool) -> None:
    stage = group(BOB, CAT)
    if removed_first:
        stage.do(ending.removed, stage.moment(), user="bob")
        assert own_leg(stage.call, BOB) is None
    else:
        stage.accept(BOB)
        stage.do(ending.removed, stage.moment(), user="bob")
        assert own_leg(stage.call, BOB) is None
    assert stage.outcome() == ("ringing", None)


def test_a_leg_is_muted_by_another() -> None:
    stage = talking(CAT)
    stage.do(ending.muted, stage.leg(CAT).id, stage.leg(ANN).id, stage.moment())
    assert [leg.muted for leg in stage.call.legs] == [False, False, True]


def test_all_others_are_muted() -> None:
    stage = talking(CAT)
    stage.do(ending.muted, None, stage.leg(ANN).id, stage.moment())
    assert [leg.muted for leg in stage.call.legs] == [False, True, True]


def test_who_is_in_by_no_leg_mutes_all() -> None:
    stage = talking(CAT)
    stage.do(ending.muted, None, None, stage.moment())
    assert all(leg.muted for leg in stage.call.legs)


def test_to_mute_what_is_muted_changes_nothing() -> None:
    stage = talking()
    leg = stage.leg(BOB).id
    stage.do(ending.muted, leg, None, stage.moment())
    assert stage.do(ending.muted, leg, None, stage.moment()) is stage.call


def test_a_leg_tells_of_itself() -> None:
    stage = talking()
    leg = stage.leg(BOB)
    stage.do(legs.altered, leg.id, stage.moment(), camera=True, hand=True)
    stage.do(legs.altered, leg.id, stage.moment(), hand=False)
    now = stage.leg(BOB)
    assert (now.muted, now.camera, now.screen, now.hand) == (False, True, False, False)


def test_to_say_of_oneself_what_is_known_changes_nothing() -> None:
    stage = talking()
    assert stage.do(legs.altered, stage.leg(BOB).id, stage.moment(), muted=False) is stage.call


def test_nothing_is_told_of_a_leg_that_is_not_in() -> None:
    stage = talking(CAT)
    leg = stage.leg(BOB)
    stage.leave(BOB)
    with pytest.raises(NotInCall):
        stage.do(legs.altered, leg.id, stage.moment(), muted=True)


def test_nothing_is_told_of_legs_of_an_ended_call() -> None:
    stage = talking()
    leg = stage.leg(BOB)
    stage.end()
    with pytest.raises(CallOver):
        stage.do(legs.altered, leg.id, stage.moment(), muted=True)
    with pytest.raises(CallOver):
        stage.do(ending.muted, leg.id, None, stage.moment())
