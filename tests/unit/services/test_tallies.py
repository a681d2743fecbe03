"""Counts of answers, as Prometheus reads them."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from services.tallies import Tallies

BOUNDS = (0.001, 0.01, 0.5, 1)


@given(st.lists(st.floats(0, 2) | st.sampled_from(BOUNDS)))
def test_times_are_told_as_the_libraries_own_histogram_tells_them(times: list[float]) -> None:
    mine, theirs = CollectorRegistry(), CollectorRegistry()
    tallies = Tallies(BOUNDS)
    mine.register(tallies)
    histogram = Histogram("parley_operation_seconds", "", ("operation",), registry=theirs, buckets=BOUNDS)
    for seconds in times:
        tallies.add("a.b", "ok", seconds)
        histogram.labels("a.b").observe(seconds)
    told = [line for line in generate_latest(theirs).decode().splitlines() if "_created" not in line and line[0] != "#"]
    lines = generate_latest(mine).decode().splitlines()
    assert [line for line in lines if line.startswith("parley_operation_seconds")] == told


def test_answers_are_counted_by_operation_and_code() -> None:
    registry, tallies = CollectorRegistry(), Tallies(BOUNDS)
    registry.register(tallies)
    for code in ("ok", "ok", "unavailable"):
        tallies.add("a.b", code, 0.0)
    counts = {
        code: registry.get_sample_value("parley_operations_total", {"operation": "a.b", "code": code})
        for code in ("ok", "unavailable", "internal")
    }
    assert counts == {"ok": 2.0, "unavailable": 1.0, "internal": None}
