"""Histograms against sorted lists."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.load.histogram import BITS, SHARES, Histogram

TIMES = st.lists(st.floats(0, 10_000, allow_nan=False), min_size=1, max_size=200)


def histogram(times: list[float]) -> Histogram:
    made = Histogram()
    for time in times:
        made.record(time)
    return made


@given(TIMES, st.floats(0.0001, 1))
def test_percentile_is_that_of_the_sorted_list_or_too_high_by_less_than_its_precision(
    times: list[float], share: float
) -> None:
    exact = sorted(times)[max(1, ceil(share * len(times))) - 1]
    told = histogram(times).at(share)
    assert exact - 1e-9 <= told <= exact * (1 + 2**-BITS) + 1e-9


@given(TIMES, TIMES)
def test_merged_histograms_are_the_histogram_of_all(first: list[float], second: list[float]) -> None:
    merged = histogram(first)
    merged.merge(histogram(second))
    assert merged.told("t") == histogram(first + second).told("t")
    assert merged.count == len(first) + len(second)


@given(TIMES)
def test_longest_is_exact_and_no_percentile_is_over_it(times: list[float]) -> None:
    told = histogram(times).told("t")
    assert told["t_max"] == max(times) * 1000
    assert all(told[f"t_{word}"] <= told["t_max"] for word in SHARES)


def test_buckets_follow_each_other_without_a_hole() -> None:
    edges = [histogram([nanoseconds / 1e9]).at(1) for nanoseconds in range(5000)]
    assert edges == sorted(edges)


def test_empty_histogram_tells_of_nothing() -> None:
    assert set(Histogram().told("t").values()) == {0.0}


def test_time_before_it_was_due_counts_as_none() -> None:
    assert histogram([-1.0]).at(1) == 0
