"""People are rung and answer, and what else may come between."""

import pytest

from services.calls.machine.looks import own_leg, ringing_leg, rings
from services.calls.machine.terms import RINGING_LEGS, RINGING_LISTED, Who
from services.errors import AnsweredElsewhere, CallFull, CallOver, NotInCall
from tests.unit.services.calls.machine.stage import (
    ANN,
    ANN_TABLET,
    BOB,
    BOB_TABLET,
    BOB_WATCH,
    CAT,
    DAN,
    THERE,
    Stage,
    direct,
    group,
    started,
    talking,
)


def test_a_device_that_rings_is_listed() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.ringing(BOB_TABLET)
    assert stage.states() == {"ann-phone": "connecting", "bob-phone": "ringing", "bob-tablet": "ringing"}


def test_a_device_that_says_twice_that_it_rings_changes_nothing() -> None:
    stage = direct()
    stage.ringing(BOB)
    assert stage.ringing(BOB) is stage.call
    assert stage.call.version == 2


def test_a_device_that_rings_at_another_node_now_is_there() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.ringing(BOB, THERE)
    assert stage.leg(BOB).node == THERE


def test_of_the_devices_that_ring_some_are_listed_and_any_may_answer() -> None:
    stage = direct()
    devices = [Who("bob", "Bob", f"bob-{number}") for number in range(RINGING_LEGS + 2)]
    for device in devices:
        stage.ringing(device)
    assert sum(leg.state == "ringing" for leg in stage.call.legs) == RINGING_LEGS
    stage.accept(devices[-1])
    assert stage.outcome() == ("connecting", None)


def test_of_very_many_people_one_ringing_device_each_is_listed_and_any_may_answer() -> None:
    phones = [Who(f"user{number}", f"User{number}", f"phone{number}") for number in range(RINGING_LISTED + 2)]
    tablets = [Who(phone.user, phone.username, f"tablet of {phone.user}") for phone in phones]
    stage = group(*phones)
    for device in [*phones, *tablets]:
        stage.ringing(device)
    assert [leg.login for leg in stage.call.legs if leg.state == "ringing"] == [phone.login for phone in phones]
    stage.accept(tablets[-1])
    assert stage.leg(tablets[-1]).state == "connecting"
    assert ringing_leg(stage.call, phones[-1]) is None


def test_nobody_rings_who_is_not_rung() -> None:
    stage = direct()
    for who in (DAN, ANN, ANN_TABLET):
        with pytest.raises(NotInCall):
            stage.ringing(who)


def test_a_device_is_told_to_stop_once_its_person_has_answered() -> None:
    stage = talking()
    assert stage.ringing(BOB_TABLET) is stage.call
    assert not rings(stage.call, "bob")


def test_the_first_to_accept_is_in_and_the_others_stop() -> None:
    stage = direct()
    for who in (BOB, BOB_TABLET, BOB_WATCH):
        stage.ringing(who)
    stage.accept(BOB_TABLET)
    assert stage.states() == {
        "ann-phone": "connecting",
        "bob-phone": "answered_elsewhere",
        "bob-tablet": "connecting",
        "bob-watch": "answered_elsewhere",
    }
    assert stage.outcome() == ("connecting", None)


def test_a_device_may_accept_without_having_rung() -> None:
    stage = direct()
    stage.accept(BOB)
    assert stage.outcome() == ("connecting", None)


def test_the_newcomer_has_the_higher_order() -> None:
    stage = talking(CAT)
    assert stage.leg(ANN).order < stage.leg(BOB).order < stage.leg(CAT).order


def test_an_answer_whose_reply_was_lost_may_be_given_again() -> None:
    stage = direct()
    stage.accept(BOB)
    assert stage.accept(BOB) is stage.call


def test_the_first_to_connect_makes_the_call_active() -> None:
    stage = direct()
    stage.accept(BOB)
    stage.clock.now += 3
    stage.connected(BOB)
    assert (stage.call.state, stage.call.active_at) == ("active", stage.now)
    stage.clock.now += 1
    stage.connected(ANN)
    assert stage.call.active_at == stage.now - 1000


def test_to_be_connected_before_an_answer_makes_nothing_active() -> None:
    stage = direct()
    stage.join(ANN_TABLET)
    stage.connected(ANN_TABLET)
    assert stage.outcome() == ("ringing", None)


def test_a_decline_of_one_device_is_that_of_its_person() -> None:
    stage = group(BOB, CAT)
    for who in (BOB, BOB_TABLET, CAT):
        stage.ringing(who)
    stage.decline(BOB)
    assert stage.invited() == {"bob": "declined", "cat": "ringing"}
    assert stage.states()["bob-tablet"] == "declined_elsewhere"
    assert ringing_leg(stage.call, BOB) is None


def test_declined_by_the_only_one_it_is_over() -> None:
    stage = direct()
    stage.decline(BOB)
    assert stage.outcome() == ("ended", "declined")
    assert not stage.missed


def test_declined_by_all_it_is_over() -> None:
    stage = group(BOB, CAT)
    stage.decline(BOB)
    assert stage.outcome() == ("ringing", None)
    stage.decline(CAT)
    assert stage.outcome() == ("ended", "declined")


def test_a_group_goes_on_when_all_declined_but_somebody_is_in() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.decline(CAT)
    assert stage.outcome() == ("connecting", None)


