"""What somebody's status is, and what of it is told."""

import itertools

import pytest

from services.presence.statuses import merged, presence_view


def test_nobody_says_anything_of_who_is_offline() -> None:
    assert merged([]) == merged(["offline"]) == "offline"


def test_order_does_not_matter() -> None:
    rank = ("offline", "away", "online", "busy")
    for statuses in itertools.product(rank, repeat=3):
        assert merged(statuses) == max(statuses, key=rank.index)
        assert merged([merged(statuses[:2]), statuses[2]]) == merged(statuses)


def test_word_of_a_newer_node_is_somebody_who_is_there() -> None:
    assert merged(["levitating"]) == merged(["levitating", "away"]) == "online"


@pytest.mark.parametrize("status", ["online", "away", "busy"])
def test_when_somebody_was_seen_is_for_those_who_are_gone(status: str) -> None:
    assert presence_view("ann", status, 1000).last_seen is None
    assert presence_view("ann", "offline", 1000).last_seen == "1970-01-01T00:00:01.000Z"
    assert presence_view("ann", "offline", None).last_seen is None
