"""How a call begins."""

import pytest

from services.calls.machine.looks import in_legs, own_leg, rings
from services.calls.machine.terms import RING_S
from tests.unit.services.calls.machine.stage import ANN, ANN_TABLET, BOB, BOB_TABLET, CAT, DAN, direct, group, started


def test_the_starter_waits_while_the_other_is_rung() -> None:
    stage = direct()
    assert stage.outcome() == ("ringing", None)
    assert stage.leg(ANN).state == "connecting"
    assert rings(stage.call, "bob")
    assert stage.call.deadline == stage.now + RING_S * 1000


def test_the_starter_has_the_first_place() -> None:
    stage = direct()
    assert (stage.leg(ANN).order, stage.call.orders, stage.call.version) == (1, 1, 1)


def test_a_call_that_rings_nobody_is_active_at_once() -> None:
    stage = group()
    assert stage.outcome() == ("active", None)
    assert stage.leg(ANN).state == "connected"


def test_a_direct_call_that_rings_nobody_is_not_over_at_once() -> None:
    assert started([], direct=True, busy=set()).outcome() == ("active", None)


def test_the_starter_is_not_rung_by_their_own_call() -> None:
    assert group(ANN, BOB).invited() == {"bob": "ringing"}


def test_somebody_who_is_named_twice_is_rung_once() -> None:
    assert len(group(BOB, CAT, BOB).call.invited) == 2


def test_a_call_to_somebody_in_another_one_is_busy() -> None:
    stage = direct(busy=True)
    assert stage.outcome() == ("ended", "busy")
    assert stage.missed == ["bob"]
    assert not in_legs(stage.call)


def test_a_call_to_some_who_are_in_others_rings_the_rest() -> None:
    stage = started([BOB, CAT], direct=False, busy={"bob"})
    assert stage.outcome() == ("ringing", None)
    assert stage.invited() == {"bob": "busy", "cat": "ringing"}
    assert stage.missed == ["bob"]


def test_a_call_to_people_who_are_all_in_others_is_busy() -> None:
    assert started([BOB, CAT], direct=False, busy={"bob", "cat"}).outcome() == ("ended", "busy")


def test_both_dial_at_once_and_it_is_one_call() -> None:
    """The second one finds the call of the first, and answers it."""
    stage = direct()
    stage.join(BOB)
    assert stage.outcome() == ("connecting", None)
    assert stage.states() == {"ann-phone": "connecting", "bob-phone": "connecting"}
    assert stage.invited() == {"bob": "accepted"}


@pytest.mark.parametrize("first", ["starter", "other"])
def test_both_of_a_ring_dial_again_in_either_order(first: str) -> None:
    """A start in a room that has a call joins it, of whichever device."""
    stage = direct()
    for who in (ANN_TABLET, BOB) if first == "starter" else (BOB, ANN_TABLET):
        stage.join(who)
    assert stage.outcome() == ("connecting", None)
    assert len(in_legs(stage.call)) == 3


def test_another_device_of_the_starter_answers_nothing() -> None:
    stage = direct()
    stage.join(ANN_TABLET)
    assert stage.outcome() == ("ringing", None)
    assert rings(stage.call, "bob")


def test_somebody_who_comes_in_unasked_is_company_enough() -> None:
    stage = group(BOB)
    stage.join(DAN)
    assert stage.outcome() == ("connecting", None)
    assert rings(stage.call, "bob")
    stage.connected(DAN)
    assert stage.outcome() == ("active", None)


def test_who_joins_while_rung_has_answered() -> None:
    stage = group(BOB, CAT)
    stage.ringing(BOB_TABLET)
    stage.join(BOB)
    assert stage.invited()["bob"] == "accepted"
    assert stage.states()["bob-tablet"] == "answered_elsewhere"


def test_a_drop_in_call_goes_on_with_whoever_comes() -> None:
    stage = group()
    stage.join(BOB)
    assert stage.leg(BOB).state == "connecting"
    stage.connected(BOB)
    stage.leave(ANN)
    assert stage.outcome() == ("active", None)
    assert own_leg(stage.call, BOB) is not None


def test_the_last_one_of_a_drop_in_call_ends_it() -> None:
    stage = group()
    stage.join(BOB)
    stage.leave(ANN)
    stage.leave(BOB)
    assert stage.outcome() == ("ended", "completed")


def test_who_is_left_alone_while_connecting_is_connected() -> None:
    """There is nobody left to connect to, and nothing that could fail."""
    stage = group()
    stage.join(BOB)
    stage.leave(ANN)
    stage.wait(60)
    assert stage.leg(BOB).state == "connected"
