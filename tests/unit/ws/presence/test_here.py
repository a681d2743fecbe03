"""The devices of one person on one node, and what is told of them."""

import pytest

from tests.unit.ws.ears import Ear
from ws.presence.here import GRACE_S, SILENT_GRACE_S, Here
from ws.wheel import Wheel


class Node:
    """The people of a node, and what was told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[tuple[str, str | None]] = []
        self.seen: list[int] = []
        self.wheel = Wheel(lambda: self.now)
        self.here = Here(self.wheel, self._changed)

    def _changed(self, user: str, status: str | None, at: int) -> None:
        self.told.append((user, status))
        if status is None:
            self.seen.append(at)

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        self.wheel.turn(self.now)

    def arrive(self, user: str) -> Ear:
        """Bring a device."""
        ear = Ear(user)
        self.here.arrive(ear.session, user)
        return ear


@pytest.fixture
def node() -> Node:
    return Node()


def test_first_device_makes_somebody_online_and_the_last_one_offline(node: Node) -> None:
    phone, desk = node.arrive("ann"), node.arrive("ann")
    node.here.leave(phone.session)
    node.forward(2 * GRACE_S)
    assert node.told == [("ann", "online")]
    node.here.leave(desk.session)
    node.forward(GRACE_S - 1)
    assert node.here.status("ann") == "online"
    node.forward(2)
    assert node.told == [("ann", "online"), ("ann", None)]
    assert node.here.status("ann") is None
    assert len(node.here) == 0
    assert node.seen[0] > 0


def test_who_comes_back_in_time_was_never_gone(node: Node) -> None:
    for _ in range(5):
        device = node.arrive("ann")
        node.forward(10)
        node.here.leave(device.session)
        node.forward(GRACE_S - 1)
    assert node.told == [("ann", "online")]


def test_who_was_silent_for_long_has_had_time_to_come_back(node: Node) -> None:
    device = node.arrive("ann")
    node.here.leave(device.session, silent=True)
    node.forward(SILENT_GRACE_S + 1)
    assert node.told == [("ann", "online"), ("ann", None)]


def test_busy_counts_before_online_and_online_before_away(node: Node) -> None:
    phone, desk = node.arrive("ann"), node.arrive("ann")
    node.here.declare(phone.session, "away")
    assert node.here.status("ann") == "online"
    node.here.declare(desk.session, "away")
    assert node.here.status("ann") == "away"
    node.here.declare(phone.session, "busy")
    assert node.here.status("ann") == "busy"
    node.here.leave(phone.session)
    assert node.here.status("ann") == "away"
    assert node.told == [("ann", "online"), ("ann", "away"), ("ann", "busy"), ("ann", "away")]


def test_status_holds_while_somebody_is_missed(node: Node) -> None:
    device = node.arrive("ann")
    node.here.declare(device.session, "busy")
    node.here.leave(device.session)
    assert node.here.status("ann") == "busy"
    node.arrive("ann")
    assert node.here.status("ann") == "online", "each connection says its own"


def test_what_says_nothing_new_is_not_told(node: Node) -> None:
    device = node.arrive("ann")
    node.here.declare(device.session, "online")
    node.arrive("ann")
    assert node.told == [("ann", "online")]


def test_sessions_that_are_gone_say_nothing_and_go_once(node: Node) -> None:
    stranger = Ear("eve")
    node.here.declare(stranger.session, "busy")
    node.here.leave(stranger.session)
    device = node.arrive("ann")
    node.here.leave(device.session)
    node.here.leave(device.session)
    node.here.declare(device.session, "busy")
    node.forward(2 * GRACE_S)
    assert node.told == [("ann", "online"), ("ann", None)]
    assert node.here.users() == []
