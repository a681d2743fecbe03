"""Counts of answered operations, kept in plain numbers and shown as Prometheus meters when somebody looks.

prometheus_client takes a lock for each of the three numbers that an answer moves: as much as decoding the request.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector


class _Times:
    """How long the answers of one operation took."""

    __slots__ = ("counts", "total")

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.total = 0.0


class Tallies(Collector):
    """Answers by operation and code, and their times by operation. Belongs to one loop."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = tuple(bounds)
        self._codes: dict[tuple[str, str], int] = {}
        self._times: dict[str, _Times] = {}

    def add(self, operation: str, code: str, seconds: float) -> None:
        """Count an answer."""
        key = (operation, code)
        self._codes[key] = self._codes.get(key, 0) + 1
        times = self._times.get(operation)
        if times is None:
            times = self._times[operation] = _Times(len(self._bounds))
        times.counts[bisect_left(self._bounds, seconds)] += 1
        times.total += seconds

    def collect(self) -> Iterator[Metric]:
        """See ``Collector.collect``."""
        answers = CounterMetricFamily(
            "parley_operations", "Operations answered, by name and code.", labels=("operation", "code")
        )
        for key, count in self._codes.items():
            answers.add_metric(key, count)
        yield answers
        took = HistogramMetricFamily(
            "parley_operation_seconds", "Time from a request to its answer.", labels=("operation",)
        )
        names = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for operation, times in self._times.items():
            buckets = list(zip(names, accumulate(times.counts), strict=True))
            took.add_metric((operation,), buckets, times.total)
        yield took
