"""What the application counts about itself; ``/metrics`` shows it."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.tallies import Tallies

SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
"""Bounds of histograms of times: from what nobody notices to what nobody waits for."""


class Metrics:
    """The meters of one node, in a registry of their own: several nodes may live in one process."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        counter, gauge = partial(Counter, registry=registry), partial(Gauge, registry=registry)
        histogram = partial(Histogram, registry=registry, buckets=SECONDS)
        self._answers = Tallies(SECONDS)
        registry.register(self._answers)
        self.questions = counter("parley_store_questions", "Questions to the store.", ("verb", "table"))
        self.refused = counter(
            "parley_refused_writes",
            "Writes that the store refused, because another node or an earlier try was first at an index.",
            ("index", "table"),
        )
        self.late = histogram(
            "parley_loop_late_seconds",
            "How late the loop came to what was due: what is waiting may wait as long at each of its steps.",
        )
        self.sessions = gauge("parley_sessions", "Live websocket sessions.")
        self.streams = gauge("parley_watched_streams", "Streams with a session on this node, now or lately.")
        self.channels = gauge("parley_subscribed_channels", "Channels of the broker that this node hears.")
        self.tasks = gauge("parley_tasks", "Tasks of the loop: one a socket, some a node, and what is being done.")
        self.waiting = gauge("parley_appends_waiting", "Appends that wait for a write.")
        self.closed = counter("parley_sockets_closed", "Sockets ended, by close code.", ("code",))
        self.degraded = gauge("parley_degraded", "1 while the broker does not carry and the store is watched instead.")
        self.gap_reads = counter("parley_gap_reads", "Reads of the store for what a stream's watchers had missed.")
        self.clock_ahead = gauge(
            "parley_clock_ahead_seconds",
            "How far this node's clock is ahead of the one that nodes share; behind where it is negative.",
        )
        self.nodes = gauge("parley_nodes", "Nodes that live, as far as this one knows.")
        self.unheard = counter(
            "parley_unheard_messages",
            "Messages of the broker that are no node's: forged, damaged, or of another version of the program.",
        )
        self.deliveries = counter("parley_deliveries", "Frames pushed to sessions.")

    def answered(self, operation: str, code: str, seconds: float) -> None:
        """Count an operation that was answered."""
        self._answers.add(operation, code, seconds)
