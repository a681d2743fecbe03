"""The guard of the figures: what it takes for fallen. It measures alone, at the end of ``make check``."""

from collections.abc import Sequence

import pytest

from benchmarks.guard import FALL, MEASURED, RUNS, Ratios, judged, read_kept

KEPT = {"delivery": 0.8, "send": 0.1, "hello": 0.5}


class Looks:
    """Looks that find what they are told to find."""

    def __init__(self, *found: Ratios) -> None:
        self.found = list(found)
        self.asked: list[tuple[int, tuple[str, ...]]] = []

    def __call__(self, runs: int, names: Sequence[str]) -> Ratios:
        """Tell of those that are asked about."""
        self.asked.append((runs, tuple(names)))
        found = self.found.pop(0)
        return {name: found[name] for name in names}


def test_a_ratio_is_kept_for_everything_that_is_measured() -> None:
    assert set(read_kept()) == set(MEASURED)


def test_what_costs_half_more_twice_has_fallen() -> None:
    slow = KEPT | {"send": 0.1 * FALL * 0.99}
    looks = Looks(slow, slow)
    assert judged(looks, KEPT) == {"send": pytest.approx(FALL * 0.99)}
    assert looks.asked == [(RUNS[0], ("delivery", "send", "hello")), (RUNS[1], ("send",))]


def test_what_seems_slow_once_is_looked_at_again() -> None:
    looks = Looks(KEPT | {"hello": 0.1}, KEPT)
    assert judged(looks, KEPT) == {}
    assert looks.found == []


def test_what_costs_a_little_more_has_not_fallen() -> None:
    looks = Looks({name: ratio * 0.7 for name, ratio in KEPT.items()})
    assert judged(looks, KEPT) == {}


@pytest.mark.parametrize("name", MEASURED)
def test_slower_server_is_found(name: str) -> None:
    ratios = {one: ratio * (0.6 if one == name else 1.0) for one, ratio in KEPT.items()}
    assert set(judged(Looks(ratios, ratios), KEPT)) == {name}
