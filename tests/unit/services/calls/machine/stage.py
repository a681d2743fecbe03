"""A call under a clock of ours: every step is checked against what holds for all calls."""

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec

import msgspec

from services.calls.machine import begin, ending, legs, ringing, timers
from services.calls.machine.looks import in_legs, missed_between, own_leg
from services.calls.machine.terms import CONNECT_S, GRACE_S, IN, MESH_LEGS, RING_S, Moment, Who
from services.ids import new_id
from store.tables import Call, Leg
from tests.clock import Clock

P = ParamSpec("P")

ANN, ANN_TABLET = (Who("ann", "Ann", f"ann-{device}") for device in ("phone", "tablet"))
BOB, BOB_TABLET, BOB_WATCH = (Who("bob", "Bob", f"bob-{device}") for device in ("phone", "tablet", "watch"))
CAT, CAT_TABLET = (Who("cat", "Cat", f"cat-{device}") for device in ("phone", "tablet"))
DAN = Who("dan", "Dan", "dan-phone")
HERE, THERE = "node-1", "node-2"


class Stage:
    """One call, at the version that was made last. Whoever acts does so through the node ``HERE`` unless said."""

    def __init__(self, call: Call, clock: Clock, most: int = MESH_LEGS) -> None:
        self.call = call
        self.clock = clock
        self.most = most
        self.missed = missed_between(None, call)
        self.ahead_ms: dict[str, int] = {}
        """By how much the clocks of nodes are wrong."""
        check(call)

    @property
    def now(self) -> int:
        return round(self.clock.now * 1000)

    def do(self, transition: Callable[Concatenate[Call, P], Call], *args: P.args, **kwargs: P.kwargs) -> Call:
        """Take a step from the call as it is, and check that it was one."""
        before = msgspec.structs.replace(self.call)
        after = transition(self.call, *args, **kwargs)
        assert self.call == before, "a step changed what it was made from"
        check_step(self.call, after, self.now + 2 * max(map(abs, self.ahead_ms.values()), default=0))
        missed = missed_between(self.call, after)
        assert not set(missed) & set(self.missed), "somebody has missed a call twice"
        self.missed += missed
        self.call = after
        return after

    def moment(self, node: str = HERE) -> Moment:
        return Moment(self.now + self.ahead_ms.get(node, 0), node)

    # Devices.

    def ringing(self, who: Who, node: str = HERE) -> Call:
        return self.do(ringing.ringing, who, self.moment(node))

    def accept(self, who: Who, node: str = HERE) -> Call:
        return self.do(ringing.accept, who, self.moment(node), self.most)

    def decline(self, who: Who, node: str = HERE) -> Call:
        return self.do(ringing.decline, who, self.moment(node))

    def cancel(self, who: Who, node: str = HERE) -> Call:
        return self.do(ringing.cancel, who, self.moment(node))

    def unreachable(self, *users: str, node: str = HERE) -> Call:
        return self.do(ringing.unreachable, users, self.moment(node))

    def join(self, who: Who, node: str = HERE) -> Call:
        return self.do(legs.join, who, self.moment(node), self.most)

    def leave(self, who: Who, node: str = HERE) -> Call:
        return self.do(legs.leave, who, self.moment(node))

    def connected(self, who: Who, node: str = HERE) -> Call:
        return self.do(legs.connected, who, self.moment(node))

    def lost(self, leg: Leg, node: str = HERE) -> Call:
        return self.do(legs.lost, leg.id, self.moment(node))

    def bound(self, leg: Leg, node: str = HERE) -> Call:
        return self.do(legs.bound, leg.id, self.moment(node))

    def end(self, reason: str = "removed", node: str = HERE) -> Call:
        return self.do(ending.end, reason, self.moment(node))

    # Time.

    def wait(self, seconds: float, node: str | None = None) -> Call:
        """Let time pass, and whatever is over by then be over when it is."""
        until = self.clock.now + seconds
        while (due := timers.due_at(self.call)) is not None and due <= until * 1000:
            self.clock.now = max(self.clock.now, due / 1000)
            before = self.call
            assert self.do(timers.due, self.moment(node or self.call.keeper)) is not before
        self.clock.now = until
        return self.call

    # Looking.

    def leg(self, who: Who) -> Leg:
        """Return the leg that a device has in the call, or that rings."""
        found = own_leg(self.call, who) or next(
            (leg for leg in self.call.legs if leg.login == who.login and leg.state == "ringing"), None
        )
        assert found is not None, f"{who.login} has none"
        return found

    def states(self) -> dict[str, str]:
        """Return the states of legs, of each device the latest."""
        return {leg.login: leg.state for leg in self.call.legs}

    def invited(self) -> dict[str, str]:
        return {one.user: one.state for one in self.call.invited}

    def outcome(self) -> tuple[str, str | None]:
        return self.call.state, self.call.reason


