"""What is read off a call."""

import msgspec

from services.calls.machine.looks import in_legs, invitation, leg_in, missed_between, own_leg, ringing_leg, rings
from services.calls.machine.terms import ENDED_LEGS, MESH_LEGS, Who
from services.calls.views import call_view
from tests.unit.services.calls.machine.stage import ANN, BOB, BOB_TABLET, CAT, DAN, direct, group, started, talking


def test_who_rings_is_not_in() -> None:
    stage = direct()
    stage.ringing(BOB)
    assert [leg.user for leg in in_legs(stage.call)] == ["ann"]
    assert own_leg(stage.call, BOB) is None
    assert ringing_leg(stage.call, BOB) is not None
    assert leg_in(stage.call, stage.leg(BOB).id) is None


def test_an_own_leg_is_that_of_the_device() -> None:
    stage = talking(CAT)
    stage.join(BOB_TABLET)
    assert own_leg(stage.call, BOB_TABLET) == stage.leg(BOB_TABLET)
    assert own_leg(stage.call, BOB) != own_leg(stage.call, BOB_TABLET)


def test_a_lost_leg_is_in_still() -> None:
    stage = talking()
    stage.lost(stage.leg(BOB))
    assert own_leg(stage.call, BOB) is not None


def test_nobody_is_in_or_rung_by_a_call_that_has_ended() -> None:
    stage = group(BOB, CAT)
    stage.accept(BOB)
    stage.end()
    assert not in_legs(stage.call)
    assert not rings(stage.call, "cat")


def test_who_was_never_rung_has_no_invitation() -> None:
    assert invitation(direct().call, DAN.user) is None


def test_whoever_declines_has_not_missed_it() -> None:
    stage = group(BOB, CAT)
    before = stage.call
    stage.decline(BOB)
    stage.cancel(ANN)
    assert missed_between(before, stage.call) == ["cat"]


def test_nobody_misses_a_call_by_a_change_that_has_to_do_with_others() -> None:
    stage = group(BOB, CAT)
    stage.unreachable("bob")
    before = stage.call
    stage.decline(CAT)
    assert missed_between(before, stage.call) == []


def test_of_the_legs_that_have_ended_the_latest_are_kept() -> None:
    stage = talking(CAT)
    came: list[str] = []
    for _ in range(ENDED_LEGS + 5):
        stage.join(DAN)
        came.append(stage.leg(DAN).id)
        stage.leave(DAN)
    assert [leg.id for leg in stage.call.legs if leg.state == "left"] == came[-ENDED_LEGS:]
    assert len(in_legs(stage.call)) == 3


def test_a_call_of_six_is_told_in_four_kib_whoever_came_and_went() -> None:
    people = [Who(f"{number:030x}", "W" * 32, f"{number:030x}") for number in range(MESH_LEGS - 1)]
    stage = started(people, direct=False, busy=set(), media="video")
    for who in people:
        stage.ringing(who)
        stage.accept(who)
    for who in (ANN, *people):
        stage.connected(who)
    for _ in range(2 * ENDED_LEGS):
        stage.join(people[-1])
    assert len(in_legs(stage.call)) == MESH_LEGS
    assert len(msgspec.json.encode(call_view(stage.call, leg=stage.leg(ANN).id))) <= 4096