def test_the_starter_gives_up() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.cancel(ANN)
    assert stage.outcome() == ("ended", "cancelled")
    assert stage.states()["bob-phone"] == "left"
    assert stage.missed == ["bob"]


def test_the_starter_gives_up_by_another_device() -> None:
    stage = direct()
    stage.cancel(ANN_TABLET)
    assert stage.outcome() == ("ended", "cancelled")


def test_the_starter_gives_up_while_others_connect() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.cancel(ANN)
    assert stage.outcome() == ("ended", "cancelled")
    assert stage.missed == ["cat"]


def test_to_cancel_an_active_call_is_to_leave_it() -> None:
    stage = talking(CAT)
    stage.cancel(ANN)
    assert stage.outcome() == ("active", None)
    assert own_leg(stage.call, ANN) is None


def test_to_cancel_what_another_has_started_is_to_leave_it() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.cancel(BOB)
    assert stage.outcome() == ("ringing", None)
    assert own_leg(stage.call, ANN) is not None


def test_to_cancel_while_rung_is_to_decline() -> None:
    stage = direct()
    stage.cancel(BOB)
    assert stage.outcome() == ("ended", "declined")


def test_to_leave_while_rung_is_to_decline() -> None:
    stage = direct()
    stage.leave(BOB)
    assert stage.outcome() == ("ended", "declined")


def test_the_starter_who_leaves_while_it_rings_cancels() -> None:
    stage = direct()
    stage.leave(ANN)
    assert stage.outcome() == ("ended", "cancelled")


def test_nobody_answers_who_is_not_rung() -> None:
    stage = direct()
    before = stage.call
    with pytest.raises(NotInCall):
        stage.accept(DAN)
    for answer in (stage.decline, stage.leave, stage.cancel, stage.connected):
        with pytest.raises(NotInCall):
            answer(DAN)
    assert stage.call is before


def test_a_full_call_lets_nobody_in_who_still_is_rung() -> None:
    stage = started([BOB, CAT], direct=False, busy=set(), most=2)
    stage.accept(BOB)
    with pytest.raises(CallFull):
        stage.accept(CAT)
    with pytest.raises(CallFull):
        stage.join(DAN)
    assert rings(stage.call, "cat")
    stage.leave(BOB)
    stage.accept(CAT)
    assert own_leg(stage.call, CAT) is not None


def test_who_answers_after_their_time_comes_in_none_the_less() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.connected(BOB)
    stage.connected(ANN)
    stage.wait(41)
    assert stage.invited()["cat"] == "missed"
    stage.accept(CAT)
    assert stage.invited()["cat"] == "accepted"
    assert stage.missed == ["cat"]


# Races: what comes first holds, whatever the order.


def test_accept_before_cancel_connects_and_is_then_cancelled() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.accept(BOB)
    stage.cancel(ANN)
    assert stage.outcome() == ("ended", "cancelled")
    assert not stage.missed


def test_accept_after_cancel_is_told_that_it_is_over() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.cancel(ANN)
    with pytest.raises(CallOver):
        stage.accept(BOB)
    assert stage.missed == ["bob"]


@pytest.mark.parametrize(("first", "second"), [(BOB, BOB_TABLET), (BOB_TABLET, BOB)])
def test_of_two_devices_that_accept_the_first_wins(first: Who, second: Who) -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.ringing(BOB_TABLET)
    stage.accept(first)
    with pytest.raises(AnsweredElsewhere):
        stage.accept(second, THERE)
    assert own_leg(stage.call, second) is None


def test_decline_after_accept_is_ignored() -> None:
    for stage, device in ((_accepted(), BOB), (_accepted(), BOB_TABLET)):
        assert stage.decline(device) is stage.call
        assert stage.outcome() == ("connecting", None)


def test_accept_after_decline_in_a_direct_room_is_told_that_it_is_over() -> None:
    stage = direct()
    stage.decline(BOB)
    with pytest.raises(CallOver):
        stage.accept(BOB_TABLET)


def test_accept_after_decline_in_a_group_is_told_that_it_was_answered() -> None:
    stage = group(BOB, CAT)
    stage.decline(BOB)
    with pytest.raises(AnsweredElsewhere):
        stage.accept(BOB_TABLET)
    stage.join(BOB_TABLET)
    assert stage.invited()["bob"] == "accepted"


@pytest.mark.parametrize(("declines_first", "reason"), [(True, "declined"), (False, "cancelled")])
def test_of_decline_and_cancel_the_first_is_the_reason(declines_first: bool, reason: str) -> None:
    stage = direct()
    steps = [(stage.decline, BOB), (stage.cancel, ANN)]
    for step, who in steps if declines_first else reversed(steps):
        step(who)
    assert stage.outcome() == ("ended", reason)


@pytest.mark.parametrize("accepts_first", [True, False])
def test_two_people_of_a_group_accept_in_either_order(accepts_first: bool) -> None:
    stage = group(BOB, CAT)
    for who in (BOB, CAT) if accepts_first else (CAT, BOB):
        stage.accept(who)
    assert stage.outcome() == ("connecting", None)
    assert {leg.user for leg in stage.call.legs} == {"ann", "bob", "cat"}


def _accepted() -> Stage:
    stage = direct()
    stage.ringing(BOB)
    stage.ringing(BOB_TABLET)
    stage.accept(BOB)
    return stage