def direct(clock: Clock | None = None, *, busy: bool = False) -> Stage:
    """Ann calls Bob."""
    return started([BOB], direct=True, busy={"bob"} if busy else set(), clock=clock)


def group(*rung: Who) -> Stage:
    """Ann calls some people in a room, or nobody of it."""
    return started(rung, direct=False, busy=set())


def started(
    rung: Sequence[Who],
    *,
    direct: bool,
    busy: set[str],
    clock: Clock | None = None,
    most: int = MESH_LEGS,
    media: str = "audio",
) -> Stage:
    clock = clock or Clock()
    call = begin.begin(
        new_id(),
        "room",
        media,
        ANN,
        Moment(round(clock.now * 1000), HERE),
        direct=direct,
        ring=[(who.user, who.username) for who in rung],
        busy=frozenset(busy),
    )
    return Stage(call, clock, most)


def talking(*others: Who) -> Stage:
    """Ann and Bob talk in a direct room; in one of more people if there are others, who are in too."""
    stage = group(BOB, *others) if others else direct()
    for who in (BOB, *others):
        stage.accept(who)
    for who in (ANN, BOB, *others):
        stage.connected(who)
    return stage


def check(call: Call) -> None:
    """Hold a call to what is true of every one."""
    inside = in_legs(call)
    if call.state == "ended":
        assert (call.live, call.open, call.deadline) == (False, None, None)
        assert call.reason is not None
        assert call.ended_at is not None
        assert not inside
        assert all(leg.until is None for leg in call.legs)
        assert all(leg.state != "ringing" for leg in call.legs)
        assert all(one.state != "ringing" and one.until is None for one in call.invited)
        assert timers.due_at(call) is None
        return
    assert (call.live, call.open, call.reason, call.ended_at) == (True, call.room, None, None)
    assert timers.due_at(call) is not None
    assert (call.deadline is None) == (call.state == "active") == (call.active_at is not None)
    _check_people(call, inside)
    for leg in call.legs:
        patient = call.state == "ringing" and leg.state == "connecting"
        assert (leg.until is not None) == (leg.state in {"connecting", "reconnecting"} and not patient), leg
        assert bool(leg.was) == (leg.state == "reconnecting")
        assert (leg.order == 0) == (leg.state in {"ringing", "declined_elsewhere", "answered_elsewhere"}) or (
            leg.state == "left"
        )
    orders = [leg.order for leg in call.legs if leg.order]
    assert len(orders) == len(set(orders))
    assert max(orders, default=0) <= call.orders


def _check_people(call: Call, inside: list[Leg]) -> None:
    logins, users = [leg.login for leg in inside], {leg.user for leg in inside}
    rung = {one.user for one in call.invited if one.state == "ringing"}
    assert inside
    assert len(logins) == len(set(logins))
    assert not rung & users, "somebody is rung who is in"
    assert {leg.user for leg in call.legs if leg.state == "ringing"} <= rung
    assert all((one.until is not None) == (one.state == "ringing") for one in call.invited)
    if call.state == "ringing":
        assert rung
        assert len(users) == 1
        assert call.deadline == max(one.until or 0 for one in call.invited)
    elif call.direct or call.state == "connecting":
        assert len(users) > 1


def check_step(before: Call, after: Call, now: int) -> None:
    """Hold a change to what is true of every one."""
    check(after)
    if after is before:
        return
    assert before.state != "ended", "an ended call has changed"
    assert after != before
    assert after.version == before.version + 1
    fixed = ("id", "room", "direct", "media", "topology", "starter", "starter_name", "started_at", "item")
    assert all(getattr(after, name) == getattr(before, name) for name in fixed)
    assert after.orders >= before.orders
    answered = {one.user for one in before.invited if one.state != "ringing"}
    assert not answered & {one.user for one in after.invited if one.state == "ringing"}, "somebody is rung again"
    over = {leg.id for leg in before.legs if leg.state not in IN and leg.state != "ringing"}
    assert all(leg.id not in over or leg in before.legs for leg in after.legs), "a leg that has ended has changed"
    for until, full_s in _times(after):
        assert until <= now + full_s * 1000, "a time lies further ahead than it may"


def _times(call: Call) -> list[tuple[int, int]]:
    legs = [(leg.until, GRACE_S if leg.was else CONNECT_S) for leg in call.legs]
    others = [(one.until, RING_S) for one in call.invited]
    times = [*legs, *others, (call.deadline, RING_S if call.state == "ringing" else CONNECT_S)]
    return [(until, full_s) for until, full_s in times if until is not None]
