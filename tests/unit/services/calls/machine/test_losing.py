"""Sockets go, devices come back, nodes die."""

import pytest

from services.calls.machine import legs, timers
from services.calls.machine.looks import own_leg, ringing_leg, rings
from services.calls.machine.terms import CONNECT_S, GRACE_S
from services.errors import AnsweredElsewhere
from store.tables import Call
from tests.unit.services.calls.machine.stage import (
    ANN,
    BOB,
    BOB_TABLET,
    CAT,
    HERE,
    THERE,
    Stage,
    direct,
    group,
    talking,
)


def dies(stage: Stage, *dead: str, node: str = THERE) -> Call:
    """Have nodes die, and another one find it out."""
    return stage.do(timers.taken_over, set(dead or (HERE,)), stage.moment(node))


def test_a_lost_device_keeps_its_place_for_a_while() -> None:
    stage = talking()
    stage.lost(stage.leg(BOB))
    assert stage.leg(BOB).state == "reconnecting"
    stage.wait(GRACE_S - 0.5)
    assert stage.outcome() == ("active", None)
    stage.wait(1)
    assert stage.outcome() == ("ended", "completed")


def test_a_lost_device_that_comes_back_is_what_it_was() -> None:
    stage = talking()
    leg = stage.leg(BOB)
    stage.lost(leg)
    stage.wait(10)
    stage.bound(leg, THERE)
    back = stage.leg(BOB)
    assert (back.id, back.order, back.state, back.node) == (leg.id, leg.order, "connected", THERE)
    stage.wait(60)
    assert stage.outcome() == ("active", None)


def test_a_device_that_was_connecting_has_its_time_again() -> None:
    stage = talking(CAT)
    stage.join(BOB_TABLET)
    leg = stage.leg(BOB_TABLET)
    stage.wait(15)
    stage.lost(leg)
    stage.wait(10)
    stage.bound(leg)
    assert stage.leg(BOB_TABLET).until == stage.now + CONNECT_S * 1000
    assert stage.leg(BOB_TABLET).state == "connecting"


def test_a_device_that_was_connecting_and_comes_back_to_nobody_is_connected() -> None:
    stage = group()
    stage.join(BOB)
    leg = stage.leg(BOB)
    stage.lost(leg)
    stage.leave(ANN)
    stage.bound(leg)
    assert (stage.leg(BOB).state, stage.leg(BOB).until) == ("connected", None)


def test_to_be_lost_twice_gives_no_more_time() -> None:
    stage = talking()
    stage.lost(stage.leg(BOB))
    stage.wait(10)
    assert stage.lost(stage.leg(BOB)) is stage.call


def test_who_tells_of_media_is_back() -> None:
    stage = talking()
    stage.lost(stage.leg(BOB))
    stage.connected(BOB, THERE)
    assert (stage.leg(BOB).state, stage.leg(BOB).node) == ("connected", THERE)


def test_a_socket_that_goes_after_another_took_its_place_loses_nothing() -> None:
    """The old node hears of the end of the old socket when the new one has the leg already."""
    stage = talking()
    leg = stage.leg(BOB)
    stage.bound(leg, THERE)
    assert stage.lost(leg, HERE) is stage.call
    assert stage.leg(BOB).state == "connected"


def test_to_be_bound_where_it_is_changes_nothing() -> None:
    stage = talking()
    assert stage.bound(stage.leg(BOB)) is stage.call


def test_a_ringing_device_that_is_lost_ends_nothing() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.lost(stage.leg(BOB))
    assert stage.outcome() == ("ringing", None)
    assert ringing_leg(stage.call, BOB) is None
    assert rings(stage.call, "bob")


def test_a_ringing_device_that_comes_back_rings_again() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.lost(stage.leg(BOB))
    stage.ringing(BOB, THERE)
    stage.accept(BOB, THERE)
    assert stage.outcome() == ("connecting", None)


def test_a_ringing_device_is_bound_to_another_node() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.bound(stage.leg(BOB), THERE)
    assert stage.leg(BOB).node == THERE


def test_it_rings_on_while_the_caller_is_lost() -> None:
    stage = direct()
    leg = stage.leg(ANN)
    stage.lost(leg)
    stage.wait(10)
    assert stage.outcome() == ("ringing", None)
    stage.bound(leg)
    assert stage.leg(ANN).until is None
    stage.wait(25)
    assert stage.outcome() == ("ringing", None)


def test_a_caller_who_stays_away_has_cancelled() -> None:
    stage = direct()
    stage.lost(stage.leg(ANN))
    stage.wait(16)
    assert stage.outcome() == ("ended", "cancelled")
    assert stage.missed == ["bob"]


def test_a_caller_who_is_lost_may_be_answered_and_come_back() -> None:
    stage = direct()
    leg = stage.leg(ANN)
    stage.lost(leg)
    stage.wait(14)
    stage.accept(BOB)
    stage.bound(leg)
    assert stage.leg(ANN).until == stage.call.deadline
    stage.connected(BOB)
    assert stage.outcome() == ("active", None)


def test_a_caller_who_is_answered_and_stays_away_has_no_media() -> None:
    stage = direct()
    stage.lost(stage.leg(ANN))
    stage.wait(10)
    stage.accept(BOB)
    stage.wait(6)
    assert stage.outcome() == ("ended", "failed_media")


