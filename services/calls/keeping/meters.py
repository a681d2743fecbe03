"""What is counted about calls; ``/metrics`` shows it."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class Meters:
    """The meters of one node's calls."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Make them in a registry that has none of them yet."""
        self.open = Gauge("parley_calls", "Calls that go on, on all nodes, as this node knows them.", registry=registry)
        self.ended = Counter("parley_calls_ended", "Calls this node ended, by reason.", ("reason",), registry=registry)
        self.taken = Counter("parley_calls_taken_over", "Calls taken over from a node that is gone.", registry=registry)
