"""What is counted about jobs; ``/metrics`` shows it."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Meters:
    """The meters of one node's jobs."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Make them in a registry that has none of them yet."""
        self.ended = Counter(
            "parley_jobs",
            "Jobs this node has worked on, by kind and how that ended: done, failed, unsure, late, refused, cut_off.",
            ("kind", "ending"),
            registry=registry,
        )
        waiting, dead = "Jobs that wait or are being done, on any node.", "Jobs that were given up, and are kept."
        self.waiting = Gauge("parley_jobs_waiting", waiting, ("kind",), registry=registry)
        self.dead = Gauge("parley_jobs_dead", dead, ("kind",), registry=registry)
        self.oldest = Gauge(
            "parley_jobs_oldest_seconds", "Age of the oldest job that waits.", ("kind",), registry=registry
        )
