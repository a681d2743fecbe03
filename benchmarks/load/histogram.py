"""Histograms of times: buckets that grow with what they hold, so that each time is known to within the same share."""

from math import ceil

BITS = 7
"""Each power of two is cut into 2**BITS buckets: a percentile is too high by less than 1 in 128, never too low."""

SHARES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999}


class Histogram:
    """Times in seconds, kept to the nanosecond up to a quarter of a microsecond and to 1 in 128 above."""

    def __init__(self) -> None:
        self.count = 0
        self.longest = 0.0
        """Exact."""
        self._buckets: dict[int, int] = {}

    def record(self, seconds: float) -> None:
        """Count a time; one below zero counts as none."""
        nanoseconds = max(0, int(seconds * 1e9))
        shift = max(0, nanoseconds.bit_length() - BITS - 1)
        bucket = (shift << BITS) + (nanoseconds >> shift)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self.count += 1
        self.longest = max(self.longest, seconds)

    def merge(self, other: "Histogram") -> None:
        """Count all that another one has counted: the same as if each had been recorded here."""
        for bucket, count in other._buckets.items():  # noqa: SLF001  # one of its own kind
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count
        self.count += other.count
        self.longest = max(self.longest, other.longest)

    def at(self, share: float) -> float:
        """Return the time that this share of all does not exceed, in seconds; 0 where there is none."""
        rank, seen = max(1, ceil(share * self.count)), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return min(_highest(bucket) / 1e9, self.longest)
        return 0.0

    def told(self, name: str) -> dict[str, float]:
        """Return the percentiles and the longest in milliseconds, each with ``name`` in front."""
        told = {f"{name}_{word}": self.at(share) * 1000 for word, share in SHARES.items()}
        return told | {f"{name}_max": self.longest * 1000}


def _highest(bucket: int) -> int:
    """Return the nanoseconds below which all times of a bucket are."""
    shift = max(0, (bucket >> BITS) - 1)
    return (bucket - (shift << BITS) + 1) << shift
