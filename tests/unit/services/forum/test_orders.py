"""The numbers that posts and comments stand in order by."""

import pytest

from services.forum.orders import heat, hot, top

YEAR_MS = 365 * 24 * 3600 * 1000
NOW_MS = 1_790_000_000_000
HALF_DAY_MS = 45_000_000
MOST_VOTES = 2**29


def test_top_puts_the_better_score_first_and_then_the_newer() -> None:
    places = [top(-3, 900), top(0, 1), top(0, 2), top(1, 1), top(2, 2**32)]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("score", [-MOST_VOTES, -1, 0, 1, MOST_VOTES])
def test_orders_fit_into_the_whole_numbers_of_both_stores(score: int) -> None:
    late = NOW_MS + 100 * YEAR_MS
    for number in (top(score, 2**33 - 1), hot(score, late, 2**33 - 1)):
        assert -(2**63) <= number < 2**63


@pytest.mark.parametrize(("score", "size"), [(1000, 3.0), (10, 1.0), (1, 0.0), (0, 0.0), (-1, 0.0), (-100, -2.0)])
def test_heat_is_the_logarithm_of_the_score_and_the_time(score: int, size: float) -> None:
    assert heat(score, NOW_MS) == pytest.approx(size + NOW_MS / HALF_DAY_MS)


def test_ten_times_the_score_is_worth_half_a_day() -> None:
    assert heat(10, NOW_MS) == pytest.approx(heat(1, NOW_MS + HALF_DAY_MS))
    assert heat(1000, NOW_MS) == pytest.approx(heat(100, NOW_MS + HALF_DAY_MS))


def test_hot_puts_the_hotter_first_and_tells_equal_ones_apart() -> None:
    places = [
        hot(-50, NOW_MS, 7),
        hot(-5, NOW_MS, 6),
        hot(0, NOW_MS, 4),
        hot(1, NOW_MS, 5),
        hot(2, NOW_MS, 1),
        hot(20, NOW_MS, 2),
        hot(2, NOW_MS + HALF_DAY_MS + 3_600_000, 3),
    ]
    assert places == sorted(places)
    assert len(set(places)) == len(places)


def test_hot_tells_places_apart_that_lie_far_up_in_a_stream() -> None:
    first = 2**30 + 5
    assert hot(3, NOW_MS, first) < hot(3, NOW_MS, first + 1)