def test_a_device_that_was_away_while_another_answered_never_rings() -> None:
    stage = direct()
    stage.ringing(BOB)
    stage.ringing(BOB_TABLET)
    stage.lost(stage.leg(BOB_TABLET))
    stage.accept(BOB)
    assert not rings(stage.call, "bob")
    assert stage.ringing(BOB_TABLET) is stage.call
    with pytest.raises(AnsweredElsewhere):
        stage.accept(BOB_TABLET)
    stage.wait(5)
    assert ringing_leg(stage.call, BOB_TABLET) is None


def test_who_is_told_of_a_ring_after_its_time_does_not_ring() -> None:
    stage = direct()
    stage.wait(41)
    assert not rings(stage.call, "bob")
    assert stage.ringing(BOB) is stage.call


@pytest.mark.parametrize("comes_first", [True, False])
def test_a_device_comes_back_as_its_time_is_up(comes_first: bool) -> None:
    stage = talking()
    leg = stage.leg(BOB)
    stage.lost(leg)
    stage.clock.now += GRACE_S
    if comes_first:
        stage.bound(leg)
        assert stage.do(timers.due, stage.moment()) is stage.call
        assert stage.outcome() == ("active", None)
    else:
        stage.do(timers.due, stage.moment())
        assert stage.bound(leg) is stage.call
        assert stage.outcome() == ("ended", "completed")


def test_what_a_device_lost_and_found_in_a_moment_leaves_no_trace() -> None:
    stage = talking()
    leg = stage.leg(BOB)
    stage.lost(leg)
    stage.bound(leg)
    assert stage.leg(BOB) == leg


# Nodes.


def test_the_node_of_a_ringing_call_dies_and_another_goes_on() -> None:
    stage = direct()
    stage.ringing(BOB, THERE)
    stage.wait(12)
    dies(stage)
    assert stage.call.keeper == THERE
    assert (stage.leg(ANN).state, stage.leg(BOB).state) == ("reconnecting", "ringing")
    stage.bound(stage.leg(ANN), THERE)
    stage.wait(29)
    assert stage.outcome() == ("ended", "missed")


def test_the_node_of_an_active_call_dies_and_all_come_back_to_another() -> None:
    stage = talking(CAT)
    stage.wait(12)
    dies(stage)
    assert {leg.state for leg in stage.call.legs} == {"reconnecting"}
    for who in (ANN, BOB, CAT):
        stage.bound(stage.leg(who), THERE)
    stage.wait(60)
    assert set(stage.states().values()) == {"connected"}
    assert stage.outcome() == ("active", None)


def test_who_does_not_come_back_from_a_dead_node_is_gone_in_time() -> None:
    stage = talking(CAT)
    for who in (ANN, CAT):
        stage.bound(stage.leg(who), THERE)
    stage.wait(9)
    dies(stage)
    assert stage.leg(BOB).state == "reconnecting"
    stage.wait(GRACE_S - 1)
    assert own_leg(stage.call, BOB) is not None
    stage.wait(2)
    assert own_leg(stage.call, BOB) is None
    assert stage.outcome() == ("active", None)


def test_a_device_that_was_lost_before_its_node_has_no_more_time() -> None:
    stage = talking(CAT)
    stage.lost(stage.leg(BOB))
    until = stage.leg(BOB).until
    stage.clock.now += 9
    dies(stage)
    assert stage.leg(BOB).until == until


def test_a_ring_that_was_over_while_nobody_kept_it_is_missed() -> None:
    stage = direct()
    stage.clock.now += 600
    dies(stage)
    stage.do(timers.due, stage.moment(THERE))
    assert stage.outcome() == ("ended", "missed")


def test_ringing_devices_of_a_dead_node_are_left_and_may_ring_again() -> None:
    stage = direct()
    stage.ringing(BOB)
    dies(stage)
    assert ringing_leg(stage.call, BOB) is None
    stage.ringing(BOB, THERE)
    assert stage.leg(BOB).node == THERE


def test_a_call_is_taken_over_once() -> None:
    stage = talking()
    dies(stage)
    assert dies(stage, HERE, node="node-3") is stage.call
    assert stage.call.keeper == THERE


def test_a_keeper_that_dies_where_no_device_is_has_an_heir() -> None:
    stage = talking()
    for who in (ANN, BOB):
        stage.bound(stage.leg(who), THERE)
    stage.connected(BOB, THERE)
    stage.do(legs.altered, stage.leg(ANN).id, stage.moment(HERE), muted=True)
    assert stage.call.keeper == HERE
    dies(stage)
    assert stage.call.keeper == THERE
    assert set(stage.states().values()) == {"connected"}


def test_only_what_has_to_do_with_the_dead_is_taken_over() -> None:
    stage = talking()
    assert dies(stage, "node-9") is stage.call


def test_a_dead_node_of_devices_is_noticed_though_the_keeper_lives() -> None:
    stage = group(BOB)
    stage.accept(BOB, THERE)
    stage.connected(ANN)
    stage.connected(BOB, THERE)
    stage.lost(stage.leg(ANN))
    stage.bound(stage.leg(ANN))
    dies(stage, THERE, node=HERE)
    assert (stage.leg(ANN).state, stage.leg(BOB).state) == ("connected", "reconnecting")


@pytest.mark.parametrize("node", [HERE, THERE])
def test_an_ended_call_is_neither_lost_nor_found_nor_taken_over(node: str) -> None:
    stage = talking()
    leg = stage.leg(BOB)
    stage.end()
    moment = stage.moment(node)
    assert stage.do(legs.lost, leg.id, moment) is stage.call
    assert stage.do(legs.bound, leg.id, moment) is stage.call
    assert dies(stage) is stage.call
    assert stage.do(timers.due, moment) is stage.call
