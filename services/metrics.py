"""What the application counts about itself; ``/metrics`` shows it."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """The meters of one node, in a registry of their own: several nodes may live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.operations = Counter(
            "parley_operations", "Operations answered, by name and code.", ("operation", "code"), registry=self.registry
        )
        self._answered: dict[tuple[str, str], tuple[Counter, Histogram]] = {}
        self.seconds = Histogram(
            "parley_operation_seconds",
            "Time from a request to its answer.",
            ("operation",),
            registry=self.registry,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
        )
        self.questions = Counter(
            "parley_store_questions",
            "Questions to the store, by verb and table.",
            ("verb", "table"),
            registry=self.registry,
        )
        self.late = Histogram(
            "parley_loop_late_seconds",
            "How late the loop came to what was due: what is waiting may wait as long at each of its steps.",
            registry=self.registry,
            buckets=(0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
        )
        self.sessions = Gauge("parley_sessions", "Live websocket sessions.", registry=self.registry)
        self.streams = Gauge("parley_watched_streams", "Streams with a session on this node.", registry=self.registry)
        self.waiting = Gauge("parley_appends_waiting", "Appends that wait for a write.", registry=self.registry)
        self.closed = Counter(
            "parley_sockets_closed", "Sockets ended, by close code.", ("code",), registry=self.registry
        )
        self.degraded = Gauge(
            "parley_degraded",
            "1 while the broker does not carry and the store is watched instead.",
            registry=self.registry,
        )
        self.gap_reads = Counter(
            "parley_gap_reads", "Reads of the store for what a stream's watchers had missed.", registry=self.registry
        )
        self.clock_ahead = Gauge(
            "parley_clock_ahead_seconds",
            "How far this node's clock is ahead of the one that nodes share; behind where it is negative.",
            registry=self.registry,
        )
        self.nodes = Gauge("parley_nodes", "Nodes that live, as far as this one knows.", registry=self.registry)
        self.deliveries = Counter("parley_deliveries", "Frames pushed to sessions.", registry=self.registry)

    def answered(self, operation: str, code: str, seconds: float) -> None:
        """Count an operation that was answered."""
        meters = self._answered.get((operation, code))
        if meters is None:
            # Finding the child of a meter by its labels costs more than counting with it.
            meters = (self.operations.labels(operation, code), self.seconds.labels(operation))
            self._answered[operation, code] = meters
        meters[0].inc()
        meters[1].observe(seconds)
